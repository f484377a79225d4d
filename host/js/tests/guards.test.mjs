import assert from "node:assert/strict";
import { test } from "node:test";
import { GuardFull, GuardUnfit, GuardUnreachable, MemoryGuard, Misuse, Upstream, applied, runs } from "xoxzo-2fa";
import { Clock, suite } from "xoxzo-2fa/testing";
import { USER, failing, world } from "./world.mjs";

test("counters in memory pass the suite", async () => {
  const clock = new Clock(0);
  const set = (seconds) => {
    clock.now = 1_800_000_000 + seconds;
  };
  const { passed, leftOut } = await suite.vectors(() => new MemoryGuard({ dangerClock: clock.seconds }), set);
  assert.deepEqual([passed, leftOut], [65, 4]);
  const store = new MemoryGuard();
  await suite.races(store);
  await suite.groups(store);
  await suite.shared(store, store);
  await suite.restart(() => store);
});

test("counters in memory pass the suite while time passes", async () => {
  const { passed } = await suite.vectors(() => new MemoryGuard());
  assert.ok(passed > 50);
});

/** Returns a store that does one thing wrong. */
function faulty(change) {
  const store = new MemoryGuard();
  return { scope: "process", add: (charges) => change(charges, (all) => store.add(all)) };
}

test("the suite finds a store that is wrong", async () => {
  const racing = faulty(async (charges, add) => {
    const before = add([{ ...charges[0], amount: 0, limit: 2 ** 32 - 1 }]).totals[0].total;
    await new Promise(setImmediate);
    return { totals: charges.map((charge) => ({ total: before + charge.amount, endsInSeconds: 60 })) };
  });
  await assert.rejects(suite.races(racing), /each total once/);
  const torn = faulty(async (charges, add) => {
    const totals = [];
    for (const charge of charges) {
      totals.push(...add([charge]).totals);
      // Not always as long: those that go in step never meet between two charges.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 4));
    }
    return { totals };
  });
  await assert.rejects(suite.groups(torn), /seen at once/);
  await assert.rejects(suite.shared(new MemoryGuard(), new MemoryGuard()), /the total of both/);
  await assert.rejects(
    suite.restart(() => new MemoryGuard()),
    /a total, and that its end is kept/,
  );
  const forgetful = () => faulty((charges, add) => ({ totals: add(charges).totals.map((it) => ({ ...it, endsInSeconds: 1 })) }));
  await assert.rejects(
    suite.vectors(forgetful, () => {}),
    /guard.json/,
  );
});

test("a list is cut into its runs, and a charge applied, as the guard's contract says", () => {
  const charge = { counter: "a", group: "g", amount: 3, limit: 4, ttlSeconds: 1 };
  const other = { ...charge, group: "h" };
  assert.deepEqual(runs([charge, charge, other, charge]), [[charge, charge], [other], [charge]]);
  assert.deepEqual(runs([]), []);
  assert.deepEqual(applied(charge, 2), { total: 5, refused: true });
  assert.deepEqual(applied(charge, 1), { total: 4, refused: false });
  assert.deepEqual(applied({ ...charge, amount: -9 }, 5), { total: 0, refused: false });
  assert.deepEqual(applied({ ...charge, amount: 0 }, 5), { total: 5, refused: true });
});

test("a full store refuses, and ended counters make room", async () => {
  const clock = new Clock();
  const store = new MemoryGuard({ capacity: 2, dangerClock: clock.seconds });
  const add = (counter) => store.add([{ counter, group: counter, amount: 1, limit: 9, ttlSeconds: 60 }]);
  add("a");
  add("b");
  assert.throws(() => add("c"), GuardFull);
  assert.equal(add("a").totals[0].total, 2);
  clock.advance(60);
  add("c");
  assert.ok(store.size <= 2);
  assert.throws(() => new MemoryGuard({ size: 2 }), failing(Misuse, "request"));
});

