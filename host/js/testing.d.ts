/**
 * For tests of services that use this package: a Xoxzo in memory, which sends nothing, a clock, settings, and the tests of a guard.
 *
 * ```js
 * import { MemoryGuard, Settings, TwoFactor } from "xoxzo-2fa";
 * import { FakeXoxzo, document } from "xoxzo-2fa/testing";
 *
 * const xoxzo = new FakeXoxzo();
 * const twoFactor = new TwoFactor(new Settings(document()), new MemoryGuard(), { transport: xoxzo });
 * const user = { recipient: "+819012345678", subject: "user-1", purpose: "login" };
 * const challenge = await twoFactor.start(user);
 * const acceptance = await twoFactor.verify(challenge.token, user, xoxzo.pin());
 * ```
 *
 * @module
 */

import type { Guard } from "./src/guard.js";
import type { Channel } from "./src/records.js";
import type { HttpRequest, HttpResponse, Transport } from "./src/transport.js";

/**
 * A fault of each request.
 *
 * `refused`, `unauthorized` and `throttled` are answers with 400, 401 and 429: nothing is sent. `unavailable` is a 503, and `unanswered`
 * no answer in time: the message arrives all the same. With `not-sent` there is no connection.
 */
export type Fault = "refused" | "unauthorized" | "throttled" | "unavailable" | "unanswered" | "not-sent";

/** A message that arrived. */
export interface Message {
  /** The id at Xoxzo. */
  readonly id: string;
  readonly recipient: string;
  readonly channel: Channel;
  /** The text, or the words of a call. For a template, whose text only Xoxzo has, the values of its variables, a line each. */
  readonly text: string;
  /** The first six to ten digits that stand alone. Throws `RangeError` if there are none. */
  readonly pin: string;
}

/** A transport to a Xoxzo in memory. Several clients may share it. */
export class FakeXoxzo implements Transport {
  /** The messages that arrived, the last at the end. */
  messages: Message[];
  /** The requests that came, arrived or not. */
  requests: HttpRequest[];
  /** The state of a message, by its id, where it is not `DELIVERED`. */
  states: Record<string, string>;
  /** The balance of the account. */
  credits: number;
  /** The fault of each request from now on. Undefined if there is none. */
  get fault(): Fault | undefined;
  set fault(fault: Fault | undefined);
  /** Returns the PIN of the last message, or of the last to a number. Throws `RangeError` if there is none. */
  pin(recipient?: string): string;
  send(request: HttpRequest): Promise<HttpResponse>;
}

/** A clock that stands still. */
export class Clock {
  /** @param now Seconds since 1970. */
  constructor(now?: number);
  now: number;
  /** The `dangerClock` of a client and of a `MemoryGuard`. Bound to the clock. */
  readonly seconds: () => number;
  /** Puts the clock ahead. */
  advance(seconds: number): void;
}

/** Returns a settings document for a test, with fresh keys, an account that is none, and the rules of production. */
export function document(changes?: Readonly<Record<string, unknown>>): Record<string, unknown>;

/** Tests that every store must pass. Each rejects with an `Error` that says what is wrong. */
export const suite: {
  /**
   * Makes the lists of charges in `tests/vectors/guard.json`, each at its time, and compares the answers with the right ones. Returns how
   * many vectors passed, and how many could not be tried.
   *
   * @param opened Gives a store for each vector.
   * @param setTime Sets that store's clock to seconds since the beginning of the vector; the store must be new then. If absent, time really
   * passes: all vectors run at once for four seconds, and those that need more are left out. Vectors that set a clock back are left out for
   * a store that does not return `nowSeconds`.
   */
  vectors(opened: () => Guard | Promise<Guard>, setTime?: (seconds: number) => unknown): Promise<{ passed: number; leftOut: number }>;
  /** Tests that nothing is lost or doubled when many charge one counter at once, and that exactly the charges above its limit are refused. */
  races(store: Guard): Promise<void>;
  /** Tests that nothing comes between neighbouring charges of one group: two counters that are charged together are seen equal. */
  groups(store: Guard): Promise<void>;
  /** Tests that two handles of one store count together, as two processes or machines would. */
  shared(one: Guard, other: Guard): Promise<void>;
  /** Tests that counts that were answered outlive the store's end and reopening. A store with `close` is closed each time. */
  restart(opened: () => (Guard & { close?(): unknown }) | Promise<Guard & { close?(): unknown }>): Promise<void>;
};
