/**
 * Makes what the package holds beside its sources: the engine as text and as a module, the vectors of the guard suite, and the same
 * modules for `require`. `npm pack` runs it.
 */

import { copyFileSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";
import { transformSync } from "esbuild";

const at = (path) => new URL(`../${path}`, import.meta.url);
const engine = readFileSync(at("../ask/two-factor-ask.wasm"));
const packed = brotliCompressSync(engine, {
  params: { [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: engine.length },
});
writeFileSync(at("src/two-factor-ask.wasm"), engine);
writeFileSync(at("src/ask.cjs"), `module.exports = ${JSON.stringify(packed.toString("base64"))};\n`);
writeFileSync(at("src/vectors.cjs"), `module.exports = ${JSON.stringify(JSON.parse(readFileSync(at("../../tests/vectors/guard.json"), "utf8")))};\n`);

rmSync(at("cjs"), { recursive: true, force: true });
for (const folder of ["", "src/", "src/platform/", "guards/"]) {
  mkdirSync(at(`cjs/${folder}`), { recursive: true });
  for (const name of readdirSync(at(folder || "."))) {
    // The commands are for `import` alone, and a large text is there once.
    if (name.endsWith(".d.ts")) copyFileSync(at(folder + name), at(`cjs/${folder}${name}`));
    else if (name.endsWith(".js") && name !== "bin.js") writeFileSync(at(`cjs/${folder}${name}`), required(folder + name));
  }
}
writeFileSync(
  at("cjs/package.json"),
  JSON.stringify({ type: "commonjs", imports: { "#platform": "./src/platform/default.js" } }),
);

function required(path) {
  const { code } = transformSync(readFileSync(at(path), "utf8"), { format: "cjs", target: "node20", platform: "node" });
  const up = "../".repeat(path.split("/").length);
  return code.replace(/require\("[./]+\/(\w+)\.cjs"\)/g, (_, name) => `require("${up}src/${name}.cjs")`);
}
