/** The guard: its errors, the arithmetic of a charge, and the self-test. `guard.d.ts` says what a store must do. */

import { counterName } from "./random.js";

/** The greatest total. */
export const U32 = 2 ** 32 - 1;

export class GuardError extends Error {}
GuardError.prototype.name = "GuardError";
GuardError.prototype.kind = "unreachable";

export class GuardFull extends GuardError {}
GuardFull.prototype.name = "GuardFull";
GuardFull.prototype.kind = "full";

export class GuardUnreachable extends GuardError {}
GuardUnreachable.prototype.name = "GuardUnreachable";

export class GuardUnfit extends GuardError {}
GuardUnfit.prototype.name = "GuardUnfit";
GuardUnfit.prototype.kind = "unfit";

export function runs(charges) {
  const cut = [];
  for (const charge of charges) {
    const run = cut.at(-1);
    if (run?.[0].group === charge.group) run.push(charge);
    else cut.push([charge]);
  }
  return cut;
}

export function applied({ amount, limit }, total) {
  const following = Math.min(Math.max(total + amount, 0), U32);
  return { total: following, refused: amount >= 0 && following > limit };
}

// Lists of amounts and limits for one counter, and the totals that are right. A store that begins anew with each list is found by the second.
const TESTS = [
  {
    steps: [
      [1, 9],
      [1, 9],
    ],
    right: "1,2",
  },
  {
    steps: [
      [0, 9],
      [-5, 0],
      [0, 0],
      [1, 0],
      [1, 9],
    ],
    right: "2,0,0,1",
  },
];

/** Tests a guard with two lists on a counter of its own, whose answers are known. Rejects with what the guard rejects with, or a `GuardUnfit`. */
export async function selfTest(guard) {
  await guard.check?.();
  const counter = counterName();
  for (const { steps, right } of TESTS) {
    const charges = steps.map(([amount, limit]) => ({ counter, group: counter, amount, limit, ttlSeconds: 60 }));
    const { totals, nowSeconds } = await guard.add(charges);
    // A store that a wrong clock has shut answers nothing but its time, and opens again by itself or by a repair: until then each operation
    // says so.
    if (totals.length === 0 && nowSeconds !== undefined) continue;
    const given = String(totals.map(({ total }) => Number(total)));
    if (given !== right) throw new GuardUnfit(`the guard is unfit: its self-test gave [${given}] instead of [${right}]`);
  }
}

/** Returns the store's time in seconds since 1970-01-01T00:00:00Z, or undefined. Only looks at a counter that is absent. */
export async function storeTime(guard) {
  const counter = counterName();
  const { nowSeconds } = await guard.add([{ counter, group: counter, amount: 0, limit: 9, ttlSeconds: 60 }]);
  return nowSeconds;
}
