/** What a start tells of an account that Xoxzo does not serve as it should. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryGuard, Operator, Settings, TwoFactor, Upstream } from "xoxzo-2fa";
import { USER, withSandbox } from "./world.mjs";

const REFUSED = [
  [
    "--no-freeform",
    "xoxzo refused the account (403): most likely it may not send texts of its own; ask Xoxzo for that right, or name approved templates in " +
      "message.templates",
  ],
  ["--credits=5", "xoxzo refused the request (400): non_field_errors, most likely for want of credits"],
];

for (const [option, detail] of REFUSED)
  test(`a refusal has its likely cause and the next step: ${option}`, () =>
    withSandbox(async ({ environment }) => {
      const twoFactor = new TwoFactor(Settings.fromEnvironment(environment), new MemoryGuard());
      const told = (error) => error instanceof Upstream && error.code === "provider" && error.detail === detail;
      await assert.rejects(twoFactor.start(USER), told);
    }, option));

test("with test credits nothing but the balance tells", () =>
  withSandbox(async ({ environment, inbox }) => {
    const twoFactor = new TwoFactor(Settings.fromEnvironment(environment), new MemoryGuard());
    const { delivery, audit } = await twoFactor.start(USER);
    assert.deepEqual([delivery, audit.alarm ?? null, audit.cause ?? null], ["accepted", null, null]);
    assert.doesNotMatch((await inbox()).at(-1).body, /\d{4}/);
    assert.equal((await new Operator(twoFactor, "ann").credits()).credits, 40);
  }, "--test-credit"));
