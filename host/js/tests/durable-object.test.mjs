/** Counters in a Durable Object of a real workerd. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { folder, until } from "./stores.mjs";
import { bundled, workerd } from "./workerd.mjs";

let worker, running;
const disk = folder(false);

async function start() {
  running = await workerd(worker, {}, { COUNTERS: "Counters" }, disk);
}

async function ask(action, given = {}) {
  const response = await fetch(running.url, { method: "POST", body: JSON.stringify({ action, ...given }) });
  return response.json();
}

before(async () => {
  worker = await bundled(new URL("./counters.worker.mjs", import.meta.url).pathname);
  await start();
});
after(() => running.end());

test("a Durable Object passes the suite", async () => {
  assert.deepEqual(await ask("vectors"), { passed: 69, leftOut: 0 });
  assert.deepEqual(await ask("suite"), { passed: true });
});

test("2,000 lists at once reach a limit of 500 exactly", async () => {
  const totals = (await Promise.all(Array.from({ length: 20 }, () => ask("burst", { count: 100, limit: 500 })))).flat();
  const made = totals.filter((total) => total <= 500);
  assert.deepEqual(
    made.toSorted((a, b) => a - b),
    Array.from({ length: 500 }, (_, at) => at + 1),
  );
  assert.deepEqual([...new Set(totals.filter((total) => total > 500))], [501]);
  assert.equal(totals.length, 2_000);
});

for (const [failing, message, made] of [
  ["abort", /^object: Error$/, [0, 1]],
  ["throw", /^object: Error$/, [0]],
  ["hang", /^timeout: no answer in time$/, [1]],
])
  test(`a list is sent once to an object that fails: ${failing}`, async () => {
    const counter = `failing by ${failing}`;
    const lost = await ask("add", { counter, failing });
    assert.deepEqual([lost.name, lost.calls, lost.totals], ["GuardUnreachable", 1, undefined]);
    assert.match(lost.message, message);
    const { totals } = await ask("add", { counter, amount: 0 });
    assert.ok(made.includes(totals[0].total), String(totals[0].total));
    assert.equal((await ask("add", { counter })).totals[0].total, totals[0].total + 1, "the object is there again");
  });

test("no answered list is lost when workerd is killed", async () => {
  let answered = 0;
  for (let round = 1; round <= 3; round++) {
    for (let list = 0; list < 10; list++) answered = (await ask("add", { counter: "kept" })).totals[0].total;
    const last = ask("add", { counter: "kept" }).catch(() => undefined);
    await running.end("SIGKILL");
    const told = (await last)?.totals[0].total;
    await start();
    const { total } = (await ask("add", { counter: "kept", amount: 0 })).totals[0];
    assert.ok(told === undefined ? [answered, answered + 1].includes(total) : total === told, `${answered}, ${told}, ${total}`);
    answered = total;
  }
  assert.ok(answered >= 30);
});

test("a full object refuses, goes on with what it has, and forgets nothing", async () => {
  const { lists, full } = await ask("fill");
  assert.equal(full, "GuardFull");
  assert.ok(lists > 20, String(lists));
  assert.equal((await ask("add", { counter: "0.0", name: "full" })).totals[0].total, 2);
  assert.equal((await ask("add", { counter: "another", name: "full" })).name, "GuardFull");
});

test("an alarm comes, and deletes what has ended in an object that is not in use", async () => {
  const name = "idle";
  // As if an hour ago, so that its alarm comes in a moment.
  const hour = 3_600_000;
  await ask("add", { name, counter: "a", ttl: 1, ago: hour - 200 });
  await until(async () => (await ask("alarms")).alarms > 0);
  assert.equal((await ask("sweep", { name, ahead: 1_000 })).rows, 0);
  await ask("add", { name, counter: "b", ttl: 600 });
  const { rows, alarm } = await ask("sweep", { name, ahead: 700_000 });
  assert.equal(rows, 1, "it has ended, and is kept for as long again");
  assert.ok(alarm > Date.now() + 700_000);
  assert.equal((await ask("sweep", { name, ahead: 1_300_000 })).rows, 1, "as the time of the list before has it");
  assert.equal((await ask("sweep", { name, ahead: 1_400_000 })).rows, 0);
});

test("a Worker has no counters in memory, and the guard needs its binding", async () => {
  assert.match((await ask("memory")).message, /MemoryGuard: isolates come and go here/);
  assert.match((await ask("binding")).message, /^settings: DurableObjectGuard: must get the binding/);
});
