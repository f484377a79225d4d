/** The example for Workers in a real workerd, with the Durable Objects and variables that its `wrangler.toml` names, and with the sandbox. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
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
