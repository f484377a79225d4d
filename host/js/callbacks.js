import { TwoFactorError, Upstream } from "./src/errors.js";

// Bytes of the longest body that is read.
const LONGEST = 16 * 1024;
// The names of the id of a message and of a call.
const NAMES = ["msgid", "callid"];
const ID = /^[A-Za-z0-9_-]{1,64}$/;

export async function receive(twoFactor, callback, find) {
  const messageId = idIn(await bounded(callback));
  const handle = messageId && (await find(messageId));
  if (!handle) return { status: 200 };
  try {
    return { status: 200, messageId, report: await twoFactor.status(handle) };
  } catch (failure) {
    if (!(failure instanceof TwoFactorError)) throw failure;
    const again = failure instanceof Upstream || failure.retryAfterSeconds !== undefined;
    return { status: again ? 503 : 200, messageId, failure };
  }
}

/** Returns a callback as text. Empty if it is longer than allowed, or if its request was aborted. */
async function bounded(callback) {
  if (typeof callback === "string") return callback.length > LONGEST ? "" : callback;
  const read = new Uint8Array(LONGEST);
  let length = 0;
  const all = parts(callback);
  try {
    for await (const part of all) {
      if (length + part.length > LONGEST) return "";
      read.set(part, length);
      length += part.length;
    }
  } catch {
    return "";
  }
  return new TextDecoder().decode(read.subarray(0, length));
}

/** Returns the bytes of a body, of a stream of Node, or of a request of `fetch`. */
function parts(callback) {
  if (callback instanceof Uint8Array) return [callback];
  if (Symbol.asyncIterator in callback) return callback;
  return callback.body ? chunks(callback.body.getReader()) : [];
}

async function* chunks(reader) {
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
  } finally {
    await reader.cancel();
  }
}

/** Finds the id in a JSON object or a form: Xoxzo's pages do not settle which it is. */
function idIn(text) {
  let fields;
  try {
    fields = JSON.parse(text);
  } catch {
    fields = Object.fromEntries(new URLSearchParams(text));
  }
  const id = NAMES.map((name) => fields?.[name]).find((found) => found !== undefined);
  return typeof id === "string" && ID.test(id) ? id : undefined;
}
