import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Misuse, Refuse, Settings, checkReceipt, inspect, keygen, preview, receiptKey, requestKey, signRequest } from "xoxzo-2fa";
import { document } from "xoxzo-2fa/testing";
import { USER, failing, world } from "./world.mjs";

const PAYMENT = { amount: "12.50", currency: "EUR", payee: "Ann Lee" };

test("a receipt proves what was accepted, to whoever has its key", async () => {
  const root = keygen();
  const { twoFactor, xoxzo, clock } = world({ changes: { keys: [root], purposes: [{ name: "pay", after_first_factor: true }] } });
  const user = { ...USER, purpose: "pay", session: "s-1", transaction: PAYMENT };
  const { token } = await twoFactor.start(user);
  const { receipt } = await twoFactor.verify(token, user, xoxzo.pin());
  const key = receiptKey(root, "test");
  const check = (changes, now = clock.now) => checkReceipt([receiptKey(keygen(), "test"), key], receipt, { ...user, ...changes }, { now });
  const claims = check({});
  assert.deepEqual(claims.transaction, PAYMENT);
  const { audience, purpose, test: inTest, issuedAtSeconds, expiresAtSeconds } = claims;
  assert.deepEqual([audience, purpose, inTest, issuedAtSeconds, expiresAtSeconds], ["test", "pay", false, clock.now, clock.now + 60]);
  for (const changed of [
    { subject: "user-2" },
    { session: undefined },
    { transaction: { ...PAYMENT, amount: "12.51" } },
    { purpose: "login" },
  ])
    assert.throws(() => check(changed), failing(Refuse, "invalid-token"));
  assert.throws(() => check({}, clock.now + 60), failing(Refuse, "expired"));
  assert.throws(() => check({ user: 1 }), failing(Misuse, "request"));
  assert.throws(() => check({}, NaN), failing(Misuse, "request"));
  assert.throws(() => checkReceipt([key], "x".repeat(1e6), user), failing(Refuse, "invalid-token"));
  assert.throws(() => checkReceipt(undefined, receipt, user), failing(Misuse, "request"));
  assert.throws(() => checkReceipt([root], receipt, user), failing(Misuse, "request"));
  assert.throws(() => receiptKey("no key", "test"), failing(Misuse, "request"));
  assert.notEqual(receiptKey(root, "test", { test: true }), key);
});

test("a step-up request is signed by its own key", () => {
  const key = requestKey(keygen(), "test");
  const stepUp = { subject: "user-1", session: "s-1", transaction: PAYMENT };
  const request = signRequest(key, stepUp, { now: 1_800_000_000 });
  assert.match(request, /^[\w-]{80,272}$/);
  assert.notEqual(signRequest(key, stepUp), request);
  assert.throws(() => signRequest(keygen(), stepUp), failing(Misuse, "request"));
  assert.throws(() => signRequest(key, { ...stepUp, transaction: undefined }), failing(Misuse, "request"));
});

test("a token tells when it ends, and no more", async () => {
  const { twoFactor, clock } = world();
  const { token } = await twoFactor.start(USER);
  const { keyId, ...rest } = inspect(token);
  assert.deepEqual(rest, { digits: 6, issuedAtSeconds: clock.now, expiresAtSeconds: clock.now + 300 });
  assert.match(keyId, /^\w+/);
  assert.throws(() => inspect(`${token}x`), failing(Refuse, "invalid-token"));
});

test("a service's own wording is sent, and shown before", async () => {
  const texts = [{ locale: "en", text: "{service} login: {pin}, good for {minutes} min. Tell nobody." }];
  const changes = { message: { texts } };
  const { twoFactor, xoxzo } = world({ changes });
  await twoFactor.start(USER, { locale: "en" });
  assert.equal(xoxzo.messages[0].text, `Test Shop login: ${xoxzo.pin()}, good for 5 min. Tell nobody.`);
  const shown = preview(new Settings(document(changes))).find(({ locale }) => locale === "en");
  assert.equal(shown.text, "Test Shop login: 123456, good for 5 min. Tell nobody.");
});

test("a key is new each time, and of the form of a key", () => {
  assert.match(keygen(), /^x2fk1_[\w-]{48}$/);
  assert.notEqual(keygen(), keygen());
});

test("the version is the same everywhere", async () => {
  const { version } = JSON.parse(readFileSync(new URL("./node_modules/xoxzo-2fa/package.json", import.meta.url), "utf8"));
  const { HEADERS } = await import(`${process.env.XOXZO_2FA_ROOT}/host/js/src/transport.js`);
  assert.equal(HEADERS["user-agent"], `xoxzo-2fa/${version}`);
  const rust = readFileSync(`${process.env.XOXZO_2FA_ROOT}/Cargo.toml`, "utf8");
  assert.equal(/^version = "(.+)"$/m.exec(rust)[1], version);
});
