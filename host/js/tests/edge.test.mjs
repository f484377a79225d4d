/** The package in an edge runtime: compiling is forbidden there, and the engine is a module of another realm. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { EdgeVM } from "@edge-runtime/vm";
import { build } from "esbuild";
import { USER, other, withSandbox } from "./world.mjs";

const HERE = new URL(".", import.meta.url);
const ENGINE = readFileSync(new URL("node_modules/xoxzo-2fa/data/two-factor-ask.wasm", HERE));

/** Gives `x.wasm?module` as such runtimes do: compiled before, and from outside. */
const wasm = {
  name: "wasm",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.wasm\?module$/ }, ({ path }) => ({ path, namespace: "wasm" }));
    onLoad({ filter: /.*/, namespace: "wasm" }, () => ({ contents: "export default ENGINE" }));
  },
};

test("a login in an edge runtime", () =>
  withSandbox(async ({ environment, pin }) => {
    const entryPoints = [new URL("worker.mjs", HERE).pathname];
    const options = { bundle: true, write: false, format: "iife", globalName: "worker", conditions: ["edge-light"], plugins: [wasm] };
    const { outputFiles } = await build({ entryPoints, ...options, logLevel: "error" });
    const extend = (context) => Object.assign(context, { ENGINE: new WebAssembly.Module(ENGINE), environment });
    const vm = new EdgeVM({ extend });
    vm.evaluate(outputFiles[0].text);
    const ask = async (action, given = {}) => {
      vm.context.asked = JSON.stringify({ action, ...given });
      const answer = "worker.default.fetch(new Request('http://localhost', { method: 'POST', body: asked }), environment)";
      return JSON.parse(await vm.evaluate(`${answer}.then((response) => response.text())`));
    };
    const { token, delivery } = await ask("start", { user: USER });
    assert.equal(delivery, "accepted");
    assert.equal((await ask("verify", { token, user: USER, pin: other(await pin()) })).failure, "wrong-pin");
    assert.deepEqual(await ask("verify", { token, user: USER, pin: await pin() }), { subject: "user-1", expiresInSeconds: 60 });
    assert.match((await ask("memory")).detail, /^MemoryGuard: isolates come and go here/);
  }));
