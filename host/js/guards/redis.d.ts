/** Counters in Redis 6.2 or later, or Valkey, for many machines. */

import type { Charge, Guard, Totals } from "../src/guard.js";

/** A connected client, pool or cluster of `redis` (node-redis) 5 or later. Not one of Sentinel, which sends again what was lost. */
export interface NodeRedisClient {
  readonly sendCommand: unknown;
  readonly withCommandOptions: unknown;
}

/** Bun's own client. */
export interface BunRedisClient {
  readonly send: unknown;
  readonly hmget: unknown;
}

/** A client of `ioredis`, made with `maxRetriesPerRequest: 0`. */
export interface IoredisClient {
  readonly sendCommand: unknown;
  readonly call: unknown;
  readonly defineCommand: unknown;
}

/**
 * A store over a client of your own, which you connect, listen to for errors, and close.
 *
 * One script makes a list in one round trip. In a cluster it makes each run of one group, and the nodes' clocks must agree. A list whose
 * answer was lost is never sent again, so the constructor throws `Misuse` for a client that would.
 *
 * The server must not evict (`maxmemory-policy noeviction`): `check` rejects otherwise, before the first use. What it loses in a crash is
 * lost: use `appendonly yes`. Names are those of every host, so services in other languages can share the counters.
 */
export class RedisGuard implements Guard {
  constructor(
    client: NodeRedisClient | BunRedisClient | IoredisClient,
    options?: {
      /** For an answer, while the client connects too. 2,000 if absent. */
      readonly timeoutMilliseconds?: number;
    },
  );
  readonly scope: "shared";
  add(charges: readonly Charge[]): Promise<Totals>;
  check(): Promise<void>;
}
