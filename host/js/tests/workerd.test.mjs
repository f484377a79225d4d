/** The package in a real workerd: a login, and one POST whatever comes of it. */

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { bundled, workerd } from "./workerd.mjs";
import { USER, account, other, withSandbox } from "./world.mjs";

const ended = [];
let worker;

before(async () => {
  worker = await bundled(new URL("./worker.mjs", import.meta.url).pathname);
});

after(() => Promise.all(ended.map((end) => end())));

/** Starts a workerd with these variables, and returns what asks it. */
async function started(environment) {
  const { url, end } = await workerd(worker, environment);
  ended.push(end);
  return async (action, given = {}) => {
    const response = await fetch(url, { method: "POST", body: JSON.stringify({ action, ...given }) });
    return response.json();
  };
}

test("a login in a Worker", () =>
  withSandbox(async ({ environment, pin }) => {
    const ask = await started(environment);
    const { token, delivery } = await ask("start", { user: USER });
    assert.equal(delivery, "accepted");
    assert.equal((await ask("verify", { token, user: USER, pin: other(await pin()) })).failure, "wrong-pin");
    assert.deepEqual(await ask("verify", { token, user: USER, pin: await pin() }), { subject: "user-1", expiresInSeconds: 60 });
    assert.equal((await ask("verify", { token, user: USER, pin: await pin() })).failure, "used");
  }));

test("a Worker has neither counters in memory nor files", async () => {
  const ask = await started(account("http://127.0.0.1:1"));
  assert.match((await ask("memory")).detail, /^MemoryGuard: isolates come and go here/);
  assert.match((await ask("file")).detail, /^settings: the file cannot be read/);
  assert.equal((await ask("early")).failure, "settings");
});

const ENDS = {
  "a FIN": (socket) => socket.end(),
  "a RST": (socket) => socket.resetAndDestroy(),
  "a 421": (socket) => socket.end("HTTP/1.1 421 Misdirected Request\r\ncontent-length: 0\r\n\r\n"),
  "a redirect": (socket) => socket.end("HTTP/1.1 307 Temporary Redirect\r\nlocation: /\r\ncontent-length: 0\r\n\r\n"),
};
const TAKEN = 'HTTP/1.1 201 Created\r\ncontent-length: 16\r\n\r\n[{"msgid":"m1"}]';

for (const [end, answer] of Object.entries(ENDS))
  test(`one POST from a Worker, whatever comes of it: ${end} on a connection that was used before`, async (t) => {
    let posts = 0;
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (data) => {
        if (!String(data).startsWith("POST")) return;
        posts += 1;
        if (posts === 2) answer(socket);
        else socket.write(TAKEN);
      });
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => server.close());
    const ask = await started(account(`http://127.0.0.1:${server.address().port}`));
    const start = (number) => ask("start", { user: { ...USER, subject: `user-${number}`, recipient: `+8190${number}2345678` } });
    assert.equal((await start(1)).delivery, "accepted");
    const { delivery, failure } = await start(2);
    assert.equal(delivery ?? failure, /4\d\d/.test(end) ? "provider" : "unknown");
    assert.equal(posts, 2, "one request for each message");
  });
