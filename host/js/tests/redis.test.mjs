/** Counters in Redis, over each client that can be given: servers that evict, are full, go away or lose answers, and clusters. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Cluster, Redis } from "ioredis";
import { createClient, createClientPool, createCluster, createSentinel } from "redis";
import { GuardFull, GuardUnfit, GuardUnreachable, Misuse } from "xoxzo-2fa";
import { RedisGuard } from "xoxzo-2fa/guards/redis";
import { suite } from "xoxzo-2fa/testing";
import { charge, freePort, redis, relay, totals, until } from "./stores.mjs";
import { failing } from "./world.mjs";

const opened = [];
const kept = (client, end) => {
  opened.push(end);
  client.on?.("error", () => {});
  return client;
};
// For stores whose timeout is not what is tested.
const PATIENT = { timeoutMilliseconds: 60_000 };
const socket = { reconnectStrategy: () => 50 };
const CLIENTS = {
  "node-redis": async (port) => {
    const client = createClient({ url: `redis://127.0.0.1:${port}`, socket, pingInterval: 100 });
    await kept(client, () => client.destroy()).connect();
    return client;
  },
  "node-redis, a pool": async (port) => {
    const pool = createClientPool({ url: `redis://127.0.0.1:${port}`, socket });
    await kept(pool, () => pool.destroy()).connect();
    return pool;
  },
  ioredis: async (port, given) => {
    const client = new Redis(port, { maxRetriesPerRequest: 0, retryStrategy: () => 50, ...given });
    return kept(client, () => client.disconnect());
  },
};
if (globalThis.Bun)
  CLIENTS["Bun's own"] = async (port) => {
    const client = new Bun.RedisClient(`redis://127.0.0.1:${port}`);
    return kept(client, () => client.close());
  };

let server;
before(async () => {
  server = await redis();
});
after(async () => {
  for (const end of opened) end();
  await server.end();
});

/** Adds until the way to the server is there again. */
function reached(store, ...charges) {
  return until(() => totals(store, ...charges).catch((error) => assert.ok(error instanceof GuardUnreachable)));
}

for (const [name, client] of Object.entries(CLIENTS)) {
  test(`${name} passes the suite`, async () => {
    const [store, other] = [new RedisGuard(await client(server.port), PATIENT), new RedisGuard(await client(server.port), PATIENT)];
    await store.check();
    const { passed } = await suite.vectors(() => store);
    assert.ok(passed > 50);
    await suite.races(store);
    await suite.groups(store);
    await suite.shared(store, other);
    await suite.restart(async () => new RedisGuard(await client(server.port), PATIENT));
    assert.deepEqual(await store.add([]), { totals: [], nowSeconds: undefined });
  });

  test(`${name} sends a list once whose answer is lost`, async () => {
    const way = await relay(server.port);
    const store = new RedisGuard(await client(way.port));
    const counter = `${name}.lost`;
    for (let lost = 1; lost <= 3; lost++) {
      way.loses = "ends";
      await assert.rejects(
        totals(store, charge(counter)),
        (error) => error instanceof GuardUnreachable && /^connect: /.test(error.message),
      );
      // What the client still has to send comes before this, on one connection.
      assert.deepEqual(await reached(store, charge(counter, 0)), [lost]);
    }
    way.end();
  });

  test(`${name} sends a list once that has no answer in time`, async () => {
    const way = await relay(server.port);
    const store = new RedisGuard(await client(way.port), { timeoutMilliseconds: 300 });
    const counter = `${name}.late`;
    way.loses = "hangs";
    await assert.rejects(totals(store, charge(counter)), (error) => error instanceof GuardUnreachable && /^timeout: /.test(error.message));
    way.end();
    await assert.rejects(totals(store, charge(counter)), GuardUnreachable);
    assert.deepEqual(await totals(new RedisGuard(await client(server.port), PATIENT), charge(counter, 0)), [1]);
  });

  test(`${name} and a server that ends, comes back, is full, read-only or closed to it`, async () => {
    const first = await redis();
    const store = new RedisGuard(await client(first.port), { timeoutMilliseconds: 1_000 });
    await totals(store, charge("a"));
    await first.end();
    await assert.rejects(totals(store, charge("a")), GuardUnreachable);
    const again = await redis({ port: first.port }, "--maxmemory", "3mb", "--maxmemory-policy", "allkeys-lru");
    assert.deepEqual((await reached(store, charge("b"))).length, 1);
    await assert.rejects(store.check(), (error) => error instanceof GuardUnfit && /allkeys-lru/.test(error.message));
    await again.tell("CONFIG", "SET", "maxmemory-policy", "noeviction");
    await store.check();
    const fill = async () => {
      for (let list = 0; list < 10_000; list++) await store.add(Array.from({ length: 20 }, (_, at) => charge(`${list}.${at}`)));
    };
    await assert.rejects(fill, GuardFull);
    await again.tell("CONFIG", "SET", "maxmemory", "0");
    await again.tell("REPLICAOF", "127.0.0.1", "1");
    await assert.rejects(totals(store, charge("a")), (error) => error instanceof GuardUnreachable && /^readonly: /.test(error.message));
    await again.tell("REPLICAOF", "NO", "ONE");
    await again.tell("SET", "2fa.{odd}.odd", "1.5");
    await assert.rejects(totals(store, charge("odd")), (error) => error instanceof GuardUnreachable && error.message === "server: ERR");
    await again.tell("ACL", "SETUSER", "default", "-eval");
    await assert.rejects(totals(store, charge("a")), (error) => error instanceof GuardUnreachable && /^auth: /.test(error.message));
    await again.end();
  });
}

