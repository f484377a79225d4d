/** Counters at Upstash: a server that speaks its REST API before a real Redis. */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { createClient } from "redis";
import { GuardFull, GuardUnreachable, Misuse } from "xoxzo-2fa";
import { RedisGuard } from "xoxzo-2fa/guards/redis";
import { UpstashGuard } from "xoxzo-2fa/guards/upstash";
import { suite } from "xoxzo-2fa/testing";
import { charge, listens, redis, totals } from "./stores.mjs";
import { failing, printed } from "./world.mjs";

const TOKEN = "token-of-the-test";
let server, client, rest, url;
// Does something else than to answer, for the next requests.
let odd;
let requests = 0;

/** Runs the command of a request: its body, or the JSON array of a pipeline, as the API says. */
async function answered(request, response) {
  let body = "";
  for await (const piece of request) body += piece;
  requests += 1;
  if (request.headers.authorization !== `Bearer ${TOKEN}`)
    return response.writeHead(401).end('{"error":"WRONGPASS invalid or missing auth token"}');
  const result = await client.sendCommand(JSON.parse(body).map(String)).catch((error) => error);
  if (odd) return odd(response, result);
  const failed = result instanceof Error;
  return response.writeHead(failed ? 400 : 200).end(JSON.stringify(failed ? { error: result.message } : { result }));
}

before(async () => {
  server = await redis();
  client = createClient({ url: server.url });
  client.on("error", () => {});
  await client.connect();
  rest = createServer((request, response) => void answered(request, response));
  url = `http://127.0.0.1:${await listens(rest)}`;
});
after(async () => {
  rest.close();
  rest.closeAllConnections?.();
  client.destroy();
  await server.end();
});

test("Upstash passes the suite, and counts with a client of Redis", async () => {
  const store = new UpstashGuard(url, TOKEN);
  const { passed } = await suite.vectors(() => store);
  assert.ok(passed > 50);
  await suite.races(store);
  await suite.groups(store);
  await suite.shared(store, new RedisGuard(client));
  await suite.restart(() => new UpstashGuard(url, TOKEN));
});

// The official package, `@upstash/redis` 1.39 with `retry: false`, sends a command again after a RST.
const LOSSES = {
  "a FIN": (response) => response.socket.end(),
  "a RST": (response) => response.socket.resetAndDestroy?.() ?? response.socket.destroy(),
  "half a body": (response) => void response.writeHead(200, { "content-length": 100 }).write('{"result":[1'),
  "a 421": (response) => response.writeHead(421).end(),
  "a redirect": (response) => response.writeHead(307, { location: url }).end(),
  "a 503": (response) => response.writeHead(503).end("<h1>Unavailable</h1>"),
};

for (const [loss, answer] of Object.entries(LOSSES))
  test(`a list is sent once whose answer is lost: ${loss}`, async () => {
    const store = new UpstashGuard(url, TOKEN, { timeoutMilliseconds: 1_000 });
    const counter = `lost by ${loss}`;
    assert.deepEqual(await totals(store, charge(counter)), [1]);
    const before = requests;
    odd = answer;
    try {
      await assert.rejects(totals(store, charge(counter)), GuardUnreachable);
    } finally {
      odd = undefined;
    }
    assert.equal(requests - before, 1);
    assert.deepEqual(await totals(store, charge(counter, 0)), [2]);
  });

test("what is wrong with a server is told by its kind, without credentials", async () => {
  const store = new UpstashGuard(url, TOKEN);
  const unreachable = (store, message) =>
    assert.rejects(totals(store, charge("a")), (error) => error instanceof GuardUnreachable && message.test(error.message));
  await unreachable(new UpstashGuard(url, "another"), /^auth: the server does not take the credentials$/);
  await unreachable(new UpstashGuard("http://127.0.0.1:1", TOKEN), /^connect: no connection$/);
  for (const [answer, message] of [
    ['{"result":"OK"}', /^server: no readable answer$/],
    ['{"result":[1]}', /^server: no readable answer$/],
    ["[]", /^server: it answered 200$/],
    ["<p>", /^server: it answered 200$/],
    ["null", /^server: it answered 200$/],
    ['{"error":"ERR max daily request limit exceeded. Limit: 1, Usage: 2. See https://example.com"}', /^server: ERR$/],
  ]) {
    odd = (response) => response.writeHead(200).end(answer);
    await unreachable(store, message);
  }
  odd = (response) => response.writeHead(400).end('{"error":"OOM command not allowed"}');
  await assert.rejects(totals(store, charge("a")), GuardFull);
  odd = undefined;
  assert.ok(!printed(store).includes(TOKEN));
});

test("what cannot be a URL or a token is misuse, and not printed", () => {
  for (const [given, token] of [
    ["http://example.com", TOKEN],
    ["https://user:secret@example.com", TOKEN],
    ["example.com", TOKEN],
    [undefined, TOKEN],
    [url, undefined],
    [url, ""],
    [url, "secret\r\nx: y"],
  ])
    assert.throws(
      () => new UpstashGuard(given, token),
      (error) => failing(Misuse, "settings")(error) && !/secret/.test(printed(error)),
    );
});
