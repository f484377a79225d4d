/** The thread that has a guard's file, so that no list keeps the event loop waiting. */

import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";
import { GuardFull } from "../guard.js";
import { make } from "../rows.js";
import { connect, lost, patience } from "./file.js";
import { repair } from "./repair.js";

// Node 22 would say in each thread that its SQLite is experimental.
process.removeAllListeners("warning");

let connection;

const ACTIONS = {
  open: () => void (connection ??= connect(workerData)),
  add: ({ lists, now }) => committed(lists, now),
  repair: ({ now }) => repair(workerData, clock(now)),
  close: () => {
    connection?.close();
    connection = undefined;
  },
};

parentPort.on("message", ({ id, action, ...given }) => {
  try {
    parentPort.postMessage({ id, answer: ACTIONS[action](given) });
  } catch (error) {
    const { kind, message } = lost(error);
    parentPort.postMessage({ id, kind, message });
  }
});

/** Makes lists in one transaction, and returns their answers when it is on the disk. */
function committed(lists, now) {
  const db = (connection ??= connect(workerData));
  try {
    return transacted(db, lists, now);
  } catch (error) {
    db.rollback();
    const told = lost(error);
    if (told instanceof GuardFull) makeRoom(db, now);
    else leave();
    throw told;
  }
}

/** Deletes a few of the rows that are kept no longer. */
function makeRoom(db, now) {
  try {
    transacted(db, [], now);
  } catch {
    leave();
  }
}

/** Closes a connection that failed. It is used no more. */
function leave() {
  connection.close();
  connection = undefined;
}

function transacted(db, lists, now) {
  const wait = patience(workerData.timeout);
  wait(() => db.begin());
  const answers = make(db, clock(now)(), lists);
  // Others that look in can keep a commit waiting too: the transaction stays open meanwhile.
  wait(() => db.commit());
  return answers;
}

/** Returns the clock, or one that stands still. In milliseconds since 1970. */
function clock(now) {
  return () => Math.max(Math.floor(now ?? Date.now()), 0);
}
