/** The first minutes of a new user: the README's commands, as they are printed, in an empty folder beside nothing but the packed package. */

import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { test } from "node:test";
import { typing } from "./typing.mjs";
import { withSandbox } from "./world.mjs";

const README = readFileSync(new URL("./node_modules/xoxzo-2fa/README.md", import.meta.url), "utf8");
const [, PROGRAM] = /^```js\n(.*?)^```$/ms.exec(README);
const [, SECTION] = /^## A first PIN\n(.*?)^## /ms.exec(README);
const [INSTALL, SANDBOX, LOGIN] = [...SECTION.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block);

test("the README leads from an empty folder to the first PIN", async (t) => {
  const began = performance.now();
  const folder = mkdtempSync(join(tmpdir(), "xoxzo-2fa-first-"));
  const npm = { npm_config_cache: join(folder, "cache"), npm_config_audit: "false", npm_config_update_notifier: "false" };
  const env = { ...npm, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` };
  const shell = (commands, typed) => typing("bash", ["-ec", commands], { cwd: folder, env }, typed);
  try {
    copyFileSync(new URL("./xoxzo-2fa.tgz", import.meta.url), join(folder, "xoxzo-2fa-0.1.0.tgz"));
    const shown = (output) => /the phone shows: .*?\b([0-9]{6})\b/.exec(output)[1];
    assert.match(await shell(INSTALL, shown), /added 1 package[^]* accepted: user-1 is logged in\n/);
    // Built already where this runs: what the command starts is started without it.
    assert.match(SANDBOX, /^cargo run --manifest-path CHECKOUT\/Cargo\.toml -p xoxzo-2fa-sandbox >account +# .*\n$/);
    await withSandbox(async ({ printed, pin }) => {
      writeFileSync(join(folder, "account"), printed);
      writeFileSync(join(folder, "first.mjs"), PROGRAM);
      assert.match(await shell(LOGIN, pin), /user-1 is logged in\n/);
    });
    t.diagnostic(`${Math.round(performance.now() - began)} ms to the first PIN, without building the sandbox`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
