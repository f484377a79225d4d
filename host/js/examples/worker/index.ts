/**
 * A login on Cloudflare Workers: a password, then a code by SMS, as JSON for a page of your own.
 *
 * `wrangler.toml` beside it names two Durable Objects, one for all counters and one for each session, and lists the secrets. The one user
 * is `ann`. Users belong into your own database; the rest is as it would be in a service.
 */

import { DurableObject } from "cloudflare:workers";
import { Refuse, Settings, TwoFactor, TwoFactorError, explain, type Binding } from "xoxzo-2fa";
import { DurableObjectGuard, TwoFactorCounters } from "xoxzo-2fa/guards/durable-object";

export { TwoFactorCounters };

export interface Env {
  readonly COUNTERS: DurableObjectNamespace<TwoFactorCounters>;
  readonly SESSIONS: DurableObjectNamespace<Sessions>;
  readonly ANN_PASSWORD: string;
  readonly ANN_PHONE: string;
  readonly XOXZO_API_SID: string;
  readonly XOXZO_API_AUTH_TOKEN: string;
  readonly XOXZO_2FA_KEY: string;
  readonly XOXZO_2FA_GUARD_KEY: string;
}

/** What the server keeps of a login: the user who knew the password, and the token as long as the code is awaited. Or who is signed in. */
type Session = { readonly pending: string; readonly token: string } | { readonly signedIn: string };

interface Answer {
  readonly status: number;
  readonly body: object;
  readonly session?: string;
}

// The language of the page.
const LANGUAGE = "en";
const LONGEST = 16_384;
const SESSION_MILLISECONDS = 12 * 60 * 60 * 1000;
const USER = "user-1";
const NOBODY: Answer = { status: 401, body: { code: "session" } };

/** One session. An object that nobody began holds nothing. */
export class Sessions extends DurableObject<Env> {
  async begin(session: Session): Promise<void> {
    await this.ctx.storage.put("session", session);
    await this.ctx.storage.setAlarm(Date.now() + SESSION_MILLISECONDS);
  }

  async read(): Promise<Session | undefined> {
    return this.ctx.storage.get<Session>("session");
  }

  async end(): Promise<void> {
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }

  override async alarm(): Promise<void> {
    await this.end();
  }
}

// Of this isolate, made with its first request: the secrets come with that.
let client: TwoFactor | undefined;

function twoFactor(env: Env): TwoFactor {
  client ??= new TwoFactor(Settings.fromEnvironment(env), new DurableObjectGuard(env.COUNTERS));
  return client;
}

/** Checks the password, and sends the code. */
async function password(given: Record<string, unknown>, env: Env, address: string | undefined): Promise<Answer> {
  const right = await same(String(given["password"]), env.ANN_PASSWORD);
  if (given["name"] !== "ann" || !right) return { status: 401, body: { code: "password" } };
  const challenge = await twoFactor(env).start(login(USER, env), { client: address });
  const { masked, resendAfterSeconds } = challenge;
  return { status: 200, body: { masked, resendAfterSeconds }, session: await begun({ pending: USER, token: challenge.token }, env) };
}

/** Takes the code, and lets the user in. */
async function code(given: Record<string, unknown>, env: Env, address: string | undefined, name: string): Promise<Answer> {
  const session = await kept(name, env).read();
  if (session === undefined || !("token" in session)) return NOBODY;
  const typed = String(given["pin"]).replaceAll(/\s/g, "");
  const acceptance = await twoFactor(env).verify(session.token, login(session.pending, env), typed, address);
  await kept(name, env).end();
  return { status: 200, body: { signedIn: acceptance.subject }, session: await begun({ signedIn: acceptance.subject }, env) };
}

/** Says who is signed in. */
async function me(name: string, env: Env): Promise<Answer> {
  const session = await kept(name, env).read();
  return session !== undefined && "signedIn" in session ? { status: 200, body: { id: session.signedIn } } : NOBODY;
}

/** Returns whom a challenge is for, from the server's record. */
function login(subject: string, env: Env): Binding {
  return { recipient: env.ANN_PHONE, subject, purpose: "login" };
}

function kept(name: string, env: Env): DurableObjectStub<Sessions> {
  return env.SESSIONS.get(env.SESSIONS.idFromName(name));
}

/** Keeps a session under a new id: one that was known before is worth nothing afterwards. */
async function begun(session: Session, env: Env): Promise<string> {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const name = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  await kept(name, env).begin(session);
  return name;
}

/** Compares texts in a time that tells neither where they differ nor how long they are. */
async function same(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map((text) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))));
  return first !== undefined && second !== undefined && crypto.subtle.timingSafeEqual(first, second);
}

/** Tells the user what can be done. A failure of something outside is not the user's fault, and never a way in. */
function failed(error: unknown): Answer {
  if (!(error instanceof TwoFactorError)) return { status: 400, body: { code: "request" } };
  const { code, retryAfterSeconds } = error;
  const refused = error instanceof Refuse;
  return { status: refused ? 403 : 503, body: { code: refused ? code : "later", retryAfterSeconds, ...explain(error, LANGUAGE) } };
}

async function answered(request: Request, env: Env): Promise<Answer> {
  const name = /(?:^|; )session=([\da-f]{32})(?:;|$)/.exec(request.headers.get("cookie") ?? "")?.[1] ?? "";
  const route = `${request.method} ${new URL(request.url).pathname}`;
  if (route === "GET /me") return name === "" ? NOBODY : me(name, env);
  // No other site can send this content type without asking.
  if (request.headers.get("content-type") !== "application/json") return { status: 415, body: { code: "request" } };
  // Browsers say how long a body is that a page sends.
  if (Number(request.headers.get("content-length") ?? LONGEST + 1) > LONGEST) return { status: 413, body: { code: "request" } };
  const given = await request.json<Record<string, unknown>>();
  const address = request.headers.get("cf-connecting-ip") ?? undefined;
  if (route === "POST /password") return password(given, env, address);
  if (route === "POST /code") return name === "" ? NOBODY : code(given, env, address, name);
  return { status: 404, body: { code: "request" } };
}

export default {
  async fetch(request, env) {
    const { status, body, session } = await answered(request, env).catch(failed);
    const headers = new Headers({ "content-type": "application/json" });
    if (session !== undefined) headers.set("set-cookie", `session=${session}; HttpOnly; Secure; SameSite=Strict; Path=/`);
    return new Response(JSON.stringify(body), { status, headers });
  },
} satisfies ExportedHandler<Env>;
