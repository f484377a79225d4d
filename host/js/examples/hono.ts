/**
 * Middleware for Hono: routes behind `secondFactor` are for users who typed a password and then a code by SMS.
 *
 * `node hono.ts`, with Node 22.18 or later, `hono` and `@hono/node-server`. The one user is `ann`, whose password and number come from
 * `ANN_PASSWORD` and `ANN_PHONE`. Users and sessions live in memory here; the rest is as it would be in a service.
 */

import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import process from "node:process";
import { serve } from "@hono/node-server";
import { Hono, type Context, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { getCookie, setCookie } from "hono/cookie";
import { HTTPException } from "hono/http-exception";
import { MemoryGuard, Refuse, Settings, TwoFactor, TwoFactorError, explain, type Binding } from "xoxzo-2fa";

/** What the server keeps of a login: the user's id and the token as long as the code is awaited. Or who is signed in. */
type Session = { readonly pending: string; readonly token: string } | { readonly signedIn: string };

/** What middleware hands on. */
interface Env {
  Variables: { subject: string };
}

// The language of the page.
const LANGUAGE = "en";
const SUBJECT = "user-1";
const SALT = randomBytes(16);
const PASSWORD = hashed(required("ANN_PASSWORD"));
const PHONE = required("ANN_PHONE");
const SESSIONS = new Map<string, Session>();

const twoFactor = new TwoFactor(Settings.fromEnvironment(), new MemoryGuard());

/** Lets through who is signed in, and says who that is in `context.var.subject`. */
const secondFactor: MiddlewareHandler<Env> = async (context, next) => {
  const session = SESSIONS.get(id(context));
  if (session === undefined || !("signedIn" in session)) return context.json({ code: "session" }, 401);
  context.set("subject", session.signedIn);
  await next();
  return undefined;
};

/** Lets through what no other site can send without asking, and no long body. */
const fromOwnPage: MiddlewareHandler<Env> = async (context, next) => {
  if (context.req.header("content-type") !== "application/json") return context.json({ code: "request" }, 415);
  return small(context, next);
};
const small = bodyLimit({ maxSize: 16_384, onError: (context) => context.json({ code: "request" }, 413) });

const app = new Hono<Env>();

app.post("/password", fromOwnPage, async (context) => {
  const { name, password } = await context.req.json<Record<string, unknown>>();
  const right = timingSafeEqual(hashed(String(password)), PASSWORD);
  if (name !== "ann" || !right) return context.json({ code: "password" }, 401);
  const challenge = await twoFactor.start(login(SUBJECT));
  const { masked, resendAfterSeconds } = challenge;
  begin(context, { pending: SUBJECT, token: challenge.token });
  return context.json({ masked, resendAfterSeconds });
});

app.post("/code", fromOwnPage, async (context) => {
  const session = SESSIONS.get(id(context));
  if (session === undefined || !("token" in session)) return context.json({ code: "session" }, 401);
  const { pin } = await context.req.json<Record<string, unknown>>();
  const acceptance = await twoFactor.verify(session.token, login(session.pending), String(pin).replaceAll(/\s/g, ""));
  begin(context, { signedIn: acceptance.subject });
  return context.json({ signedIn: acceptance.subject });
});

app.get("/me", secondFactor, (context) => context.json({ id: context.var.subject }));

// Tells the user what can be done. A failure of something outside is not the user's fault, and never a way in.
app.onError((error, context) => {
  if (error instanceof HTTPException) return error.getResponse();
  if (!(error instanceof TwoFactorError)) return context.json({ code: "request" }, 400);
  const { code, retryAfterSeconds } = error;
  const refused = error instanceof Refuse;
  return context.json({ code: refused ? code : "later", retryAfterSeconds, ...explain(error, LANGUAGE) }, refused ? 403 : 503);
});

/** Returns whom a challenge is for, from the server's record. */
function login(subject: string): Binding {
  return { recipient: PHONE, subject, purpose: "login" };
}

/** Keeps a session under a new id: the one before is worth nothing afterwards. */
function begin(context: Context<Env>, session: Session): void {
  SESSIONS.delete(id(context));
  const name = randomBytes(16).toString("base64url");
  SESSIONS.set(name, session);
  setCookie(context, "session", name, { httpOnly: true, secure: true, sameSite: "Strict", path: "/" });
}

function id(context: Context<Env>): string {
  return getCookie(context, "session") ?? "";
}

function hashed(text: string): Buffer {
  return scryptSync(text, SALT, 32);
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

// Wrong settings end the program here, and not a login later.
await twoFactor.ready();
const at = { port: Number(process.env["PORT"] ?? "8000"), hostname: "127.0.0.1" };
serve({ ...at, fetch: app.fetch }, (address) => {
  console.log(`listening at ${JSON.stringify(address)}`);
});
