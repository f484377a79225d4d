/**
 * Lists of charges on rows of SQLite, within a transaction.
 *
 *     counters  name | total | life | ends | kept        times in milliseconds since 1970, life in milliseconds
 *     clock     latest: the time of the latest list
 *
 * A row whose life is over stays as long again as it lived, at most a day, and the time of the list before decides what goes: a clock that
 * is wrong once takes nothing away that is still needed.
 */

import { GuardFull, U32, applied } from "./guard.js";

/** How far the time may lie before that of the latest list, in milliseconds. */
export const APART = 120_000;

/** An ended row stays at most for so long, in milliseconds. */
export const GRACE = 86_400_000;

/** Makes an empty database a guard's. The text is the same in every language, and is kept in the file. */
export const SCHEMA = [
  "CREATE TABLE counters (name TEXT PRIMARY KEY, total INTEGER NOT NULL, life INTEGER NOT NULL, ends INTEGER NOT NULL," +
    " kept INTEGER NOT NULL) WITHOUT ROWID",
  "CREATE INDEX counters_by_kept ON counters (kept)",
  "CREATE TABLE clock (one INTEGER PRIMARY KEY CHECK (one = 1), latest INTEGER NOT NULL)",
  "INSERT INTO clock VALUES (1, 0)",
];

// Rows that are deleted with each list, at most. More than a list adds, so that a busy store does not grow without end.
const SWEPT = 16;

/** Makes lists at a time in milliseconds. None of them: only sweeps. `isFull` says whether there is no room for a new counter. */
export function make(db, now, lists, isFull = () => false) {
  const { latest } = db.get("SELECT latest FROM clock");
  if (now < latest - APART) return lists.map(() => ({ totals: [], nowSeconds: seconds(latest + 999) }));
  const time = Math.max(now, latest);
  let changes = 0;
  const changed = (text, ...values) => {
    changes += 1;
    db.run(text, ...values);
  };
  const answers = lists.map((charges) => ({
    totals: made({ get: db.get, run: changed }, time, charges, isFull),
    nowSeconds: seconds(time),
  }));
  if (changes > 0 || lists.length === 0) sweep(db, latest, time, SWEPT * Math.max(lists.length, 1));
  return answers;
}

/** Deletes some of the rows that are kept no longer by the time of the list before, and writes down the time of this one. */
export function sweep(db, latest, now, most) {
  db.run("DELETE FROM counters WHERE name IN (SELECT name FROM counters WHERE kept <= ? ORDER BY kept LIMIT ?)", latest, most);
  db.run("UPDATE clock SET latest = ?", now);
}

function made({ get, run }, now, charges, isFull) {
  const totals = [];
  for (const charge of charges) {
    const life = charge.ttlSeconds * 1000;
    const live = get("SELECT total, ends FROM counters WHERE name = ? AND ends > ?", charge.counter, now);
    const { total: before, ends } = live ?? { total: 0, ends: now + life };
    const { total, refused } = applied(charge, before);
    if (!refused && total !== before) {
      if (total === 0) run("DELETE FROM counters WHERE name = ?", charge.counter);
      else if (live) run("UPDATE counters SET total = ? WHERE name = ?", total, charge.counter);
      else if (isFull()) throw new GuardFull();
      else run("REPLACE INTO counters VALUES (?, ?, ?, ?, ?)", charge.counter, total, life, ends, ends + Math.min(life, GRACE));
    }
    totals.push({ total, endsInSeconds: Math.min(Math.ceil((ends - now) / 1000), U32) });
    if (refused) break;
  }
  return totals;
}

/** Returns whole seconds of a time in milliseconds. */
function seconds(time) {
  return Math.min(Math.floor(time / 1000), U32);
}
