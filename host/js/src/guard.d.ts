/** The guard. */

/** Who shares the counters of a guard: one process, with which they and the tokens end, or all that use one store. */
export type Scope = "process" | "shared";

/** One change of one counter. */
export interface Charge {
  /** Name of the counter: 22 characters of base64url, a keyed hash. */
  readonly counter: string;
  /** Name of its group, likewise. A counter is always in the same group. */
  readonly group: string;
  /** Added to the counter. Negative: given back. Zero: only looked at. */
  readonly amount: number;
  /** The highest total that this charge may lead to. */
  readonly limit: number;
  /** Life of the counter in seconds, from its creation. */
  readonly ttlSeconds: number;
}

/** A counter after a charge. */
export interface Total {
  /** The total that the charge led to or, if its limit refused it, would have led to. */
  readonly total: number;
  /** Seconds until the counter ends, rounded up; for an absent counter, the charge's own life. */
  readonly endsInSeconds: number;
}

/** A guard's answer to a list of charges. */
export interface Totals {
  /** The counters in the order of the charges, up to the first that was refused. */
  readonly totals: readonly Total[];
  /**
   * The store's time in seconds since 1970-01-01T00:00:00Z, by which its counters end. Absent if nobody can set the clock that it measures
   * by. The engine compares it with the host's clock, and fails with `clock` if they are more than 120 s apart.
   */
  readonly nowSeconds?: number | undefined;
}

/**
 * A store of counters. `xoxzo-2fa/testing` has tests for one of your own.
 *
 * `add` makes the charges in their order and stops after the first that its limit refuses. A counter that is absent, or whose life is over,
 * stands at 0 and would live `ttlSeconds`. `applied` computes the new total. If the limit refuses, the counter stays as it was, the
 * answer's last entry is that new total, and no later charge is made. An existing counter keeps its end. A counter that comes to 0 is
 * deleted, and a charge that is not positive creates none.
 *
 * `runs` of charges are made as one each: nothing comes between their charges. A list whose answer is lost must not be made again. A store
 * whose time is a wall clock returns it as `nowSeconds`; if it made a list more than 120 s after its present time, it makes no charge and
 * returns no totals and that list's time. A full store refuses without looking through all counters, and ended counters go a few with each
 * list. It throws, or rejects with, a `GuardFull`, `GuardUnreachable` or `GuardUnfit`. Any other error counts as unreachable.
 */
export interface Guard {
  readonly scope: Scope;
  /** Makes the charges. */
  add(charges: readonly Charge[]): Totals | Promise<Totals>;
  /** Checks the store once before its first use, beside the self-test that every guard gets. Rejects with a `GuardUnfit`. */
  check?(): void | Promise<void>;
}

/**
 * A guard gave no totals. The operation is refused.
 *
 * The message is a cause for a log: it begins with the kind of fault, such as `connect:` or `busy:`, and holds no URL and no password.
 */
export class GuardError extends Error {
  constructor(message: string);
  readonly kind: "full" | "unreachable" | "unfit";
}

/** There is no room for a new counter, and no live counter may be forgotten for it. */
export class GuardFull extends GuardError {
  constructor(message?: string);
  readonly kind: "full";
}

/** There is no answer. Whether the charges were made is not known. */
export class GuardUnreachable extends GuardError {
  readonly kind: "unreachable";
}

/** The store gives wrong totals, or may lose counters. */
export class GuardUnfit extends GuardError {
  readonly kind: "unfit";
}

/** Cuts a list into its runs: neighbouring charges of one group, which a store makes as one. */
export function runs(charges: readonly Charge[]): Charge[][];

/** Returns the total that a charge makes of a total, and whether its limit refuses that. */
export function applied(charge: Charge, total: number): { total: number; refused: boolean };
