import assert from "node:assert/strict";
import { test } from "node:test";
import { Operator, Settings, TwoFactor } from "xoxzo-2fa";
import { USER, other, printed, world } from "./world.mjs";

const XOXZO = { sid: "sid-canary", auth_token: "token-canary", sender: "Test" };
const BASIC = Buffer.from("sid-canary:token-canary").toString("base64");

test("nothing that a program prints shows a secret", async () => {
  const { twoFactor, xoxzo, settings, guard, events } = world({ changes: { xoxzo: XOXZO } });
  const challenge = await twoFactor.start(USER);
  const pin = xoxzo.pin();
  const refusal = await twoFactor.verify(challenge.token, USER, other(pin)).catch((error) => error);
  const acceptance = await twoFactor.verify(challenge.token, USER, pin);
  const shown = { twoFactor, settings, guard, challenge, acceptance, refusal, events, operator: new Operator(twoFactor, "ann") };
  const { token, handle } = challenge;
  const secrets = [token, handle, acceptance.receipt, pin, "canary", BASIC, "x2fk1_", USER.recipient, "90123456"];
  for (const [name, value] of Object.entries({ ...shown, shown, request: xoxzo.requests[0] }))
    for (const secret of secrets) assert.ok(!printed(value).includes(secret), `${name} shows ${secrets.indexOf(secret)}`);
  assert.ok(printed({ token }).includes(token), "the search finds what is there");
});

test("what a user must not see is not in the JSON of a result", async () => {
  const { twoFactor } = world();
  const challenge = await twoFactor.start(USER, { decoy: true });
  assert.equal(challenge.audit.decoy, true);
  assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(challenge))).sort(), [
    "delivery",
    "expiresInSeconds",
    "masked",
    "parts",
    "resendAfterSeconds",
  ]);
});

test("an error that a guard or a callback throws loses its words", async () => {
  const guard = { scope: "process", add: () => Promise.reject(Object.assign(new Error("guard-canary"), { code: "ECONNRESET" })) };
  const { client, events } = world();
  const error = await client({ guard })
    .start(USER)
    .catch((failure) => failure);
  assert.equal(error.cause.message, "guard: it threw Error ECONNRESET");
  assert.doesNotMatch(printed(error) + JSON.stringify(events), /guard-canary/);
});

test("an error of a wrong document quotes nothing of it", () => {
  for (const make of [
    () => new Settings({ keys: [{ env: "NOT_SET", also: "canary" }] }),
    () => new Settings({ keys: ["canary", 7n] }),
    () => Settings.fromFile('{"keys": ["canary"]}'),
    () => new TwoFactor({ keys: ["canary"] }, world().guard),
    () => new TwoFactor(new Settings('{"keys": ["canary", }'), world().guard).warnings,
  ])
    assert.throws(make, (error) => !printed(error).includes("canary"));
});
