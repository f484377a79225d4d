/** Setting a file right that was used with a clock that was ahead. */

import { APART, GRACE } from "../rows.js";
import { connect, lost, patience } from "./file.js";

// How long a repaired file stays shut, in milliseconds: the longest life of a challenge, and how much longer its counter lives.
const SHUT = (600 + 240) * 1000;

// From this total on, a counter is the mark of a challenge that was won.
const CLAIM = 2 ** 20;

/** Repairs a file, and returns what was found and done. */
export function repair(file, now) {
  const db = connect(file);
  try {
    return repaired(db, file.timeout, now());
  } catch (error) {
    throw lost(error);
  } finally {
    db.close();
  }
}

function repaired(db, timeout, now) {
  const wait = patience(timeout);
  wait(() => db.begin());
  const { latest } = db.get("SELECT latest FROM clock");
  const { kept } = db.get("SELECT count(*) AS kept FROM counters");
  const ahead = latest - now;
  if (ahead <= APART) return { aheadSeconds: 0, shutSeconds: 0, kept, renewed: 0 };
  // It opens by itself before a repair would open it.
  if (ahead <= APART + SHUT) return { aheadSeconds: ahead / 1000, shutSeconds: (ahead - APART) / 1000, kept, renewed: 0 };
  const opens = now + SHUT;
  // A challenge that was won under the wrong clock is valid once more when its time comes: its mark keeps its end.
  const wrong = "ends - life > ? AND total < ?";
  const { renewed } = db.get(`SELECT count(*) AS renewed FROM counters WHERE ${wrong}`, now, CLAIM);
  db.run(`UPDATE counters SET ends = ? + life, kept = ? + life + min(life, ?) WHERE ${wrong}`, opens, opens, GRACE, now, CLAIM);
  // The file is shut while its time is more than this ahead.
  db.run("UPDATE clock SET latest = ?", opens + APART);
  wait(() => db.commit());
  return { aheadSeconds: ahead / 1000, shutSeconds: SHUT / 1000, kept, renewed };
}
