/** Counters at Upstash from a Worker in a real workerd. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { LOSSES, upstash } from "./rest.mjs";
import { folder, redis } from "./stores.mjs";
import { bundled, workerd } from "./workerd.mjs";

let server, rest, running;

before(async () => {
  server = await redis();
  rest = await upstash(server);
  const worker = await bundled(new URL("./counters.worker.mjs", import.meta.url).pathname);
  running = await workerd(worker, {}, { COUNTERS: "Counters" }, folder());
});
after(async () => {
  await running.end();
  rest.end();
  await server.end();
});

async function ask(counter) {
  const { url, token } = rest;
  const response = await fetch(running.url, { method: "POST", body: JSON.stringify({ action: "upstash", url, token, counter }) });
  return response.json();
}

test("Upstash passes the suite from a Worker", async () => {
  const { passed } = await ask();
  assert.ok(passed > 50);
});

for (const [loss, answer] of Object.entries(LOSSES))
  test(`a list is sent once from a Worker whose answer is lost: ${loss}`, async () => {
    const counter = `lost by ${loss}`;
    assert.equal((await ask(counter)).totals[0].total, 1);
    const before = rest.requests;
    rest.odd = answer;
    assert.equal((await ask(counter)).name, "GuardUnreachable");
    rest.odd = undefined;
    assert.equal(rest.requests - before, 1);
    assert.equal((await ask(counter)).totals[0].total, 3);
  });
