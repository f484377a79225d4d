/** The engine, compiled once, and its questions. Everything crosses as text (`wit/ASK.md`). */

import { compile } from "#platform";
import { Misuse, Upstream, failed, nameOf } from "./errors.js";
import { camel } from "./records.js";

const AREA = 262_144;
const MEMORY = 2 ** 21;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

// Maximum number of instances that stay open between questions.
const KEPT = 8;

let shared;

/** Returns a module with its pool of memories: the given module, compiled if it is bytes, or the package's own, compiled once. */
export function loaded(module) {
  try {
    if (module === undefined) return (shared ??= engine(compile()));
    // A module of another realm is no instance of this realm's class.
    return engine({ module: ArrayBuffer.isView(module) || module instanceof ArrayBuffer ? new WebAssembly.Module(module) : module });
  } catch (error) {
    throw new Upstream("plugin", `the module does not load: ${nameOf(error)}`);
  }
}

function engine({ module, memory }) {
  return { module, memory, free: [], open: 0 };
}

/**
 * Asks the questions of one operation. While at most `KEPT` instances are open, they all go to one, which has the settings and the state
 * already. Beyond that the instance is closed after each question, so that slow operations do not hold memory.
 */
export class Conversation {
  #engine;
  #place;

  constructor(engine) {
    this.#engine = engine;
  }

  /** Asks a question, and returns the kind of the answer and the answer. Throws the failure if it is one. */
  ask(settings, now, question) {
    let kind, answer;
    try {
      this.#place ??= open(this.#engine);
      const { exports, area } = this.#place;
      const length = write(settings, area);
      const end = exports.ask(length, write(question, area.subarray(length)), now);
      [[kind, answer]] = Object.entries(JSON.parse(decoder.decode(area.subarray(0, end))));
    } catch (error) {
      this.close();
      throw error instanceof Misuse ? error : new Upstream("plugin", `the module trapped: ${nameOf(error)}`);
    }
    if (this.#engine.open > KEPT) this.close();
    if (kind === "failure") throw failed(camel(answer));
    return [kind, answer];
  }

  /** Ends the instance, and overwrites its memory, which holds keys and PINs. */
  close() {
    if (!this.#place) return;
    const { memory } = this.#place;
    this.#place = undefined;
    this.#engine.open -= 1;
    new Uint8Array(memory.buffer).fill(0);
    if (this.#engine.memory) this.#engine.free.push(memory);
  }
}

function open(engine) {
  const imported = engine.memory && (engine.free.pop() ?? engine.memory());
  let memory;
  const random_get = (at, length) => {
    try {
      crypto.getRandomValues(new Uint8Array(memory.buffer, at, length));
      return 0;
    } catch {
      return 29;
    }
  };
  const { exports } = new WebAssembly.Instance(engine.module, { wasi_snapshot_preview1: { random_get }, host: { memory: imported } });
  memory = exports.memory;
  if (memory.buffer.byteLength > MEMORY) throw new RangeError();
  const area = new Uint8Array(memory.buffer, exports.area.value, AREA);
  engine.open += 1;
  return { exports, memory, area };
}

function write(text, area) {
  const { read, written } = encoder.encodeInto(text, area);
  if (read < text.length) throw new Misuse("request", "question: longer than 100 KiB");
  return written;
}

/** Asks a question that nothing follows, and returns the answer. */
export function once(question, settings = "", now = 0, module = loaded()) {
  const conversation = new Conversation(module);
  try {
    return conversation.ask(settings, now, text(question))[1];
  } finally {
    conversation.close();
  }
}

/** Returns a value as JSON. Throws `Misuse` for one that JSON cannot express. */
export function text(value, code = "request", detail = "an argument is neither text, number nor flag", indent = 0) {
  try {
    return JSON.stringify(value, null, indent);
  } catch {
    throw new Misuse(code, detail);
  }
}
