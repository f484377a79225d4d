/** Clients of the operations. */

import type { Event } from "./event.js";
import type { Guard } from "./guard.js";
import type { Acceptance, Binding, Challenge, Credits, Limits, Report, Sending, Trail, Unlocked } from "./records.js";
import type { Settings } from "./settings.js";
import type { Transport } from "./transport.js";

/** Options of a client. Any other is refused with `Misuse`. */
export interface Options {
  /** Sends requests to Xoxzo. If absent, `node:http` on Node, Bun and Deno, and `fetch` on Workers and edge runtimes. */
  readonly transport?: Transport | undefined;
  /** Takes every event. If absent, events that are `odd` go to `console.warn`. An error that it throws costs nobody a login. */
  readonly audit?: ((event: Event) => unknown) | undefined;
  /** Seconds since 1970-01-01T00:00:00Z. For tests only: with a clock that stands still no challenge expires. */
  readonly dangerClock?: (() => number) | undefined;
  /** Another module of the form of `wit/ASK.md`: its bytes, or a `WebAssembly.Module`. */
  readonly module?: object | undefined;
}

/**
 * SMS two-factor authentication.
 *
 * A client can be made at the top of a module: it reads no clock, draws no randomness and opens nothing before its first use. Wrong
 * settings are therefore found at the first use. Await `ready` where a service starts, to find them there.
 */
export class TwoFactor {
  /** @throws {Misuse} for an unknown option, or arguments of other types. */
  constructor(settings: Settings, guard: Guard, options?: Options);

  /**
   * Prepares the settings and tests the guard, which otherwise the first operation does, and compares the guard's clock with the host's. For the start
   * of a service, and for its health check: each call tests anew. It charges no user, asks Xoxzo nothing and makes no event.
   *
   * Rejects with `Misuse` for wrong settings, and with `Upstream`: `guard` for a guard that is unreachable or fails its self-test, with the reason in
   * `audit.cause`, and `clock` for clocks that are over two minutes apart.
   */
  ready(): Promise<void>;

  /**
   * Makes a PIN, sends it to the binding's recipient, and returns the challenge.
   *
   * Rejects with `Refuse` if a limit is reached or the number is not allowed, `Upstream` if nothing was sent or the guard is unreachable,
   * `Misuse` for a malformed argument. A message that may have been sent is no error: its delivery is `unknown`.
   */
  start(binding: Binding, sending?: Sending): Promise<Challenge>;

  /**
   * Sends the PIN of a challenge once more, or says it in a call. PIN, token, lifetime and guesses stay the same.
   *
   * Call it only when the user asks for it. Rejects as `start` does, and with `Refuse` for a token that is not for this binding, is used or
   * exhausted, or has less than a minute left.
   */
  resend(token: string, binding: Binding, sending?: Sending): Promise<Challenge>;

  /**
   * Checks the PIN that the user typed. Fulfils at most once per challenge, and rejects in every other case.
   *
   * Rejects with `Refuse` for `explain` to show, `Upstream` if the guard is unreachable, when the guess may have been charged, and
   * `Misuse` for a malformed binding. Do not repeat a call whose answer was lost.
   *
   * @param client The end user's IP address. Required if the settings have `failures.per_client`.
   */
  verify(token: string, binding: Binding, pin: string, client?: string): Promise<Acceptance>;

  /**
   * Queries the delivery state of a message at Xoxzo, by the handle of its challenge: at most once in 5 s for each, and for one day.
   *
   * Rejects with `Refuse` for a handle that is invalid, too old or was queried moments ago, `Upstream` if Xoxzo does not say.
   */
  status(handle: string): Promise<Report>;

  /** The settings in effect, defaults filled in, as JSON without secrets. Throws `Misuse` for wrong settings. */
  readonly effectiveSettings: string;

  /** One sentence each on settings that are allowed but unwise. Throws `Misuse` for wrong settings. */
  readonly warnings: readonly string[];

  /**
   * Computes an index of a phone number: 22 characters, the same for the same `guard.key`. With it a service finds out whether a number is
   * already registered, and by whom, without storing the number in the clear.
   *
   * @throws {Misuse} for a malformed recipient.
   */
  numberIndex(recipient: string): string;

  #private;
}

/**
 * A client for operators, which shows and lifts limits. Keep it out of reach of code that serves users.
 *
 * It works beside a running service with the same `guard.key` and the same store. Every call is an event that names the operator.
 */
export class Operator {
  /**
   * @param service A client with the operator's settings and store. With counters in memory, the service's own client.
   * @param name The operator's name.
   */
  constructor(service: TwoFactor, name: string);

  /**
   * Reads every counter that could refuse a user, and charges none.
   *
   * Rejects with `Misuse` for a malformed argument, `Upstream` if the guard is unreachable.
   *
   * @param client An end user's IP address, to read its counters too.
   */
  limits(subject: string, recipient: string, client?: string): Promise<Limits>;

  /**
   * Clears the failures, cooldowns and messages that lock out a user, but no counter of a client, a range or the service.
   *
   * Verify first who asks. Rejects with `Refuse` if nothing is counted, `Misuse` for a malformed argument, `Upstream` if the guard is
   * unreachable.
   */
  unlock(subject: string, recipient: string): Promise<Unlocked>;

  /** Queries the balance of the account at Xoxzo. Rejects with `Upstream` if Xoxzo does not tell it. */
  credits(): Promise<Credits>;

  /**
   * Computes the pseudonyms by which events name a user, so that a support ticket can be matched with logs and metrics.
   *
   * @throws {Misuse} for a malformed subject or recipient.
   */
  trail(subject: string, recipient: string): Trail;

  #private;
}
