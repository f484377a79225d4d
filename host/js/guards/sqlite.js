/** Counters in one SQLite file, for all processes of one machine and all languages. A thread has the file. */

import { isBuiltin } from "node:module";
import { Worker } from "node:worker_threads";
import { Misuse } from "../src/errors.js";
import { GuardFull, GuardUnfit, GuardUnreachable } from "../src/guard.js";
import { options } from "../src/options.js";
// The thread's program, as text: bundlers would leave a file behind.
import program from "../data/thread.txt";

const NAMES = ["timeoutMilliseconds", "sizeBytes", "dangerNetworkFile", "dangerClock"];
const ERRORS = { full: GuardFull, unfit: GuardUnfit, unreachable: GuardUnreachable };

export class SqliteGuard {
  #file;
  #clock;
  #thread;
  // Lists that wait for the next transaction.
  #waiting = [];
  #committing = false;

  constructor(path, given) {
    if (!globalThis.Bun && !isBuiltin("node:sqlite")) throw refused("needs Node 22.13 or later, Bun or Deno");
    if (typeof path !== "string" || path.includes("\0")) throw refused("the path must be text");
    const { timeoutMilliseconds = 5000, sizeBytes = 2 ** 30, dangerNetworkFile = false, dangerClock } = options(given, NAMES);
    this.#file = { path, timeout: timeoutMilliseconds, size: sizeBytes, network: dangerNetworkFile };
    this.#clock = () => dangerClock && dangerClock() * 1000;
  }

  get scope() {
    return "shared";
  }

  add(charges) {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ charges: charges.map((charge) => ({ ...charge })), resolve, reject });
      void this.#commit();
    });
  }

  async check() {
    await this.#ask("open");
  }

  async close() {
    const thread = this.#thread;
    this.#thread = undefined;
    if (!thread) return;
    await thread.ask("close");
    await thread.end();
  }

  static async repair(path, given) {
    const guard = new SqliteGuard(path, given);
    try {
      return await guard.#ask("repair", { now: guard.#clock() });
    } finally {
      await guard.close();
    }
  }

  /** Makes all lists that wait, in one transaction. Those that come meanwhile share the next. */
  async #commit() {
    if (this.#committing || this.#waiting.length === 0) return;
    const batch = this.#waiting;
    [this.#waiting, this.#committing] = [[], true];
    try {
      const answers = await this.#ask("add", { lists: batch.map(({ charges }) => charges), now: this.#clock() });
      for (const [at, { resolve }] of batch.entries()) resolve(answers[at]);
    } catch (error) {
      // An error of its own for each.
      for (const { reject } of batch) reject(ERRORS[error.kind] ? new ERRORS[error.kind](error.message) : error);
    }
    this.#committing = false;
    void this.#commit();
  }

  #ask(action, given) {
    if (!this.#thread?.lives) this.#thread = new Thread(this.#file);
    return this.#thread.ask(action, given);
  }
}

/** A thread that answers questions in their order, and keeps the process alive only while one waits. */
class Thread {
  lives = true;
  #worker;
  #asked = new Map();
  #last = 0;

  constructor(file) {
    // Flags of the process are for its own program: `--input-type=module` would make this one a module.
    this.#worker = new Worker(program, { eval: true, execArgv: [], workerData: file });
    this.#worker.on("message", ({ id, answer, kind, message }) => {
      const { resolve, reject } = this.#asked.get(id);
      this.#asked.delete(id);
      if (this.#asked.size === 0) this.#worker.unref();
      if (kind) reject(new ERRORS[kind](message));
      else resolve(answer);
    });
    this.#worker.on("error", () => this.#ended());
    this.#worker.on("exit", () => this.#ended());
  }

  ask(action, given) {
    return new Promise((resolve, reject) => {
      const id = ++this.#last;
      this.#asked.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, action, ...given });
    });
  }

  async end() {
    await this.#worker.terminate();
  }

  /** Whether the lists were made is not known. */
  #ended() {
    this.lives = false;
    for (const { reject } of this.#asked.values()) reject(new GuardUnreachable("thread: it ended"));
    this.#asked.clear();
  }
}

function refused(why) {
  return new Misuse("settings", `SqliteGuard: ${why}`);
}
