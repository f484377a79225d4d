/** Runs every block of the README and of the types exactly as it is printed, against the sandbox. */

import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { typing } from "./typing.mjs";
import { withSandbox } from "./world.mjs";

const DOCUMENTS = ["README.md", "index.d.ts", "callbacks.d.ts", "testing.d.ts"].map((name) => {
  const text = readFileSync(new URL(`./node_modules/xoxzo-2fa/${name}`, import.meta.url), "utf8");
  return text.replaceAll(/^ \* ?/gm, "");
});
const BLOCKS = [...DOCUMENTS.join("\n").matchAll(/^```js\n(.*?)^```$/gms)].map(([, block]) => block);

/** Runs a program with the runtime that runs this. */
function ran(given, env, typed) {
  return typing(process.execPath, [...(globalThis.Deno ? ["run", "-A"] : []), ...given], { env }, typed);
}

assert.equal(BLOCKS.length, 8);
for (const [number, block] of BLOCKS.entries()) {
  test(`block ${number + 1} of the documents runs`, () =>
    withSandbox(async ({ environment, pin }) => {
      const file = new URL(`./readme-${process.pid}-${number + 1}.mjs`, import.meta.url);
      writeFileSync(file, block);
      try {
        const output = await ran([file.pathname], environment, pin);
        if (number === 0) assert.match(output, /user-1 is logged in/);
        if (block.includes("receive(")) assert.match(output, /^\w{32} is (queued|delivering|delivered)\n$/);
        if (block.includes("console.info")) assert.match(output, /"operation":"start","outcome":"ok"/);
      } finally {
        rmSync(file);
      }
    }));
}

test("the commands make a key and log in", async () => {
  const bin = new URL("./node_modules/xoxzo-2fa/bin.js", import.meta.url).pathname;
  assert.match(await ran([bin, "keygen"], {}), /^x2fk1_[\w-]{48}\n$/);
  const output = await ran([bin, "demo", "--auto"], {});
  assert.match(output, /wrong-pin: [^]* accepted: user-1 is logged in\n {3}used: /);
  await assert.rejects(ran([bin, "other"], {}), /usage: xoxzo-2fa COMMAND/);
});
