/** The engine, compiled once, and its questions. Everything crosses as text (`wit/ASK.md`). */

import { compile } from "#platform";
import { Misuse, Upstream, failed, nameOf } from "./errors.js";
import { camel } from "./records.js";

const AREA = 262_144;
const MEMORY = 2 ** 21;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

let shared;

/** Returns a compiled module: the given one, from its bytes if need be, or the package's own, with the memory that it imports, if any. */
export function loaded(module) {
  try {
    if (module === undefined) return (shared ??= compile());
    // A module of another realm is no instance of this realm's class.
    return { module: ArrayBuffer.isView(module) || module instanceof ArrayBuffer ? new WebAssembly.Module(module) : module };
  } catch (error) {
    throw new Upstream("plugin", `the module does not load: ${nameOf(error)}`);
  }
}

/** Asks one question, in an instance of its own, and returns the kind of the answer and the answer. Throws the failure if it is one. */
export function ask({ module, memory: imported }, settings, now, question) {
  let kind, answer, memory, area;
  const random_get = (at, length) => {
    try {
      crypto.getRandomValues(new Uint8Array(memory.buffer, at, length));
      return 0;
    } catch {
      return 29;
    }
  };
  try {
    const { exports } = new WebAssembly.Instance(module, { wasi_snapshot_preview1: { random_get }, host: { memory: imported } });
    memory = exports.memory;
    if (memory.buffer.byteLength > MEMORY) throw new RangeError();
    area = new Uint8Array(memory.buffer, exports.area.value, AREA);
    const length = write(settings, area);
    const end = exports.ask(length, write(question, area.subarray(length)), now);
    [[kind, answer]] = Object.entries(JSON.parse(decoder.decode(area.subarray(0, end))));
  } catch (error) {
    throw error instanceof Misuse ? error : new Upstream("plugin", `the module trapped: ${nameOf(error)}`);
  } finally {
    // It holds keys and PINs. One that is imported is used again, and any other is freed with its instance.
    (imported ? new Uint8Array(imported.buffer) : area)?.fill(0);
  }
  if (kind === "failure") throw failed(camel(answer));
  return [kind, answer];
}

function write(text, area) {
  const { read, written } = encoder.encodeInto(text, area);
  if (read < text.length) throw new Misuse("request", "question: longer than 100 KiB");
  return written;
}

/** Asks a question that nothing follows, and returns the answer. */
export function once(question, settings = "", now = 0, module = loaded()) {
  return ask(module, settings, now, text(question))[1];
}

/** Returns a value as JSON. Throws `Misuse` for one that JSON cannot express. */
export function text(value, code = "request", detail = "an argument is neither text, number nor flag", indent = 0) {
  try {
    return JSON.stringify(value, null, indent);
  } catch {
    throw new Misuse(code, detail);
  }
}
