/** Counters in a Durable Object, and the guard that calls it from a Worker. */

import { DurableObject } from "cloudflare:workers";
import type { Charge, Guard, Totals } from "../src/guard.js";

/**
 * The object that counts. Export it from the Worker's module, and name it in `new_sqlite_classes` of a migration.
 *
 * Each list is one transaction in the object's SQLite, stored before it is answered. An alarm deletes what has ended in an object that is
 * not in use.
 */
export class TwoFactorCounters extends DurableObject {
  /** The most that the object stores. Beyond it, new counters are refused with `GuardFull`. 9,000,000,000, below Cloudflare's own limit. */
  static maximumBytes: number;
  add(charges: readonly Charge[]): Promise<Totals | { readonly full: true }>;
  alarm(): Promise<void>;
}

/** The binding of `TwoFactorCounters`. */
export interface CountersNamespace {
  idFromName(name: string): unknown;
  get(id: never): unknown;
}

/**
 * A store in one Durable Object. A list whose answer is lost is never sent again: every failure of the object is a `GuardUnreachable`.
 *
 * One object makes all lists of its name, one after the other, where it was first used. That is its limit: Cloudflare names about 1,000
 * requests a second for an object, and a login makes three lists.
 */
export class DurableObjectGuard implements Guard {
  constructor(
    namespace: CountersNamespace,
    options?: {
      /** Name of the object. `counters` if absent. Services with an audience of their own may have an object of their own. */
      readonly name?: string;
      /** For an answer. 5,000 if absent. */
      readonly timeoutMilliseconds?: number;
    },
  );
  readonly scope: "shared";
  add(charges: readonly Charge[]): Promise<Totals>;
}
