/** A Worker that counts, for `durable-object.test.mjs` and `upstash.workerd.test.mjs`. Worker and objects share an isolate here, and so these variables. */

import { MemoryGuard } from "xoxzo-2fa";
import { DurableObjectGuard, TwoFactorCounters } from "xoxzo-2fa/guards/durable-object";
import { UpstashGuard } from "xoxzo-2fa/guards/upstash";
import { suite } from "xoxzo-2fa/testing";

const { now } = Date;
let calls = 0;
let alarms = 0;
let fault;

/** Counters that can be made to fail. */
export class Counters extends TwoFactorCounters {
  static maximumBytes = 200_000;

  async add(charges) {
    calls += 1;
    const doing = fault;
    fault = undefined;
    if (doing === "throw") throw new Error("words of the test");
    const answer = await super.add(charges);
    if (doing === "hang") await new Promise((resolve) => setTimeout(resolve, 5_000));
    if (doing === "abort") this.ctx.abort("words of the test");
    return answer;
  }

  async alarm() {
    alarms += 1;
    await super.alarm();
  }

  async sweep() {
    await super.alarm();
    const [{ rows }] = this.ctx.storage.sql.exec("SELECT count(*) AS rows FROM counters").toArray();
    return { rows, alarm: await this.ctx.storage.getAlarm() };
  }
}

export default {
  async fetch(request, env) {
    const { action, ...given } = await request.json();
    try {
      return Response.json(await ACTIONS[action](given, env));
    } catch (error) {
      return Response.json({ name: error.name, message: error.message });
    } finally {
      Date.now = now;
    }
  },
};

const named = () => crypto.randomUUID();
const guard = (env, name = "counters", rest) => new DurableObjectGuard(env.COUNTERS, { name, ...rest });
const charge = (counter, amount, limit, ttlSeconds = 60) => ({ counter, group: counter, amount, limit, ttlSeconds });

const ACTIONS = {
  memory: () => new MemoryGuard(),
  binding: () => new DurableObjectGuard(undefined),
  async vectors(_, env) {
    const set = (seconds) => {
      Date.now = () => 1_800_000_000_000 + Math.round(seconds * 1000);
    };
    return suite.vectors(() => guard(env, named()), set);
  },
  async suite(_, env) {
    const [one, other] = [guard(env), guard(env)];
    await suite.races(one);
    await suite.groups(one);
    await suite.shared(one, other);
    await suite.restart(() => guard(env));
    return { passed: true };
  },
  async burst({ count, limit }, env) {
    const made = Array.from({ length: count }, () => guard(env).add([charge("burst", 1, limit)]));
    return (await Promise.all(made)).map(({ totals: [{ total }] }) => total);
  },
  async add({ counter, amount = 1, name, failing, ago = 0, ttl }, env) {
    Date.now = () => now() - ago;
    fault = failing;
    calls = 0;
    const answer = await guard(env, name, { timeoutMilliseconds: 500 })
      .add([charge(counter, amount, 1e6, ttl)])
      .catch(({ name, message }) => ({ name, message }));
    return { ...answer, calls };
  },
  async fill(_, env) {
    let lists = 0;
    const store = guard(env, "full");
    // Wide lists first, and then what fits where the last of them did not.
    for (const wide of [20, 1]) {
      const full = await (async () => {
        for (; lists < 10_000; lists++) await store.add(Array.from({ length: wide }, (_, at) => charge(`${lists}.${at}`, 1, 9)));
      })().catch(({ name }) => name);
      if (full !== "GuardFull") return { lists, full };
    }
    return { lists, full: "GuardFull" };
  },
  async sweep({ name, ahead }, env) {
    Date.now = () => now() + ahead;
    return env.COUNTERS.get(env.COUNTERS.idFromName(name)).sweep();
  },
  alarms: () => ({ alarms }),
  async upstash({ url, token, counter }) {
    const store = new UpstashGuard(url, token, { timeoutMilliseconds: 1_000 });
    if (counter) return store.add([charge(counter, 1, 9)]);
    await suite.races(store);
    await suite.groups(store);
    return suite.vectors(() => store);
  },
};