test("ioredis as it is by default sends a list twice, and is refused", async () => {
  const way = await relay(server.port);
  const client = await CLIENTS.ioredis(way.port, { maxRetriesPerRequest: 20 });
  way.loses = "ends";
  assert.equal(await client.call("EVAL", "return redis.call('INCR', KEYS[1])", "1", "twice"), 2);
  way.end();
  const refusals = [
    [client, /`maxRetriesPerRequest: 0`/],
    [await CLIENTS.ioredis(server.port, { maxRetriesPerRequest: null }), /`maxRetriesPerRequest: 0`/],
    [await CLIENTS.ioredis(server.port, { reconnectOnError: () => 2 }), /`reconnectOnError: null`/],
    [await CLIENTS.ioredis(server.port, { keyPrefix: "shop" }), /`keyPrefix: ""`/],
    [kept(new Cluster([{ port: 1 }], { lazyConnect: true }), () => {}), /use node-redis/],
    [createSentinel({ name: "shop", sentinelRootNodes: [{ host: "127.0.0.1", port: 1 }] }), /Sentinel/],
    [createClient().legacy(), /must be one of/],
    ...[undefined, null, {}, "redis://127.0.0.1", new Map()].map((given) => [given, /must be one of/]),
  ];
  for (const [given, why] of refusals)
    assert.throws(
      () => new RedisGuard(given),
      (error) => failing(Misuse, "settings")(error) && why.test(error.detail),
      String(why),
    );
  assert.throws(() => new RedisGuard(createClient(), { timeout: 1 }), failing(Misuse, "request"));
});

test("names and arguments are those of every host", async () => {
  await server.tell("FLUSHALL");
  const client = createClient({ url: server.url, commandOptions: { typeMapping: { [58]: String } } });
  await kept(client, () => client.destroy()).connect();
  const store = new RedisGuard(client);
  assert.deepEqual(await totals(store, { ...charge("abc"), group: "xyz" }, charge("back"), charge("back", -1)), [1, 1, 0]);
  assert.equal(await server.tell("KEYS", "*"), "2fa.{xyz}.abc", "what comes to 0 is deleted");
  assert.equal(Math.abs((await store.add([charge("abc")])).nowSeconds - Date.now() / 1000) < 60, true);
});

test("an answer that the script cannot give is none", async () => {
  const told = [
    null,
    "OK",
    [],
    [1],
    [1, 1],
    [1, 1, 60],
    [1, 9, 60, 1, 60],
    [1, 1, 60, 1, 60, 1, 60],
    [1, -1, 60, 1, 60],
    Array(5).fill("1"),
    [1, 2 ** 32, 60],
  ];
  for (const answer of told) {
    const client = Object.assign(await CLIENTS["node-redis"](server.port), { sendCommand: async () => answer });
    await assert.rejects(totals(new RedisGuard(client), charge("a", 1, 5), charge("b")), /no readable answer/, JSON.stringify(answer));
  }
});

test("a cluster of node-redis", async () => {
  const nodes = [];
  for (const from of [0, 8192]) {
    const node = await redis("--cluster-enabled", "yes", "--cluster-port", String(await freePort()), "--appendonly", "no");
    await node.tell("CLUSTER", "ADDSLOTSRANGE", String(from), String(from + 8191));
    await node.tell("CLUSTER", "SET-CONFIG-EPOCH", String(from + 1));
    nodes.push(node);
  }
  const bus = (await nodes[0].tell("CONFIG", "GET", "cluster-port")).split("\n").at(-1);
  await nodes[1].tell("CLUSTER", "MEET", "127.0.0.1", String(nodes[0].port), bus);
  for (const node of nodes) await until(async () => /cluster_state:ok[^]*cluster_known_nodes:2/.test(await node.tell("CLUSTER", "INFO")));
  const cluster = createCluster({ rootNodes: nodes.map(({ url }) => ({ url })), defaults: { socket } });
  await kept(cluster, () => cluster.destroy()).connect();
  const store = new RedisGuard(cluster, PATIENT);
  await store.check();
  await suite.vectors(() => store);
  await suite.races(store);
  await suite.groups(store);
  // Groups of both nodes in one list.
  assert.deepEqual(await totals(store, ...Array.from({ length: 20 }, (_, at) => charge(`c.${at}`))), Array(20).fill(1));
  for (const node of nodes) assert.ok(Number(await node.tell("DBSIZE")) > 0);
  assert.deepEqual(await totals(store, charge("first", 9, 1), charge("second")), [9], "a run that is refused is the last");
  await nodes[1].tell("CONFIG", "SET", "maxmemory", "100mb");
  await nodes[1].tell("CONFIG", "SET", "maxmemory-policy", "volatile-lru");
  await assert.rejects(store.check(), /volatile-lru/);
  for (const node of nodes) await node.end();
  await assert.rejects(totals(store, charge("a")), GuardUnreachable);
});
