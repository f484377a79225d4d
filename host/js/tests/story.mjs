/** What a browser sends to an example, and what it must get. */

import assert from "node:assert/strict";
import { other } from "./world.mjs";

/** Logs in at an address of which every request is one of the user's: wrong passwords and codes, the right ones, and old sessions. */
export async function login(base, inbox, pin) {
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
