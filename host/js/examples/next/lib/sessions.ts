/** Sessions, in memory here. A service of more than one process keeps them in a database. */

import { randomBytes } from "node:crypto";
import { cookies } from "next/headers";

/** Who knew the password, and the token as long as the code is awaited. Or who is signed in. */
export type Session = { readonly pending: string; readonly token: string; readonly masked: string } | { readonly signedIn: string };

const COOKIE = "session";

// Next loads this file more than once.
const global = globalThis as { sessions?: Map<string, Session> };
const SESSIONS = (global.sessions ??= new Map<string, Session>());

/** Returns the session of the request. */
export async function session(): Promise<Session | undefined> {
  return SESSIONS.get(await id());
}

/** Keeps a session under a new id: the one before is worth nothing afterwards. */
export async function begin(session: Session): Promise<void> {
  SESSIONS.delete(await id());
  const name = randomBytes(16).toString("base64url");
  SESSIONS.set(name, session);
  (await cookies()).set(COOKIE, name, { httpOnly: true, secure: true, sameSite: "strict", path: "/" });
}

export async function end(): Promise<void> {
  SESSIONS.delete(await id());
  (await cookies()).delete(COOKIE);
}

async function id(): Promise<string> {
  return (await cookies()).get(COOKIE)?.value ?? "";
}
