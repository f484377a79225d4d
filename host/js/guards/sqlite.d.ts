/** Counters in one SQLite file, for all processes of one machine and all languages. */

import type { Charge, Guard, Totals } from "../src/guard.js";

/** How to open a file. */
export interface SqliteOptions {
  /** How long other processes are waited for. 5,000 if absent. */
  readonly timeoutMilliseconds?: number;
  /** The largest file. Beyond it, new counters are refused with `GuardFull`. 1 GiB, or about five million counters, if absent. */
  readonly sizeBytes?: number;
  /** Takes a file on a network file system, whose locks may not hold between machines: then limits do not hold either. */
  readonly dangerNetworkFile?: boolean;
  /** Seconds since 1970. For tests: one that jumps ahead ends limits. */
  readonly dangerClock?: () => number;
}

/** What a repair found and did. */
export interface Repaired {
  /**
   * How far the file's time was ahead. Windows that are shorter may have ended under the wrong clock. 0: the file's time was right, and
   * nothing was done.
   */
  readonly aheadSeconds: number;
  /** How long the file stays shut. Less than 840: it opens by itself before a repair would open it, and nothing was done. */
  readonly shutSeconds: number;
  /** Counters that are kept, among them those of consecutive failures, which no clock ends. */
  readonly kept: number;
  /** Of these, counters that began under the wrong clock. Their whole life is before them. */
  readonly renewed: number;
}

/**
 * A store in a file, which is made if it is not there, readable by its owner only, as is the folder if that is made too.
 *
 * Every list is on the disk before it is answered. Lists that come at once share a transaction. A thread has the file, so the event loop
 * never waits for it. Any number of processes of one machine use the file at once, in any language. Within one process use no other SQLite
 * on it, such as `better-sqlite3`: closing the file there would give up the guard's locks.
 *
 * Needs Node 22.13 or later, Bun or Deno; the constructor throws `Misuse` elsewhere. `check`, and the first list, reject with `GuardUnfit`
 * for a file that is not a guard's, that others could change, or that is on a network file system.
 */
export class SqliteGuard implements Guard {
  /** @param path Nobody else may write to its folder, and the file belongs to the user of the process (or the user is root). */
  constructor(path: string, options?: SqliteOptions);
  readonly scope: "shared";
  add(charges: readonly Charge[]): Promise<Totals>;
  check(): Promise<void>;
  /** Closes the file, after the lists that came before. The next list opens it again. */
  close(): Promise<void>;
  /**
   * Sets a file right that was used with a clock that was ahead, which has shut it since. The time of this machine must be right.
   *
   * The file stays shut for another 840 s, longer than any challenge lives: a challenge whose use was forgotten under the wrong clock is
   * over before anything is accepted again. Counters that began under the wrong clock have their whole life before them.
   */
  static repair(path: string, options?: SqliteOptions): Promise<Repaired>;
}
