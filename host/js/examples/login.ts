/**
 * A login with `node:http`: a password, then a code by SMS, as JSON for a page of your own.
 *
 * `node login.ts`, with Node 22.18 or later. The one user is `ann`, whose password and number come from `ANN_PASSWORD` and `ANN_PHONE`.
 * Users and sessions live in memory here; the rest is as it would be in a service.
 */

import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { MemoryGuard, Refuse, Settings, TwoFactor, TwoFactorError, explain, type Binding } from "xoxzo-2fa";

/** What the server knows of a user. */
interface User {
  readonly id: string;
  readonly phone: string;
  readonly password: Buffer;
}

/** What the server keeps of a login: who knew the password, and the token as long as the code is awaited. Or who is signed in. */
type Session = { readonly pending: User; readonly token: string } | { readonly signedIn: string };

interface Answer {
  readonly status: number;
  readonly body: object;
  readonly session?: string;
}

// The language of the page.
const LANGUAGE = "en";
const LONGEST = 16_384;
const SALT = randomBytes(16);
const USERS = new Map([["ann", { id: "user-1", phone: required("ANN_PHONE"), password: hashed(required("ANN_PASSWORD")) }]]);
const SESSIONS = new Map<string, Session>();
const NOBODY: Answer = { status: 401, body: { code: "session" } };

const twoFactor = new TwoFactor(Settings.fromEnvironment(), new MemoryGuard());

/** Checks the password, and sends the code. */
async function password(given: Record<string, unknown>): Promise<Answer> {
  const user = USERS.get(String(given["name"]));
  // As long for a user that there is not.
  const typed = hashed(String(given["password"]));
  if (user === undefined || !timingSafeEqual(typed, user.password)) return { status: 401, body: { code: "password" } };
  const challenge = await twoFactor.start(login(user));
  const { masked, resendAfterSeconds } = challenge;
  return { status: 200, body: { masked, resendAfterSeconds }, session: begun({ pending: user, token: challenge.token }) };
}

/** Takes the code, and lets the user in. */
async function code(given: Record<string, unknown>, name: string): Promise<Answer> {
  const session = SESSIONS.get(name);
  if (session === undefined || !("token" in session)) return NOBODY;
  const typed = String(given["pin"]).replaceAll(/\s/g, "");
  const acceptance = await twoFactor.verify(session.token, login(session.pending), typed);
  SESSIONS.delete(name);
  return { status: 200, body: { signedIn: acceptance.subject }, session: begun({ signedIn: acceptance.subject }) };
}

/** Says who is signed in. */
function me(name: string): Answer {
  const session = SESSIONS.get(name);
  return session !== undefined && "signedIn" in session ? { status: 200, body: { id: session.signedIn } } : NOBODY;
}

/** Returns whom a challenge is for, from the server's record. */
function login(user: User): Binding {
  return { recipient: user.phone, subject: user.id, purpose: "login" };
}

/** Keeps a session under a new id: one that was known before is worth nothing afterwards. */
function begun(session: Session): string {
  const name = randomBytes(16).toString("base64url");
  SESSIONS.set(name, session);
  return name;
}

function hashed(text: string): Buffer {
  return scryptSync(text, SALT, 32);
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

/** Tells the user what can be done. A failure of something outside is not the user's fault, and never a way in. */
function failed(error: unknown): Answer {
  if (!(error instanceof TwoFactorError)) return { status: 400, body: { code: "request" } };
  const { code, retryAfterSeconds } = error;
  const refused = error instanceof Refuse;
  return { status: refused ? 403 : 503, body: { code: refused ? code : "later", retryAfterSeconds, ...explain(error, LANGUAGE) } };
}

async function answered(request: IncomingMessage): Promise<Answer> {
  const name = /(?:^|; )session=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1] ?? "";
  const route = `${request.method ?? ""} ${request.url ?? ""}`;
  if (route === "GET /me") return me(name);
  // No other site can send this content type without asking.
  if (request.headers["content-type"] !== "application/json") return { status: 415, body: { code: "request" } };
  let text = "";
  for await (const piece of request) {
    text += String(piece);
    if (text.length > LONGEST) return { status: 413, body: { code: "request" } };
  }
  const given = JSON.parse(text) as Record<string, unknown>;
  if (route === "POST /password") return password(given);
  if (route === "POST /code") return code(given, name);
  return { status: 404, body: { code: "request" } };
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, body, session } = await answered(request).catch(failed);
  if (session !== undefined) response.setHeader("set-cookie", `session=${session}; HttpOnly; Secure; SameSite=Strict; Path=/`);
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

// Wrong settings end the program here, and not a login later.
await twoFactor.ready();
const server = createServer((request, response) => void serve(request, response));
server.listen(Number(process.env["PORT"] ?? "8000"), "127.0.0.1", () => {
  console.log(`listening at ${JSON.stringify(server.address())}`);
});
