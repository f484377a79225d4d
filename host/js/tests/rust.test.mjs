/** The command line of Rust and this package on the same counters: what one counts, the other finds. */

import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createClient } from "redis";
import { Settings, TwoFactor } from "xoxzo-2fa";
import { RedisGuard } from "xoxzo-2fa/guards/redis";
import { SqliteGuard } from "xoxzo-2fa/guards/sqlite";
import { document } from "xoxzo-2fa/testing";
import { beside, charge, folder, redis, totals } from "./stores.mjs";
import { USER, account, other, withSandbox } from "./world.mjs";

const PROGRAM = (process.env.XOXZO_2FA_SANDBOX ?? "xoxzo-2fa sandbox").split(" ")[0];

/** A login with the command line of Rust on the same store, which `place` names: what one counts, the other finds. */
async function together(guard, place) {
  await withSandbox(async ({ environment, pin }) => {
    const { XOXZO_API_SID: sid, XOXZO_API_AUTH_TOKEN: auth_token, XOXZO_BASE_URL: base_url } = environment;
    const made = document({ xoxzo: { sid, auth_token, sender: "Example", base_url } });
    const settings = join(folder(), "settings.json");
    writeFileSync(settings, JSON.stringify({ ...made, guard: { ...made.guard, scope: "shared" } }), { mode: 0o600 });
    const rust = (command, typed, ...words) => {
      const given = [command, "--to", USER.recipient, "--subject", USER.subject, "--settings", settings, "--guard", place, "--json"];
      const program = spawn(PROGRAM, [...given, ...words], { stdio: "pipe" });
      let told = "";
      for (const stream of [program.stdout, program.stderr]) stream.on("data", (data) => (told += data));
      program.stdin.end(typed);
      return new Promise((resolve) => program.on("close", () => resolve(JSON.parse(/^\{.*\}$/m.exec(told)[0]))));
    };
    const twoFactor = new TwoFactor(new Settings(made), guard, { audit: () => {} });
    const { token } = await twoFactor.start(USER);
    assert.equal((await rust("start", "")).failure.code, "cooldown");
    const right = await pin();
    const wrong = other(right);
    const left = [];
    for (let round = 0; round < 2; round++) {
      left.push((await twoFactor.verify(token, USER, wrong).catch((error) => error)).guessesLeft);
      left.push((await rust("verify", `${wrong}\n`, "--token", token)).failure.guesses_left);
    }
    assert.deepEqual(left, [4, 3, 2, 1]);
    assert.equal((await twoFactor.verify(token, USER, right)).subject, USER.subject);
    assert.equal((await rust("verify", `${right}\n`, "--token", token)).failure.code, "used");
  });
}

test("in one Redis", async () => {
  const server = await redis();
  const client = await createClient({ url: server.url }).connect();
  await together(new RedisGuard(client), server.url);
  client.destroy();
  await server.end();
});

test("in one SQLite file", async () => {
  const path = join(folder(), "guard");
  const guard = new SqliteGuard(path);
  await together(guard, path);
  await guard.close();
});

test("Rust repairs what JavaScript used, and makes the same file", async () => {
  const path = join(folder(), "guard");
  let ahead = 3_600;
  const store = new SqliteGuard(path, { dangerClock: () => Date.now() / 1000 + ahead });
  await totals(store, charge("a", 1, 9, 600));
  execFileSync(PROGRAM, ["guard", "repair", path]);
  ahead = 0;
  assert.deepEqual(await totals(store, charge("a", 0)), []);
  ahead = 841;
  assert.deepEqual(await totals(store, charge("a", 0)), [1]);
  await store.close();
  const theirs = join(folder(), "guard");
  const words = ["verify", "--token", "none", "--to", USER.recipient, "--subject", USER.subject, "--guard", theirs];
  const { status } = spawnSync(PROGRAM, words, { input: "000000\n", env: { ...process.env, ...account("http://127.0.0.1:1") } });
  assert.equal(status, 1);
  assert.deepEqual(schema(theirs), schema(path));
});

function schema(path) {
  const db = beside(path);
  const names = ["application_id", "user_version", "page_size", "encoding"].map(
    (name) => Object.values(db.prepare(`PRAGMA ${name}`).get())[0],
  );
  const texts = db.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY name").all();
  db.close();
  return [names, texts.map(({ type, name, sql }) => [type, name, sql?.replace(/\s+/g, " ")])];
}
