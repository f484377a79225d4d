import assert from "node:assert/strict";
import { test } from "node:test";
import { Misuse, Operator, Refuse, Settings, TwoFactor, Upstream, explain } from "xoxzo-2fa";
import { document } from "xoxzo-2fa/testing";
import { USER, failing, other, world } from "./world.mjs";

test("a login: a wrong PIN, the right one, and never again", async () => {
  const { twoFactor, xoxzo, events } = world();
  const challenge = await twoFactor.start(USER);
  assert.equal(challenge.masked, "+81********78");
  const wrong = twoFactor.verify(challenge.token, USER, other(xoxzo.pin()));
  await assert.rejects(wrong, (error) => failing(Refuse, "wrong-pin")(error) && error.guessesLeft === 4 && error.expiresInSeconds === 300);
  const acceptance = await twoFactor.verify(challenge.token, USER, xoxzo.pin());
  assert.deepEqual({ ...acceptance }, { subject: "user-1", expiresInSeconds: 60 });
  assert.ok(acceptance.receipt.length > 100);
  await assert.rejects(twoFactor.verify(challenge.token, USER, xoxzo.pin()), failing(Refuse, "used"));
  assert.deepEqual(
    events.map(({ operation, outcome, code }) => [operation, outcome, code]),
    [
      ["start", "ok", undefined],
      ["verify", "refuse", "wrong-pin"],
      ["verify", "ok", undefined],
      ["verify", "refuse", "used"],
    ],
  );
});

test("a promise that nobody awaited logs in nobody", async () => {
  const { twoFactor, xoxzo } = world();
  const challenge = await twoFactor.start(USER);
  const forgotten = twoFactor.verify(challenge.token, USER, other(xoxzo.pin()));
  const session = { user: forgotten.subject };
  assert.equal(session.user, undefined);
  await assert.rejects(forgotten, Refuse);
});

test("an acceptance is for the subject that was verified, whatever the caller's object says later", async () => {
  const { twoFactor, xoxzo } = world();
  const { token } = await twoFactor.start(USER);
  const binding = { ...USER };
  const verified = twoFactor.verify(token, binding, xoxzo.pin());
  binding.subject = "user-2";
  assert.equal((await verified).subject, "user-1");
});

test("a resend repeats the code, and a call says it", async () => {
  const voice = { caller: "815012345678", destinations: ["JP-mobile"] };
  const { twoFactor, xoxzo, clock, events } = world({ changes: { voice } });
  const { token } = await twoFactor.start(USER);
  const pin = xoxzo.pin();
  await assert.rejects(twoFactor.resend(token, USER), failing(Refuse, "cooldown"));
  clock.advance(60);
  await twoFactor.resend(token, USER, { channel: "voice", locale: "ja" });
  assert.equal(xoxzo.messages.at(-1).channel, "voice");
  assert.equal(xoxzo.pin(), pin);
  assert.equal(events.at(-1).cost, "call");
});

test("a status is asked for by its handle", async () => {
  const { twoFactor, xoxzo } = world();
  const { handle } = await twoFactor.start(USER);
  xoxzo.states.m1 = "FAILED";
  assert.deepEqual({ ...(await twoFactor.status(handle)) }, { delivery: "failed", detail: "FAILED" });
  await assert.rejects(twoFactor.status("no handle"), failing(Refuse, "invalid-token"));
});

test("operators see, lift and are named", async () => {
  const { twoFactor, xoxzo, events } = world();
  const operator = new Operator(twoFactor, "ann");
  await assert.rejects(operator.unlock("user-1", USER.recipient), failing(Refuse, "nothing-locked"));
  const { token } = await twoFactor.start(USER);
  await assert.rejects(twoFactor.verify(token, USER, other(xoxzo.pin())), Refuse);
  const { limits } = await operator.limits("user-1", USER.recipient);
  const soft = limits.find(({ setting, open }) => setting === "failures.soft" && !open);
  assert.equal(soft.total, 1);
  assert.ok(soft.endsInSeconds > 0);
  assert.equal((await operator.unlock("user-1", USER.recipient)).subjectFailures, 1);
  xoxzo.credits = 12.9;
  assert.equal((await operator.credits()).credits, 12);
  const told = events.filter((event) => event.operator === "ann").map(({ operation }) => operation);
  assert.deepEqual(told, ["unlock", "limits", "unlock", "credits"]);
  assert.equal(operator.trail("user-1", USER.recipient).subject, events[1].subject);
  assert.throws(() => operator.trail("", USER.recipient), failing(Misuse, "request"));
  assert.throws(() => new Operator({}, "ann"), failing(Misuse, "request"));
});

