/** Counters in the memory of one process. */

import type { Charge, Guard, Totals } from "./guard.js";

/**
 * A bounded store in memory. It is the floor: nothing of it outlives the process, and neither do its tokens.
 *
 * It counts for one process. Where isolates come and go it would count nothing, so the constructor throws `Misuse` on Workers and on
 * edge runtimes. Do not use it in a cluster of processes or in functions of a cloud either.
 */
export class MemoryGuard implements Guard {
  constructor(options?: {
    /** Counters; a challenge has one until it ends, and a user with failures or messages about six. 1,000,000 if absent. */
    readonly capacity?: number;
    /** Seconds of a clock that never goes back. For tests: one that jumps ahead ends limits. */
    readonly dangerClock?: () => number;
  });
  readonly scope: "process";
  /** Number of counters, some of which may have ended. */
  readonly size: number;
  add(charges: readonly Charge[]): Totals;
}