test("a guard without totals refuses every operation, and its cause is told to operators", async () => {
  const causes = [
    [new GuardUnreachable("busy: the file is locked"), "busy: the file is locked"],
    [new GuardFull(), "full: no room for a new counter"],
    [new GuardUnfit("it forgets"), "unfit: it forgets"],
    [new RangeError("words"), "guard: it threw RangeError"],
    ["words", "guard: it threw string"],
  ];
  for (const [thrown, cause] of causes) {
    const { guard, client, events, xoxzo } = world();
    let broken = false;
    const failingLater = {
      scope: "process",
      add: (charges) => {
        if (broken) throw thrown;
        return guard.add(charges);
      },
    };
    const twoFactor = client({ guard: failingLater });
    await twoFactor.ready();
    broken = true;
    await assert.rejects(twoFactor.start(USER), failing(Upstream, "guard"));
    assert.equal(events[0].cause, cause);
    assert.equal(xoxzo.requests.length, 0);
  }
});

test("totals of another form are worth as little as none", async () => {
  const odd = [
    undefined,
    {},
    { totals: 7 },
    { totals: [{ total: 1 }] },
    { totals: [{ total: 0.5, endsInSeconds: 1 }] },
    { totals: [{ total: -1, endsInSeconds: 1 }] },
    { totals: [], nowSeconds: "now" },
  ];
  for (const answer of odd) {
    const { guard, client } = world();
    let broken = false;
    const twoFactor = client({ guard: { scope: "process", add: (charges) => (broken ? answer : guard.add(charges)) } });
    await twoFactor.ready();
    broken = true;
    await assert.rejects(twoFactor.start(USER), failing(Upstream, "guard"), JSON.stringify(answer));
  }
});

test("a guard is tested before its first use, and again until it passes", async () => {
  const { guard, client, events } = world();
  let [fit, checks] = [false, 0];
  const store = {
    scope: "process",
    check: () => void checks++,
    add: (charges) => (fit ? guard.add(charges) : { totals: charges.map(() => ({ total: 1, endsInSeconds: 60 })) }),
  };
  const twoFactor = client({ guard: store });
  await assert.rejects(
    twoFactor.start(USER),
    (error) => failing(Upstream, "guard")(error) && /^unfit: .*\[1,1\]/.test(error.cause.message),
  );
  assert.equal(events[0].outcome, "upstream");
  assert.equal(events[0].calling_code, "81");
  fit = true;
  await twoFactor.start(USER);
  assert.equal(checks, 2);
});

test("a client says whether it is ready, each time anew", async () => {
  const { guard, client, clock, events, xoxzo } = world();
  let answer = (charges) => guard.add(charges);
  const twoFactor = client({ guard: { scope: "process", add: (charges) => answer(charges) } });
  await twoFactor.ready();
  answer = () => {
    throw new GuardUnreachable("connect: no connection");
  };
  await assert.rejects(twoFactor.ready(), (error) => failing(Upstream, "guard")(error) && error.audit.cause === "connect: no connection");
  answer = (charges) => ({ totals: charges.map(() => ({ total: 1, endsInSeconds: 60 })) });
  await assert.rejects(twoFactor.ready(), (error) => failing(Upstream, "guard")(error) && error.audit.cause.startsWith("unfit: "));
  for (const seconds of [121, -121]) {
    answer = (charges) => ({ ...guard.add(charges), nowSeconds: clock.now + seconds });
    await assert.rejects(twoFactor.ready(), failing(Upstream, "clock"));
  }
  // A store that a wrong clock has shut answers nothing but its time.
  answer = () => ({ totals: [], nowSeconds: clock.now + 3600 });
  await assert.rejects(twoFactor.ready(), failing(Upstream, "clock"));
  answer = (charges) => ({ ...guard.add(charges), nowSeconds: clock.now + 120 });
  await twoFactor.ready();
  assert.equal(guard.size, 0);
  assert.deepEqual([events.length, xoxzo.requests.length], [0, 0]);
});

test("a store that begins anew with each list is found", async () => {
  const { client, events } = world();
  const anew = { scope: "shared", add: (charges) => new MemoryGuard().add(charges) };
  await assert.rejects(
    client({ guard: anew }).ready(),
    (error) => failing(Upstream, "guard")(error) && /^unfit: .*\[0,0,0,1\] instead of \[2,0,0,1\]/.test(error.cause.message),
  );
  assert.equal(events.length, 0);
});

test("a store's clock that is apart from the host's fails closed", async () => {
  const { guard, client, clock } = world();
  const far = { scope: "process", add: (charges) => ({ ...guard.add(charges), nowSeconds: clock.now + 121 }) };
  await assert.rejects(client({ guard: far }).start(USER), failing(Upstream, "clock"));
});
