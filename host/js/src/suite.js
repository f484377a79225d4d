/** Tests that every store must pass. Keys are of the suite's own making, so that a store that is in use can be tested. */

import { U32, selfTest } from "./guard.js";
import { counterName } from "./random.js";
import file from "../data/vectors.cjs";

// Charges of a race.
const RACERS = 64;
// A life that outlasts the test, in seconds.
const LONG = 600;

export async function vectors(opened, setTime) {
  const { tests } = file;
  setTime?.(0);
  const first = await opened();
  await selfTest(first);
  const began = (await first.add([charge(counterName(), 0, 0, 1)])).nowSeconds;
  const without = [...(setTime ? [] : ["Exact"]), ...(began === undefined ? ["Clock"] : [])];
  const tried = tests.filter(({ flags }) => !flags.some((flag) => without.includes(flag)));
  const faults = [];
  if (setTime) {
    for (const vector of tried) {
      setTime(0);
      faults.push(await replayed(await opened(), vector, async (at) => setTime(at), began));
    }
  } else {
    faults.push(...(await Promise.all(tried.map(async (vector) => waited(await opened(), vector)))));
  }
  fail(faults.filter(Boolean).join("\n"));
  return { passed: tried.length, leftOut: tests.length - tried.length };
}

export async function races(store) {
  const [own, wide] = [counterName(), counterName()];
  const limit = RACERS / 2;
  const race = () => store.add([charge(own, 1, limit, 60), charge(wide, 1, U32, 60)]);
  const seen = (await Promise.all(Array.from({ length: RACERS }, race))).map(({ totals }) => totals.map(({ total }) => total));
  const won = seen.filter((given) => given.length > 1).map(([total]) => total);
  const refused = seen.filter((given) => given.length === 1).map(([total]) => total);
  same(
    won.toSorted((one, other) => one - other),
    Array.from({ length: limit }, (_, at) => at + 1),
    "each total once, up to the limit",
  );
  same(refused, Array(RACERS - limit).fill(limit + 1), "the totals that are refused");
  same([await total(store, own, 0), await total(store, wide, 0)], [limit, limit], "the counters after it");
}

export async function groups(store) {
  const [rounds, group, both] = [200, counterName(), [counterName(), counterName()]];
  const made = async (amount) => {
    const { totals } = await store.add(both.map((counter) => ({ ...charge(counter, amount, U32, LONG), group })));
    return totals.map(({ total }) => total);
  };
  const work = async (amount) => {
    for (let round = 0; round < rounds; round++) {
      const [one, other] = await made(amount);
      if (amount === 0) same(one, other, "two counters of a group, seen at once");
    }
  };
  await Promise.all([1, 0, 1, 0].map(work));
  same(await made(0), [2 * rounds, 2 * rounds], "the counters after it");
}

export async function shared(one, other) {
  const own = counterName();
  for (let expected = 1; expected <= 10; expected++) same(await total(expected % 2 ? one : other, own, 1), expected, "the total of both");
}

export async function restart(opened) {
  const own = counterName();
  for (let expected = 1; expected <= 5; expected++) {
    const store = await opened();
    const { totals } = await store.add([charge(own, 1, 9, LONG)]);
    const [{ total, endsInSeconds }] = totals;
    const kept = LONG - 10 <= endsInSeconds && endsInSeconds <= LONG;
    same([total, kept], [expected, true], "a total, and that its end is kept");
    await store.close?.();
  }
}

/** Makes the lists of a vector while time passes. A machine that stalls for half a second ends counters too early: three attempts. */
async function waited(store, vector) {
  let fault;
  for (let attempt = 0; attempt < 3; attempt++) {
    const began = performance.now();
    const wait = (at) => new Promise((resolve) => setTimeout(resolve, Math.max(0, began + at * 1000 - performance.now())));
    fault = await replayed(store, vector, wait, undefined);
    if (!fault) break;
  }
  return fault;
}

/** Makes the lists of a vector, and returns what differs. What is null there is not compared. */
async function replayed(store, { tcId, comment, steps }, wait, began) {
  const names = {};
  const named = (name) => (names[name] ??= counterName());
  for (const [number, { at_milliseconds: at, charges, totals, now_seconds }] of steps.entries()) {
    await wait(at / 1000);
    const made = charges.map(({ counter, group = counter, amount, limit, ttl_seconds }) => ({
      ...charge(named(counter), amount, limit, ttl_seconds),
      group: named(group),
    }));
    const given = await store.add(made);
    const seconds = now_seconds === undefined ? Math.floor(at / 1000) : now_seconds;
    const onTime = began === undefined || seconds === null || given.nowSeconds === began + seconds;
    const fits = ({ total, endsInSeconds }, right) => total === right.total && [endsInSeconds, null].includes(right.ends_in_seconds);
    if (!onTime || given.totals.length !== totals.length || !given.totals.every((it, place) => fits(it, totals[place])))
      return `guard.json ${tcId} (${comment}): step ${number + 1}: ${JSON.stringify(given)} instead of ${JSON.stringify(totals)}, ${seconds}`;
  }
  return undefined;
}

function charge(counter, amount, limit, ttlSeconds) {
  return { counter, group: counter, amount, limit, ttlSeconds };
}

async function total(store, counter, amount) {
  const { totals } = await store.add([charge(counter, amount, U32, 60)]);
  return totals[0].total;
}

function same(given, expected, what) {
  const [one, other] = [given, expected].map((value) => JSON.stringify(value));
  fail(one === other ? "" : `${what}: ${one} instead of ${other}`);
}

function fail(fault) {
  if (fault) throw new Error(fault);
}
