/** The example for Workers: as wrangler would deploy it, and in a real workerd, with what its `wrangler.toml` names, and with the sandbox. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { folder } from "./stores.mjs";
import { login } from "./story.mjs";
import { bundled, workerd } from "./workerd.mjs";
import { USER, withSandbox } from "./world.mjs";

const at = (name) => new URL(`./worker/${name}`, import.meta.url).pathname;
const CONFIGURATION = readFileSync(at("wrangler.toml"), "utf8");
const VARIABLES = Object.fromEntries([...CONFIGURATION.matchAll(/^([A-Z_0-9]+) = "(.*)"$/gm)].map(([, name, value]) => [name, value]));
const CLASSES = Object.fromEntries(
  [...CONFIGURATION.matchAll(/^name = "(\w+)"\nclass_name = "(\w+)"$/gm)].map(([, name, kind]) => [name, kind]),
);

test("a login through the example for Workers", () =>
  withSandbox(async ({ environment, inbox, pin }) => {
    assert.deepEqual(CLASSES, { COUNTERS: "TwoFactorCounters", SESSIONS: "Sessions" });
    const variables = { ...VARIABLES, ...environment, ANN_PHONE: USER.recipient, ANN_PASSWORD: "correct horse" };
    const worker = await bundled(at("index.ts"));
    const running = await workerd(worker, variables, CLASSES, folder(false));
    try {
      await login(running.url, inbox, pin);
      const body = JSON.stringify({ name: "ann", password: "correct horse" });
      const [again, other] = await Promise.all(
        ["ann", "bob"].map((name) =>
          fetch(`${running.url}/password`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: body.replace("ann", name),
          }),
        ),
      );
      assert.deepEqual([again.status, other.status], [200, 401], "what was accepted has no cooldown any more");
      assert.match((await inbox())[0].body, /Example Shop/);
    } finally {
      await running.end();
    }
  }));

test("wrangler takes the example for Workers, and bundles it with the engine", async () => {
  const [out, home] = [folder(false), folder(false)];
  const wrangler = new URL("./node_modules/wrangler/bin/wrangler.js", import.meta.url).pathname;
  const env = { ...process.env, HOME: home, XDG_CONFIG_HOME: home, WRANGLER_SEND_METRICS: "false", WRANGLER_HIDE_BANNER: "true" };
  const given = [wrangler, "deploy", "--dry-run", "--outdir", out];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, given, { cwd: at("."), env });
  assert.match(stdout, /--dry-run: exiting now/);
  assert.doesNotMatch(stdout + stderr, /warning/i);
  for (const [name, kind] of Object.entries(CLASSES)) assert.match(stdout, new RegExp(`env\\.${name} \\(${kind}\\) +Durable Object`));
  for (const name of Object.keys(VARIABLES)) assert.match(stdout, new RegExp(`env\\.${name} `));
  const [engine, ...more] = readdirSync(out).filter((name) => name.endsWith(".wasm"));
  assert.deepEqual(more, []);
  assert.ok(readFileSync(join(out, engine)).equals(readFileSync(`${process.env.XOXZO_2FA_ROOT}/host/ask/two-factor-ask.wasm`)));
});