test("an unknown option or field is a misuse", async () => {
  const { twoFactor, settings, guard } = world();
  assert.throws(() => new TwoFactor(settings, guard, { clock: () => 0 }), failing(Misuse, "request"));
  assert.throws(() => new TwoFactor(document(), guard), failing(Misuse, "settings"));
  assert.throws(() => new TwoFactor(settings, {}), failing(Misuse, "settings"));
  for (const odd of [{ transport: {} }, { audit: {} }, { dangerClock: 7 }])
    assert.throws(() => new TwoFactor(settings, guard, odd), failing(Misuse, "settings"));
  for (const binding of [{ ...USER, phone: "1" }, { ...USER, session: null }, {}, undefined, "user-1", 7n])
    await assert.rejects(twoFactor.start(binding), failing(Misuse, "request"), String(binding));
  await assert.rejects(twoFactor.start(USER, { language: "ja" }), failing(Misuse, "request"));
  await assert.rejects(twoFactor.start({ ...USER, subject: "\ud800" }), failing(Misuse, "request"));
});

test("whatever a user types is only refused", async () => {
  const { twoFactor } = world();
  const { token } = await twoFactor.start(USER);
  for (const pin of ["", "12345", "1".repeat(1e6), "\ud800", "１２３４５６", "123456\0"])
    await assert.rejects(twoFactor.verify(token, USER, pin), failing(Refuse, "malformed"));
  for (const odd of ["", "\udfff", token.slice(1), "E".repeat(1e6)])
    await assert.rejects(twoFactor.verify(odd, USER, "123456"), failing(Refuse, "invalid-token"));
});

test("a message that may have been sent is no error, and one that was not is", async () => {
  const { twoFactor, xoxzo, events } = world();
  xoxzo.fault = "unanswered";
  const challenge = await twoFactor.start(USER);
  assert.equal(challenge.delivery, "unknown");
  assert.equal(challenge.handle, undefined);
  assert.deepEqual([events[0].outcome, events[0].odd, events[0].alarm], ["unknown", true, "delivery"]);
  await twoFactor.verify(challenge.token, USER, xoxzo.pin());
  xoxzo.fault = "not-sent";
  const started = twoFactor.start({ ...USER, subject: "user-2", recipient: "+819012345679" });
  await assert.rejects(started, (error) => failing(Upstream, "provider")(error) && error.cause.message === "connect: no connection");
  assert.equal(xoxzo.requests.length, 2);
});

test("a transport that breaks its contract may have sent, and its own words are kept from logs", async () => {
  const canary = "transport-canary";
  const broken = [
    () => Promise.reject(new TypeError(canary)),
    () => Promise.reject(canary),
    () => {
      throw new Error(canary);
    },
    () => undefined,
    () => ({ status: 2.5, body: "" }),
    () => ({ status: 201, body: new Uint8Array() }),
  ];
  for (const [at, send] of broken.entries()) {
    const { twoFactor, events } = world({ transport: { send } });
    const challenge = await twoFactor.start(USER);
    assert.equal(challenge.delivery, "unknown", String(at));
    assert.match(events[0].cause, /^transport: it threw /);
    assert.doesNotMatch(JSON.stringify(events), /canary/);
  }
});

test("an event says what it cost, and a decoy nothing", async () => {
  const { twoFactor, xoxzo, events } = world();
  await twoFactor.start(USER, { decoy: true });
  assert.equal(xoxzo.messages.length, 0);
  await twoFactor.start({ ...USER, subject: "user-2", recipient: "+819012345679" });
  const [decoy, real] = events;
  assert.deepEqual([decoy.decoy, decoy.cost, decoy.parts], [true, "nothing", 0]);
  assert.deepEqual([real.decoy, real.cost, real.parts, real.channel, real.calling_code], [false, "sms", 1, "sms", "81"]);
  assert.ok(Number.isInteger(real.took_us));
  assert.ok(!("odd" in JSON.parse(JSON.stringify(real))));
});

