/** Makes each guard from what its users have. It is compiled, not run. */

import { Redis } from "ioredis";
import { createClient, createClientPool, createCluster } from "redis";
import { Settings, TwoFactor, type Guard } from "xoxzo-2fa";
import { RedisGuard } from "xoxzo-2fa/guards/redis";
import { SqliteGuard, type Repaired } from "xoxzo-2fa/guards/sqlite";
import { UpstashGuard } from "xoxzo-2fa/guards/upstash";

const guards: Guard[] = [
  new RedisGuard(createClient()),
  new RedisGuard(createClientPool(), { timeoutMilliseconds: 500 }),
  new RedisGuard(createCluster({ rootNodes: [] })),
  new RedisGuard(new Redis({ maxRetriesPerRequest: 0 })),
  new UpstashGuard("https://example.com", "token"),
  new SqliteGuard("guard", { sizeBytes: 1_000_000 }),
];
export const clients = guards.map((guard) => new TwoFactor(Settings.fromEnvironment(), guard));
export const repaired: Promise<Repaired> = SqliteGuard.repair("guard");
// @ts-expect-error -- a set is no client
new RedisGuard(new Set());
