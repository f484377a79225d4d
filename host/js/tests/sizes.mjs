/**
 * What the package costs, held against limits: `sizes.mjs TARBALL`. Sizes without the engine, which is as large everywhere.
 *
 * - library: what `xoxzo-2fa` itself exports, without `testing` and `guards`, minified, and compressed by gzip
 * - operations: of that what every operation runs, without transports, counters in memory, settings and functions for keys
 */

import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const HERE = new URL(".", import.meta.url).pathname;
const OPERATIONS = ["bounds", "client", "driver", "engine", "errors", "event", "records"];
const IMPORTS = 15;

const sources = `${process.env.XOXZO_2FA_ROOT}/host/js`;
const { metafile, outputFiles } = await build({
  entryPoints: [`${sources}/index.js`],
  alias: { "#platform": `${sources}/src/platform/default.js` },
  bundle: true,
  minify: true,
  format: "esm",
  platform: "neutral",
  external: ["node:*", "*.cjs"],
  outdir: "made",
  write: false,
  metafile: true,
});
const parts = Object.entries(Object.values(metafile.outputs)[0].inputs)
  .map(([path, { bytesInOutput }]) => [/(\w+)\.js$/.exec(path)?.[1], bytesInOutput])
  .filter(([name, bytes]) => name && bytes);
const operations = parts.filter(([name]) => OPERATIONS.includes(name)).reduce((sum, [, bytes]) => sum + bytes, 0);

/** Milliseconds of CPU that an import takes in a new process: less than the clock says where other work is done. */
function imported(module) {
  const source = `const before = process.cpuUsage(); await import("${module}");
    const { user, system } = process.cpuUsage(before); console.log((user + system) / 1000)`;
  const took = Array.from({ length: IMPORTS }, () =>
    Number(execFileSync(process.execPath, ["--input-type=module", "-e", source], { cwd: HERE })),
  );
  return took.sort((one, other) => one - other)[IMPORTS >> 1];
}

const figures = [
  ["library, minified", outputFiles[0].contents.length, 20_500, "bytes"],
  ["library, gzip", gzipSync(outputFiles[0].contents, { level: 9 }).length, 8_600, "bytes"],
  ["operations, minified", operations, 9_150, "bytes"],
  ["tarball", statSync(process.argv[2]).size, 300_000, "bytes"],
  [`import on Node ${process.versions.node}, the median of ${IMPORTS}`, Math.round(imported("xoxzo-2fa")), 30, "ms of CPU"],
];
for (const [what, figure, most, unit] of figures) console.log(`${what}: ${figure} ${unit}, at most ${most}`);
console.log(`parts: ${parts.map(([name, bytes]) => `${name} ${bytes}`).join(", ")}`);
const over = figures.filter(([, figure, most]) => figure > most);
for (const [what] of over) console.log(`too much: ${what}`);
console.log(`${figures.length - over.length} passed, ${over.length} failed`);
process.exitCode = over.length ? 1 : 0;
