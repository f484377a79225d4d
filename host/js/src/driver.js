/**
 * The driver of every operation. It asks the engine, and makes the charges and requests that the engine waits for.
 *
 *     ask ──► count ──► guard ──► totals, or no answer ──────┐
 *      ▲  └──► send ──► transport ──► response, or no answer ┤
 *      │  └──► the result                                    │
 *      └─────────────────────────────────────────────────────┘
 */

import { bounded } from "./bounds.js";
import { Conversation, loaded, once } from "./engine.js";
import { Upstream, nameOf } from "./errors.js";
import { hide } from "./records.js";
import { decoded } from "./transport.js";

// Seconds that a clock may be set back. The counter of a challenge outlives it by more.
const BACK = 120;

// Maximum number of bytes of a body that are passed to the engine, and of characters of a cause, of which the engine keeps 200.
const BODY = 16 * 1024;
const CAUSE = 1024;

// Kinds of answers after which an operation goes on.
const TURNS = { count: counted, send: sent };

/**
 * Settings in effect, and the engine that they are for.
 *
 * Counters in memory end by a clock that nobody can set, and challenges by the host's. If the host's is set back, a challenge whose counter
 * has ended could be valid again. With a guard of the scope `process` the settings are then prepared anew. That ends every earlier
 * challenge, as a restart of the process does. Other guards return their time, which the engine compares.
 */
export class Prepared {
  #module;
  #document;
  #clock;
  #process;
  #settings;
  #latest = 0;

  constructor(module, document, clock) {
    this.#module = loaded(module);
    this.#document = document;
    this.#clock = clock;
    const { effective, warnings } = this.#prepare();
    const { guard, xoxzo } = JSON.parse(effective);
    this.#process = guard.scope === "process";
    /** The only scheme and authority that requests may go to. */
    this.origin = xoxzo.base_url;
    this.effective = effective;
    this.warnings = warnings;
  }

  /** Asks a question of an operation that goes on. */
  ask(conversation, question) {
    return conversation.ask(this.#settings, this.now(), question);
  }

  /** Asks a question that nothing follows, and returns the answer. */
  once(question) {
    this.#check();
    return once(question, this.#settings, this.now(), this.#module);
  }

  /** Begins an operation. Returns its conversation, which the caller must close. */
  begin() {
    this.#check();
    return new Conversation(this.#module);
  }

  /** Sees to it that the settings are right for an operation that begins now. */
  #check() {
    if (!this.#process) return;
    const now = this.now();
    if (now + BACK < this.#latest) {
      this.#prepare();
      this.#latest = now;
    }
    this.#latest = Math.max(this.#latest, now);
  }

  /** Returns the clock's time, in whole seconds. */
  now() {
    let now;
    try {
      now = Math.floor(this.#clock());
    } catch (error) {
      throw new Upstream("clock", `the host's clock failed: ${nameOf(error)}`);
    }
    if (!isU32(now)) throw new Upstream("clock", "the host's clock is before 1970 or after 2106");
    return now;
  }

  #prepare() {
    const prepared = once({ prepare: { json: this.#document } }, "", 0, this.#module);
    this.#settings = prepared.settings;
    return prepared;
  }
}

/** Runs an operation to its end, and returns the kind of its answer and the answer. */
export async function drive(prepared, guard, transport, question) {
  const conversation = prepared.begin();
  try {
    for (;;) {
      const [kind, answer] = prepared.ask(conversation, question);
      const turn = Object.hasOwn(TURNS, kind) && TURNS[kind];
      if (!turn) return [kind, answer];
      question = JSON.stringify(await turn(answer, prepared.origin, guard, transport));
    }
  } finally {
    conversation.close();
  }
}

async function counted({ state, charges }, _, guard) {
  try {
    const made = charges.map(({ counter, group, amount, limit, ttl_seconds }) => ({
      counter,
      group,
      amount,
      limit,
      ttlSeconds: ttl_seconds,
    }));
    const { totals, nowSeconds } = await guard.add(made);
    const plain = Array.from(totals, ({ total, endsInSeconds }) => ({ total: u32(total), ends_in_seconds: u32(endsInSeconds) }));
    return { counted: { state, totals: plain, now_seconds: nowSeconds === undefined ? undefined : u32(nowSeconds) } };
  } catch (error) {
    const full = error?.kind === "full";
    return unanswered(state, full ? "guard-full" : "guard-unreachable", full ? "full: no room for a new counter" : guardCause(error));
  }
}

/** Returns why a guard gave no totals, in one line for operators. */
export function guardCause(error) {
  if (error?.kind === "unfit") return `unfit: ${error.message}`;
  return error?.kind === "unreachable" ? error.message : `guard: it threw ${nameOf(error)}`;
}

async function sent({ state, request }, origin, _, transport) {
  // The slash ends the authority, so the request cannot go to a longer host name.
  if (!request.url.startsWith(`${origin}/`)) throw new Upstream("plugin", "the engine asked for another origin than that of the settings");
  const headers = Object.fromEntries(request.headers.map(({ name, value }) => [name, value]));
  const asked = hide(
    { method: request.method, url: request.url, timeoutMilliseconds: Math.min(request.timeout_milliseconds, 30_000) },
    { headers, body: request.body ?? "" },
  );
  try {
    const { status, retryAfter, body } = await transport.send(asked);
    const headers = retryAfter == null ? undefined : [{ name: "retry-after", value: String(retryAfter).slice(0, 64) }];
    return { sent: { state, response: { status: u32(status), headers, body: cut(body) } } };
  } catch (error) {
    const known = error?.kind === "not-sent" || error?.kind === "unknown";
    return unanswered(state, known ? error.kind : "unknown", known ? error.message : `transport: it threw ${nameOf(error)}`);
  }
}

function unanswered(state, no_answer, cause) {
  return { unanswered: { state, no_answer, cause: bounded(String(cause).slice(0, CAUSE)) } };
}

function cut(body) {
  if (typeof body !== "string") throw new TypeError();
  return decoded(new TextEncoder().encode(body).subarray(0, BODY));
}

/** Returns a number that has the form of the contract. An answer with any other is worth as little as none. */
function u32(number) {
  if (!isU32(number)) throw new TypeError();
  return number;
}

function isU32(number) {
  return number >>> 0 === number;
}
