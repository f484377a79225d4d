/** Node, Bun and Deno: the engine inflated from text, files, and HTTP by `node:http`. */

import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";
// The one copy for `import` and `require`. As text in a script it survives every bundler.
import engine from "../../data/ask.cjs";
import { HttpTransport } from "../http.js";
import { imported } from "../imported.js";

export const isolates = false;

export function transport() {
  return new HttpTransport();
}

export function compile() {
  const { bytes, pages } = imported(brotliDecompressSync(Buffer.from(engine, "base64")));
  return { module: new WebAssembly.Module(bytes), memory: () => new WebAssembly.Memory({ initial: pages }) };
}

export function readText(path) {
  return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
}
