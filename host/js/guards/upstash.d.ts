/** Counters in Redis at Upstash, over its REST API. */

import type { Charge, Guard, Totals } from "../src/guard.js";

/**
 * A store that makes each list by one request of the package's own, and never repeats it. `@upstash/redis` would.
 *
 * Leave the database's eviction off, as it is by default: the guard cannot ask for that. The keys and the script are those of `RedisGuard`, so both can share counters.
 */
export class UpstashGuard implements Guard {
  /**
   * @param url `UPSTASH_REDIS_REST_URL`: begins with `https://`, but for this machine.
   * @param token `UPSTASH_REDIS_REST_TOKEN`, one that may write. Never printed.
   */
  constructor(
    url: string,
    token: string,
    options?: {
      /** For the whole exchange, with its connection. 3,000 if absent. */
      readonly timeoutMilliseconds?: number;
    },
  );
  readonly scope: "shared";
  add(charges: readonly Charge[]): Promise<Totals>;
}
