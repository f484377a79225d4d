/**
 * A module that imports its memory.
 *
 * No instance serves two operations. With a memory of its own, each would also reserve gigabytes of addresses and report a megabyte to the
 * garbage collector, which then takes longer than the engine. With memories that are overwritten and used again, neither happens, and no
 * secret waits for the collector. An instance begins with the same bytes either way: zeros, and what its module says.
 */

const IMPORTS = 2;
const MEMORY = 5;

/** Returns a module's bytes with its memory imported as `host.memory`, and the initial number of that memory's pages. */
export function imported(bytes) {
  const sections = cut(bytes);
  const [, memory] = sections.find(([id]) => id === MEMORY);
  const limits = memory.subarray(1);
  const made = sections
    .filter(([id]) => id !== MEMORY)
    .map(([id, body]) => [
      id,
      id === IMPORTS ? [body[0] + 1, ...body.subarray(1), ...text("host"), ...text("memory"), 2, ...limits] : body,
    ]);
  const parts = [bytes.subarray(0, 8), ...made.flatMap(([id, body]) => [[id, ...leb(body.length)], body])];
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return { bytes: whole, pages: number(limits, 1)[0] };
}

/** Returns the sections of a module, each with its id. */
function cut(bytes) {
  const sections = [];
  for (let at = 8; at < bytes.length;) {
    const [length, begin] = number(bytes, at + 1);
    sections.push([bytes[at], bytes.subarray(begin, begin + length)]);
    at = begin + length;
  }
  return sections;
}

/** Reads a number in LEB128. Returns it, and the place after it. */
function number(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value |= (byte & 127) << shift;
    if (byte < 128) return [value, at];
  }
}

function leb(value) {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}

function text(name) {
  return [name.length, ...new TextEncoder().encode(name)];
}
