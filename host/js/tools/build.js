/**
 * Makes what is published, of the sources. `npm pack` runs it.
 *
 * - `data`: the engine as a module, and as text with its memory imported, and the vectors for the tests of a guard; not published, the thread of a guard as text
 * - `dist`: the sources in few files, since Node takes a millisecond or more for each
 * - `cjs`: the same for `require`, with copies of the types
 */

import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants } from "node:zlib";
import { buildSync, transformSync } from "esbuild";
import { imported } from "./imported.js";

const HERE = fileURLToPath(new URL("../", import.meta.url));
const at = (path) => HERE + path;

function written(path, text) {
  mkdirSync(at(path.slice(0, path.lastIndexOf("/"))), { recursive: true });
  writeFileSync(at(path), text);
}

function names(folder, end) {
  return existsSync(at(folder)) ? readdirSync(at(folder)).filter((name) => name.endsWith(end)) : [];
}

for (const folder of ["data", "dist", "cjs"]) rmSync(at(folder), { recursive: true, force: true });

const engine = readFileSync(at("../ask/two-factor-ask.wasm"));
const { bytes, pages } = imported(engine);
const packed = brotliCompressSync(bytes, {
  params: { [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
});
const { tests } = JSON.parse(readFileSync(at("../../tests/vectors/guard.json"), "utf8"));
written("data/two-factor-ask.wasm", engine);
written("data/ask.cjs", `module.exports = ${JSON.stringify({ pages, text: packed.toString("base64") })};\n`);
written("data/vectors.cjs", `module.exports = ${JSON.stringify({ tests })};\n`);

const thread = { bundle: true, write: false, minify: true, format: "cjs", target: "node22", platform: "node" };
written("data/thread.txt", buildSync({ ...thread, entryPoints: [at("src/sqlite/worker.js")] }).outputFiles[0].text);

const entryPoints = { index: at("index.js"), callbacks: at("callbacks.js"), testing: at("testing.js") };
for (const name of names("src/platform", ".js")) entryPoints[`platform/${name.slice(0, -3)}`] = at(`src/platform/${name}`);
for (const name of names("guards", ".js")) entryPoints[`guards/${name.slice(0, -3)}`] = at(`guards/${name}`);
const { outputFiles } = buildSync({
  entryPoints,
  outdir: at("dist"),
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  platform: "neutral",
  chunkNames: "shared-[hash]",
  loader: { ".lua": "text", ".txt": "text" },
  external: ["node:*", "bun:*", "cloudflare:*", "#platform", "*.cjs", "*.wasm", "*?module"],
  write: false,
  logLevel: "warning",
});
for (const { path, text } of outputFiles) {
  const name = path.slice(at("dist/").length);
  written(`dist/${name}`, text);
  const { code } = transformSync(text, { format: "cjs", target: "node20", platform: "node" });
  // What is for isolates alone is never required.
  if (!/^platform\/(?!default)/.test(name)) written(`cjs/${name}`, code);
}
written("cjs/package.json", JSON.stringify({ type: "commonjs", imports: { "#platform": "./platform/default.js" } }));
for (const folder of ["", "src/", "guards/"]) {
  mkdirSync(at(`cjs/${folder}`), { recursive: true });
  for (const name of names(folder || ".", ".d.ts")) copyFileSync(at(folder + name), at(`cjs/${folder}${name}`));
}
