/** Counters in a Durable Object, and the guard that calls it from a Worker. */

import { DurableObject } from "cloudflare:workers";
import { Misuse, nameOf } from "../src/errors.js";
import { GuardFull, GuardUnreachable } from "../src/guard.js";
import { options } from "../src/options.js";
import { SCHEMA, make, sweep } from "../src/rows.js";
import { within } from "../src/within.js";

// Between two sweeps of an object that is not in use, in milliseconds.
const SWEEP = 3_600_000;

// The wait for the next sweep if this one left rows that have ended, in milliseconds.
const SOON = 60_000;

// Rows that a sweep deletes, at most.
const SWEPT = 10_000;

export class TwoFactorCounters extends DurableObject {
  static maximumBytes = 9e9;

  #storage;
  #db;
  #alarm = true;

  constructor(state, env) {
    super(state, env);
    const { storage } = state;
    const rows = (text, values) => storage.sql.exec(text, ...values).toArray();
    this.#storage = storage;
    this.#db = { get: (text, ...values) => rows(text, values)[0], run: (text, ...values) => void rows(text, values) };
    if (!this.#db.get("SELECT name FROM sqlite_schema WHERE name = 'counters'"))
      storage.transactionSync(() => SCHEMA.forEach((statement) => this.#db.run(statement)));
    state.blockConcurrencyWhile(async () => {
      this.#alarm = (await storage.getAlarm()) !== null;
    });
  }

  /** Makes a list. Its answer leaves when the list is stored. */
  async add(charges) {
    if (!this.#alarm) await this.#wake(SWEEP);
    try {
      return this.#made([charges])[0];
    } catch (error) {
      if (!(error instanceof GuardFull)) throw error;
      this.#made([]);
      // An error's class would be lost on the way.
      return { full: true };
    }
  }

  /** Deletes what is kept no longer, and comes again as long as there are counters. */
  async alarm() {
    this.#alarm = false;
    const now = Date.now();
    this.#storage.transactionSync(() => {
      const { latest } = this.#db.get("SELECT latest FROM clock");
      sweep(this.#db, latest, Math.max(now, latest), SWEPT);
    });
    const { next } = this.#db.get("SELECT min(kept) AS next FROM counters");
    if (next !== null) await this.#wake(next > now ? Math.max(next - now, SWEEP) : SOON);
  }

  #made(lists) {
    const isFull = () => this.#storage.sql.databaseSize > this.constructor.maximumBytes;
    return this.#storage.transactionSync(() => make(this.#db, Date.now(), lists, isFull));
  }

  async #wake(after) {
    this.#alarm = true;
    await this.#storage.setAlarm(Date.now() + after);
  }
}

export class DurableObjectGuard {
  #namespace;
  #name;
  #timeout;

  constructor(namespace, given) {
    const { name = "counters", timeoutMilliseconds = 5000 } = options(given, ["name", "timeoutMilliseconds"]);
    if (typeof namespace?.idFromName !== "function")
      throw new Misuse("settings", "DurableObjectGuard: must get the binding of `TwoFactorCounters`");
    this.#namespace = namespace;
    this.#name = name;
    this.#timeout = timeoutMilliseconds;
  }

  get scope() {
    return "shared";
  }

  /** Calls the object once. Whatever goes wrong, the list may have been made. */
  async add(charges) {
    try {
      // A stub of its own for each list: one that failed once may fail for ever.
      const object = this.#namespace.get(this.#namespace.idFromName(this.#name));
      const answer = await within(this.#timeout, () => object.add(charges.map((charge) => ({ ...charge }))));
      if (answer.full) throw new GuardFull();
      return answer;
    } catch (error) {
      if (error instanceof GuardFull || error instanceof GuardUnreachable) throw error;
      throw new GuardUnreachable(error?.overloaded ? "busy: the object has too much to do" : `object: ${nameOf(error)}`);
    }
  }
}
