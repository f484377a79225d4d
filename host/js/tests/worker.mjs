/** A Worker that logs in, for `workerd.test.mjs`. Its client is made at the top of the module, where there is neither clock nor randomness. */

import { MemoryGuard, Settings, TwoFactor, TwoFactorError, applied } from "xoxzo-2fa";

/** Counters of this isolate, which is the only one here. A service needs a shared store. */
const counters = new Map();
const guard = {
  scope: "shared",
  async add(charges) {
    const totals = [];
    for (const charge of charges) {
      const { total, refused } = applied(charge, counters.get(charge.counter) ?? 0);
      totals.push({ total, endsInSeconds: charge.ttlSeconds });
      if (refused) break;
      counters.set(charge.counter, total);
    }
    return { totals };
  },
};

let twoFactor;
const early = new TwoFactor(new Settings({}), guard);

export default {
  async fetch(request, env) {
    const { action, ...given } = await request.json();
    twoFactor ??= new TwoFactor(Settings.fromEnvironment(env), guard, { audit: () => {} });
    try {
      return Response.json(await ACTIONS[action](given));
    } catch (error) {
      if (!(error instanceof TwoFactorError)) throw error;
      return Response.json({ failure: error.code, detail: error.detail });
    }
  },
};

const ACTIONS = {
  async start({ user }) {
    const { token, delivery } = await twoFactor.start(user);
    return { token, delivery };
  },
  verify: ({ token, user, pin }) => twoFactor.verify(token, user, pin),
  memory: () => new MemoryGuard(),
  early: () => early.ready(),
  file: () => Settings.fromFile("/etc/passwd"),
};
