/** Node, Bun and Deno: the engine inflated from text, files, and HTTP by `node:http`. */

import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";
// The one copy for `import` and `require`. As text in a script it survives every bundler.
import engine from "../../data/ask.cjs";
import { HttpTransport } from "../http.js";

export const isolates = false;

export function transport() {
  return new HttpTransport();
}

export function compile() {
  const module = new WebAssembly.Module(brotliDecompressSync(Buffer.from(engine.text, "base64")));
  return { module, memory: () => new WebAssembly.Memory({ initial: engine.pages }) };
}

export function readText(path) {
  return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
}
