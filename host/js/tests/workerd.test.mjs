/** The package in a real workerd: a login, and one POST whatever comes of it. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { build } from "esbuild";
import { USER, account, other, withSandbox } from "./world.mjs";

const HERE = new URL(".", import.meta.url).pathname;
const WORKERD = createRequire(import.meta.url).resolve("@cloudflare/workerd-linux-64/bin/workerd");
const processes = [];
let folder;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "workerd-"));
  const wasm = { loader: { ".wasm": "copy" }, assetNames: "engine" };
  await build({
    entryPoints: [join(HERE, "worker.mjs")],
    outdir: folder,
    bundle: true,
    format: "esm",
    conditions: ["workerd"],
    logLevel: "error",
    ...wasm,
  });
});

after(async () => {
  await Promise.all(processes.map((program) => new Promise((resolve) => program.on("close", resolve).kill())));
  rmSync(folder, { recursive: true });
});

/** Starts a workerd with these variables, and returns what asks it. */
async function started(environment) {
  const bindings = Object.entries(environment).map(([name, value]) => `(name = "${name}", text = "${value}")`);
  const config = join(folder, `${processes.length}.capnp`);
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker", esModule = embed "worker.js"), (name = "engine.wasm", wasm = embed "engine.wasm")],
      compatibilityDate = "2025-01-01",
      bindings = [${bindings.join(", ")}],
      globalOutbound = "local")),
    (name = "local", network = (allow = ["local", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`,
  );
  const program = spawn(WORKERD, ["serve", "--control-fd=3", config], { stdio: ["ignore", "inherit", "inherit", "pipe"] });
  processes.push(program);
  const port = await new Promise((resolve, reject) => {
    program.stdio[3].on("data", (data) => resolve(JSON.parse(String(data).split("\n")[0]).port));
    program.on("close", () => reject(new Error("workerd ended")));
  });
  return async (action, given = {}) => {
    const response = await fetch(`http://127.0.0.1:${port}`, { method: "POST", body: JSON.stringify({ action, ...given }) });
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
