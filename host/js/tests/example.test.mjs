/** The example, as a browser meets it, with the sandbox. It runs on what runs TypeScript. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { other, withSandbox } from "./world.mjs";

test("a login through the example", () =>
  withSandbox(async ({ environment, inbox, pin }) => {
    const env = { ...process.env, ...environment, ANN_PHONE: "+819012345678", ANN_PASSWORD: "correct horse", PORT: "0" };
    const arguments_ = [...(globalThis.Deno ? ["run", "-A", "--no-check"] : []), new URL("./login.ts", import.meta.url).pathname];
    const program = spawn(process.execPath, arguments_, { env, stdio: ["ignore", "pipe", "inherit"] });
    const ended = new Promise((resolve) => program.on("close", resolve));
    try {
      const port = await new Promise((resolve, reject) => {
        program.stdout.on("data", (data) => resolve(/"port":(\d+)/.exec(String(data))?.[1]));
        program.on("close", () => reject(new Error("the example ended")));
      });
      await login(`http://127.0.0.1:${port}`, inbox, pin);
    } finally {
      program.kill();
      await ended;
    }
  }));

async function login(base, inbox, pin) {
  let cookie = "";
  const call = async (path, body, type = "application/json") => {
    const headers = { cookie, "content-type": type, connection: "close" };
    const response = await fetch(base + path, body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) });
    cookie = response.headers.get("set-cookie")?.split(";")[0] ?? cookie;
    return [response.status, await response.json()];
  };
  assert.deepEqual(await call("/password", { name: "ann", password: "wrong" }), [401, { code: "password" }]);
  assert.equal((await call("/password", { name: "ann", password: "correct horse" }, "text/plain"))[0], 415);
  assert.deepEqual(await inbox(), []);
  assert.deepEqual(await call("/code", { pin: "123456" }), [401, { code: "session" }]);
  assert.deepEqual(await call("/password", { name: "ann", password: "correct horse" }), [
    200,
    { masked: "+81********78", resendAfterSeconds: 60 },
  ]);
  const before = cookie;
  assert.deepEqual((await call("/me"))[0], 401);
  const [status, told] = await call("/code", { pin: other(await pin()) });
  assert.deepEqual([status, told.code, told.text], [403, "wrong-pin", "That is not the code. 4 tries are left."]);
  for (const odd of ["\ud800", "1".repeat(9_000), 7, undefined, {}]) assert.equal((await call("/code", { pin: odd }))[1].code, "malformed");
  assert.equal((await call("/code", { pin: "1".repeat(120_000) }))[0], 413);
  assert.equal((await call("/me"))[0], 401);
  assert.deepEqual(await call("/code", { pin: ` ${await pin()}` }), [200, { signedIn: "user-1" }]);
  assert.notEqual(cookie, before, "the session has a new id");
  assert.deepEqual(await call("/me"), [200, { id: "user-1" }]);
  cookie = before;
  assert.equal((await call("/me"))[0], 401);
  assert.equal((await call("/code", { pin: await pin() }))[0], 401);
}
