/**
 * SMS two-factor authentication through Xoxzo: one WebAssembly engine, embedded.
 *
 * A service starts a challenge, a login or payment that waits for its PIN. The engine makes the PIN, sends it to the user's phone, and
 * returns a small signed token. Later the service passes in the token and what the user typed. The engine returns an acceptance, or the
 * promise is rejected. There is no database: the token carries the challenge, and a guard counts guesses, uses and messages.
 *
 * ```js
 * import { MemoryGuard, Settings, TwoFactor } from "xoxzo-2fa";
 *
 * const twoFactor = new TwoFactor(Settings.fromEnvironment(), new MemoryGuard());
 * const user = { recipient: "+819012345678", subject: "user-1", purpose: "login" };
 * const challenge = await twoFactor.start(user); // an SMS is on its way
 *
 * export async function login(session, pin) {
 *   const acceptance = await twoFactor.verify(challenge.token, user, pin);
 *   session.user = acceptance.subject;
 * }
 * ```
 *
 * @module
 */

export * from "./src/client.js";
export * from "./src/configuration.js";
export * from "./src/errors.js";
export * from "./src/event.js";
export * from "./src/guard.js";
export * from "./src/memory.js";
export * from "./src/records.js";
export * from "./src/settings.js";
export * from "./src/transport.js";