test("a callback that fails costs nobody a login", async (t) => {
  const errors = t.mock.method(console, "error", () => {});
  for (const audit of [
    () => Promise.reject(new Error("audit-canary")),
    () => {
      throw new Error("audit-canary");
    },
  ]) {
    await world({ audit }).twoFactor.start(USER);
    await new Promise(setImmediate);
  }
  assert.equal(errors.mock.callCount(), 2);
  assert.doesNotMatch(String(errors.mock.calls.map((call) => call.arguments)), /canary/);
});

test("without a callback only odd events are printed", async (t) => {
  const warnings = t.mock.method(console, "warn", () => {});
  const { twoFactor, xoxzo } = world({ audit: undefined });
  await twoFactor.start(USER);
  assert.equal(warnings.mock.callCount(), 0);
  xoxzo.fault = "unanswered";
  await twoFactor.start({ ...USER, subject: "user-2", recipient: "+819012345679" });
  assert.match(warnings.mock.calls[0].arguments.join(" "), /outcome=unknown.* alarm=delivery/);
});

test("an event never quotes a purpose that the settings do not name", async () => {
  const { twoFactor, client, events } = world();
  const odd = { ...USER, purpose: "purpose-canary" };
  await assert.rejects(twoFactor.start(odd), failing(Misuse, "request"));
  await assert.rejects(client({ guard: { scope: "process", add: () => ({ totals: [] }) } }).start(odd), failing(Upstream, "guard"));
  assert.equal(events.length, 2);
  assert.doesNotMatch(JSON.stringify(events), /canary/);
  assert.ok(events.every(({ subject }) => subject));
});

test("a failure has words for its user", async () => {
  const { twoFactor } = world();
  const { token } = await twoFactor.start(USER);
  const refusal = await twoFactor.verify(token, USER, "not a code").catch((error) => error);
  assert.deepEqual(explain(refusal, "en"), {
    text: "Type all the digits of the code and nothing else. This did not count as a try.",
    offers: ["try-again"],
  });
  assert.deepEqual(explain({ code: "plugin" }, "ja"), explain({ code: "guard" }, "ja"));
  assert.throws(() => explain(refusal, "fr"), failing(Misuse, "request"));
  assert.throws(() => explain(undefined, "en"), failing(Misuse, "request"));
});

test("a clock that is set back ends the challenges of counters in memory", async () => {
  const { twoFactor, xoxzo, clock } = world();
  const { token } = await twoFactor.start(USER);
  clock.advance(-121);
  await assert.rejects(twoFactor.verify(token, USER, xoxzo.pin()), failing(Refuse, "invalid-token"));
});

test("a clock that cannot be right fails", async () => {
  for (const dangerClock of [
    () => -1,
    () => 2 ** 32,
    () => NaN,
    () => "soon",
    () => {
      throw new Error();
    },
  ]) {
    const { twoFactor } = world({ dangerClock });
    await assert.rejects(twoFactor.start(USER), failing(Upstream, "clock"));
  }
});

test("wrong settings are found at the first use", async () => {
  const { guard } = world();
  const twoFactor = new TwoFactor(new Settings(document({ version: 7 })), guard, { audit: () => {} });
  await assert.rejects(twoFactor.ready(), failing(Misuse, "settings"));
  assert.throws(() => twoFactor.effectiveSettings, failing(Misuse, "settings"));
  await assert.rejects(twoFactor.start(USER), failing(Misuse, "settings"));
  assert.equal(JSON.parse(world().twoFactor.effectiveSettings).guard.key, "[REDACTED]");
  assert.ok(world().twoFactor.warnings.length > 0);
});

test("an index of a number is the same for the same key", () => {
  const { twoFactor, client } = world();
  assert.equal(twoFactor.numberIndex(USER.recipient), client().numberIndex(USER.recipient));
  assert.notEqual(twoFactor.numberIndex(USER.recipient), twoFactor.numberIndex("+819012345679"));
  assert.throws(() => twoFactor.numberIndex("090"), failing(Misuse, "request"));
});
