/** Counters in the memory of one process. */

import { isolates } from "#platform";
import { Misuse } from "./errors.js";
import { GuardFull, applied } from "./guard.js";
import { options } from "./options.js";

const SECOND = 1e6;

// Counters that are looked at with each list, and forgotten if they have ended. More than a list makes, so that a store that is in use
// does not grow by what has ended.
const SWEPT = 16;

export class MemoryGuard {
  #capacity;
  #clock;
  // By its name, a counter's name, its total, and its end in microseconds of the clock.
  #counters = new Map();
  // Goes through the counters, a few with each list.
  #hand = this.#counters.values();

  constructor(given) {
    const { capacity = 1e6, dangerClock = () => performance.now() / 1000 } = options(given, ["capacity", "dangerClock"]);
    if (isolates) throw new Misuse("settings", "MemoryGuard: isolates come and go here, and would each count anew; use a shared store");
    this.#capacity = capacity;
    this.#clock = dangerClock;
  }

  get scope() {
    return "process";
  }

  get size() {
    return this.#counters.size;
  }

  add(charges) {
    const counters = this.#counters;
    const now = Math.floor(this.#clock() * SECOND);
    this.#sweep(now);
    const totals = [];
    for (const charge of charges) {
      const counter = counters.get(charge.counter);
      const live = counter?.ends > now;
      const ends = live ? counter.ends : now + charge.ttlSeconds * SECOND;
      const { total, refused } = applied(charge, live ? counter.total : 0);
      totals.push({ total, endsInSeconds: Math.ceil((ends - now) / SECOND) });
      if (refused) break;
      if (total === 0) counters.delete(charge.counter);
      else if (counter) [counter.total, counter.ends] = [total, ends];
      else if (counters.size < this.#capacity) counters.set(charge.counter, { name: charge.counter, total, ends });
      else throw new GuardFull();
    }
    return { totals };
  }

  /** Forgets what has ended, among the next few. */
  #sweep(now) {
    for (let swept = 0; swept < SWEPT; swept++) {
      const { done, value } = this.#hand.next();
      if (done) {
        this.#hand = this.#counters.values();
        return;
      }
      if (value.ends <= now) this.#counters.delete(value.name);
    }
  }
}
