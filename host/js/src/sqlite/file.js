/** The file of a guard, as it is opened, and how long its lock is tried for. */

import { createRequire } from "node:module";
import { lstatSync } from "node:fs";
import { GuardError, GuardFull, GuardUnfit, GuardUnreachable } from "../guard.js";
import { SCHEMA } from "../rows.js";
import { check, checkFile } from "./place.js";

// "x2fa".
const APPLICATION = 0x78326661;
const VERSION = 1;
const PAGE = 4096;

// The longest pause before a lock is tried again, in milliseconds. Pauses are drawn, so that processes do not try in step.
const PAUSE = 4;

// Of SQLite's result codes those that mean something here, and their texts: Deno gives no code.
const [BUSY, LOCKED, CORRUPT, FULL, NOT_A_DATABASE] = [5, 6, 11, 13, 26];
const TEXTS = {
  "database is locked": BUSY,
  "database table is locked": LOCKED,
  "database disk image is malformed": CORRUPT,
  "database or disk is full": FULL,
  "file is not a database": NOT_A_DATABASE,
};

/** Returns what tries a step until the file is not busy, for at most so many milliseconds in all. */
export function patience(timeout) {
  const until = performance.now() + timeout;
  return (step) => {
    for (;;) {
      try {
        return step();
      } catch (error) {
        if (![BUSY, LOCKED].includes(codeOf(error)) || performance.now() >= until) throw lost(error);
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.random() * PAUSE);
    }
  };
}

/** Opens the file, which is made a guard's if it is empty. */
export function connect({ path, timeout, size, network }) {
  const file = check(path, network);
  const db = new Connection(opened(file));
  try {
    // If it went meanwhile, this is another.
    checkFile(lstatSync(file));
    patience(timeout)(() => setUp(db, size));
  } catch (error) {
    db.close();
    throw lost(error);
  }
  return db;
}

/** Statements by their texts, each compiled once. */
class Connection {
  #database;
  #statements = new Map();

  constructor(database) {
    this.#database = database;
  }

  get = (text, ...values) => this.#statement(text).get(...values) ?? undefined;

  run = (text, ...values) => void this.#statement(text).run(...values);

  begin() {
    this.run("BEGIN IMMEDIATE");
  }

  commit() {
    this.run("COMMIT");
  }

  rollback() {
    try {
      this.run("ROLLBACK");
    } catch {
      // There is no transaction.
    }
  }

  pragma(text) {
    return Object.values(this.#database.prepare(`PRAGMA ${text}`).get() ?? {})[0];
  }

  close() {
    this.rollback();
    this.#statements.clear();
    this.#database.close();
  }

  #statement(text) {
    if (!this.#statements.has(text)) this.#statements.set(text, this.#database.prepare(text));
    return this.#statements.get(text);
  }
}

/** Opens a file with what the runtime has. Statements of both kinds have `get` and `run`. */
function opened(file) {
  const load = createRequire("/");
  try {
    if (globalThis.Bun) return new (load("bun:sqlite").Database)(file, { create: false, readwrite: true });
    return new (load("node:sqlite").DatabaseSync)(file);
  } catch (error) {
    throw lost(error);
  }
}

function setUp(db, size) {
  db.pragma("busy_timeout = 0");
  db.begin();
  try {
    own(db);
    db.commit();
  } catch (error) {
    db.rollback();
    throw error;
  }
  if (db.pragma("journal_mode = TRUNCATE") !== "truncate") throw new GuardUnfit("the file has no rollback journal");
  db.pragma("synchronous = FULL");
  db.pragma("trusted_schema = OFF");
  db.pragma(`max_page_count = ${Math.max(Math.floor(size / PAGE), 16)}`);
  db.pragma("mmap_size = 0");
}

function own(db) {
  const [application, version] = [db.pragma("application_id"), db.pragma("user_version")];
  if (application === APPLICATION && version === VERSION) return;
  if (application === APPLICATION) throw new GuardUnfit("the file is of another version");
  const { tables } = db.get("SELECT count(*) AS tables FROM sqlite_schema");
  if (application !== 0 || version !== 0 || tables !== 0) throw new GuardUnfit("the file is not a guard's");
  db.pragma(`application_id = ${APPLICATION}`);
  db.pragma(`user_version = ${VERSION}`);
  for (const statement of SCHEMA) db.run(statement);
}

function codeOf(error) {
  const code = error?.errcode ?? error?.errno;
  return typeof code === "number" ? code & 0xff : TEXTS[error?.message];
}

/** Returns the guard's error for an error of SQLite, without the path. */
export function lost(error) {
  if (error instanceof GuardError) return error;
  const code = codeOf(error);
  if (code === FULL) return new GuardFull("the guard's file is full");
  if (code === BUSY || code === LOCKED) return new GuardUnreachable("busy: other processes have the file");
  if (code === NOT_A_DATABASE) return new GuardUnfit("the file is not a guard's");
  if (code === CORRUPT) return new GuardUnfit("the file is damaged");
  return new GuardUnreachable(`file: ${code === undefined ? (error?.code ?? error?.name) : `SQLite's error ${code}`}`);
}
