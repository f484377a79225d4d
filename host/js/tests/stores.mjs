/** Servers and programs that tests of stores start for themselves. */

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const load = createRequire(import.meta.url);
const AFTER = [];
process.on("exit", () => AFTER.forEach((end) => end()));

/** Returns a folder that goes when all tests are over, in memory if there is one: what must be on a disk is not for it. */
export function folder(memory = true) {
  const made = mkdtempSync(join(memory && existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "guard-"));
  AFTER.push(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

export function charge(counter, amount = 1, limit = 9, ttlSeconds = 60) {
  return { counter, group: counter, amount, limit, ttlSeconds };
}

export async function totals(store, ...charges) {
  return (await store.add(charges)).totals.map(({ total }) => total);
}

export function listens(server) {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
}

/** A free port below those that systems give out, so that nobody takes it between two starts of a server. */
export async function freePort() {
  for (;;) {
    const port = randomInt(10_240, 32_768);
    const server = createServer();
    const free = await new Promise((resolve) => {
      server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
    });
    if (!free) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}

/** Looks until there is something, and returns it. What takes over a minute on any machine hangs. */
export async function until(look) {
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    const seen = await look();
    if (seen) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail(`what was waited for did not come: ${look}`);
}

/** Starts a Redis server. */
export async function redis(...given) {
  const port = given[0]?.port ?? (await freePort());
  const words = given.filter((word) => typeof word === "string");
  const place = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder()];
  const program = spawn("redis-server", [...place, ...words], { stdio: "ignore" });
  const ended = new Promise((resolve, reject) => program.on("close", resolve).on("error", reject));
  const end = () => {
    program.kill("SIGKILL");
    return ended;
  };
  AFTER.push(() => program.kill("SIGKILL"));
  const tell = async (...command) => (await run("redis-cli", ["-p", String(port), ...command])).stdout.trim();
  const up = () => Promise.race([tell("PING").catch(() => ""), ended.then(() => assert.fail("redis-server ended"))]);
  await until(async () => (await up()) === "PONG");
  return { port, url: `redis://127.0.0.1:${port}`, tell, end };
}

/** Passes everything on to a server. After `loses` is set, the next answer to a script is lost with its connection, or kept for ever. */
export async function relay(port) {
  const state = { loses: undefined, scripts: 0 };
  const sockets = new Set();
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    let lost;
    for (const socket of [client, upstream]) {
      sockets.add(socket.on("error", () => {}));
      socket.on("close", () => [client, upstream].forEach((either) => either.destroy()));
    }
    client.on("data", (data) => {
      if (String(data).includes("EVAL")) {
        state.scripts += 1;
        [lost, state.loses] = [state.loses, undefined];
      }
      upstream.write(data);
    });
    upstream.on("data", (data) => {
      if (lost === "ends") client.destroy();
      else if (lost !== "hangs") client.write(data);
    });
  });
  state.port = await listens(server);
  state.end = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return state;
}

/** Opens a file with the runtime's SQLite, beside the guard. */
export function beside(path) {
  return globalThis.Bun ? new (load("bun:sqlite").Database)(path) : new (load("node:sqlite").DatabaseSync)(path);
}
