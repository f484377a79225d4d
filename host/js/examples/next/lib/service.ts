/** The client of the service, and its users. The one user is `ann`, whose password and number come from `ANN_PASSWORD` and `ANN_PHONE`. */

import { randomBytes, scryptSync, timingSafeEqual } from "node:crypto";
import { Settings, TwoFactor, TwoFactorError, explain, type Binding } from "xoxzo-2fa";
import { SqliteGuard } from "xoxzo-2fa/guards/sqlite";

// The language of the pages.
const LANGUAGE = "en";
const SUBJECT = "user-1";
const SALT = randomBytes(16);

let client: TwoFactor | undefined;

/** Returns the client. It is made with the first request: there need be no settings where the pages are built. */
export function twoFactor(): TwoFactor {
  // All processes that serve the pages count in this file.
  client ??= new TwoFactor(Settings.fromEnvironment(), new SqliteGuard(process.env["GUARD_FILE"] ?? "guard/counters"));
  return client;
}

/** Returns the user's id, or undefined. It takes as long for a user that there is not. */
export function authenticated(name: FormDataEntryValue | null, password: FormDataEntryValue | null): string | undefined {
  const right = timingSafeEqual(hashed(text(password)), hashed(required("ANN_PASSWORD")));
  return right && name === "ann" ? SUBJECT : undefined;
}

/** Returns whom a challenge is for, from the service's record. */
export function login(subject: string): Binding {
  return { recipient: required("ANN_PHONE"), subject, purpose: "login" };
}

/** Returns what a user can do about a failure. One of something outside is not the user's fault, and never a way in. */
export function advice(error: unknown): string {
  if (error instanceof TwoFactorError) return explain(error, LANGUAGE).text;
  throw error;
}

export function text(value: FormDataEntryValue | null): string {
  return typeof value === "string" ? value : "";
}

function hashed(password: string): Buffer {
  return scryptSync(password, SALT, 32);
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}
