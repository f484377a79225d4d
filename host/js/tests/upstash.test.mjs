/** Counters at Upstash. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { GuardFull, GuardUnreachable, Misuse } from "xoxzo-2fa";
import { RedisGuard } from "xoxzo-2fa/guards/redis";
import { UpstashGuard } from "xoxzo-2fa/guards/upstash";
import { suite } from "xoxzo-2fa/testing";
import { LOSSES, upstash } from "./rest.mjs";
import { charge, redis, totals } from "./stores.mjs";
import { failing, printed } from "./world.mjs";

let server, rest;

before(async () => {
  server = await redis();
  rest = await upstash(server);
});
after(async () => {
  rest.end();
  await server.end();
});

test("Upstash passes the suite, and counts with a client of Redis", async () => {
  const store = new UpstashGuard(rest.url, rest.token);
  const { passed } = await suite.vectors(() => store);
  assert.ok(passed > 50);
  await suite.races(store);
  await suite.groups(store);
  await suite.shared(store, new RedisGuard(rest.client));
  await suite.restart(() => new UpstashGuard(rest.url, rest.token));
});

// The official package, `@upstash/redis` 1.39 with `retry: false`, sends a command again after a RST.
for (const [loss, answer] of Object.entries(LOSSES))
  test(`a list is sent once whose answer is lost: ${loss}`, async () => {
    const store = new UpstashGuard(rest.url, rest.token, { timeoutMilliseconds: 1_000 });
    const counter = `lost by ${loss}`;
    assert.deepEqual(await totals(store, charge(counter)), [1]);
    const before = rest.requests;
    rest.odd = answer;
    try {
      await assert.rejects(totals(store, charge(counter)), GuardUnreachable);
    } finally {
      rest.odd = undefined;
    }
    assert.equal(rest.requests - before, 1);
    assert.deepEqual(await totals(store, charge(counter, 0)), [2]);
  });

test("what is wrong with a server is told by its kind, without credentials", async () => {
  const store = new UpstashGuard(rest.url, rest.token);
  const unreachable = (store, message) =>
    assert.rejects(totals(store, charge("a")), (error) => error instanceof GuardUnreachable && message.test(error.message));
  await unreachable(new UpstashGuard(rest.url, "another"), /^auth: the server does not take the credentials$/);
  await unreachable(new UpstashGuard("http://127.0.0.1:1", rest.token), /^connect: no connection$/);
  for (const [answer, message] of [
    ['{"result":"OK"}', /^server: no readable answer$/],
    ['{"result":[1]}', /^server: no readable answer$/],
    ["[]", /^server: it answered 200$/],
    ["<p>", /^server: it answered 200$/],
    ["null", /^server: it answered 200$/],
    ['{"error":"ERR max daily request limit exceeded. Limit: 1, Usage: 2. See https://example.com"}', /^server: ERR$/],
  ]) {
    rest.odd = (response) => response.writeHead(200).end(answer);
    await unreachable(store, message);
  }
  rest.odd = (response) => response.writeHead(400).end('{"error":"OOM command not allowed"}');
  await assert.rejects(totals(store, charge("a")), GuardFull);
  rest.odd = undefined;
  assert.ok(!printed(store).includes(rest.token));
});

test("what cannot be a URL or a token is misuse, and not printed", () => {
  for (const [given, token] of [
    ["http://example.com", "token"],
    ["https://user:secret@example.com", "token"],
    ["example.com", "token"],
    [undefined, "token"],
    ["https://example.com", undefined],
    ["https://example.com", ""],
    ["https://example.com", "secret\r\nx: y"],
  ])
    assert.throws(
      () => new UpstashGuard(given, token),
      (error) => failing(Misuse, "settings")(error) && !/secret/.test(printed(error)),
    );
});
