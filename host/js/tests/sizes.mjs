/**
 * What the package costs, held against limits: `sizes.mjs TARBALL`. Sizes without the engine, which is as large everywhere.
 *
 * - library: what `xoxzo-2fa` itself exports, without `testing` and `guards`, minified, and compressed by gzip
 * - operations: of that what every operation runs, without transports, counters in memory, settings and functions for keys
 * - Worker: what a service there has with counters in a Durable Object. Nothing that is for other runtimes, operators or keys
 */

import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const HERE = new URL(".", import.meta.url).pathname;
const OPERATIONS = ["bounds", "client", "driver", "engine", "errors", "event", "records"];
const IMPORTS = 15;

const sources = `${process.env.XOXZO_2FA_ROOT}/host/js`;

/** Bundles a program for a platform. Returns its bytes, and the bytes of each file in it. */
async function bundled(program, platform) {
  const { metafile, outputFiles } = await build({
    stdin: { contents: program, resolveDir: sources },
    alias: { "#platform": `${sources}/src/platform/${platform}.js` },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "neutral",
    external: ["node:*", "cloudflare:*", "*.cjs", "*.wasm"],
    outdir: "made",
    write: false,
    metafile: true,
  });
  return [outputFiles[0].contents, Object.values(metafile.outputs)[0].inputs];
}

const [library, inputs] = await bundled('export * from "./index.js"', "default");
const [worker] = await bundled(
  'export { Settings, TwoFactor } from "./index.js"; export { DurableObjectGuard, TwoFactorCounters } from "./guards/durable-object.js"',
  "workerd",
);
const parts = Object.entries(inputs)
  .map(([path, { bytesInOutput }]) => [/(\w+)\.js$/.exec(path)?.[1], bytesInOutput])
  .filter(([name, bytes]) => name && bytes);
const operations = parts.filter(([name]) => OPERATIONS.includes(name)).reduce((sum, [, bytes]) => sum + bytes, 0);

/**
 * What an import takes in a new process: milliseconds of CPU, and percent of what the runtime's own start takes there, which is as slow on a
 * slow machine. Medians.
 */
function imported(module) {
  const source = `const start = process.cpuUsage(); await import("${module}");
    const took = process.cpuUsage(start); console.log((took.user + took.system) / 1000, (start.user + start.system) / 1000)`;
  const told = Array.from({ length: IMPORTS }, () =>
    String(execFileSync(process.execPath, ["--input-type=module", "-e", source], { cwd: HERE }))
      .split(" ")
      .map(Number),
  );
  const median = (numbers) => numbers.sort((one, other) => one - other)[IMPORTS >> 1];
  return [median(told.map(([took]) => took)), median(told.map(([took, start]) => (100 * took) / start))].map(Math.round);
}

const [milliseconds, percent] = imported("xoxzo-2fa");

const figures = [
  ["library, minified", library.length, 19_950, "bytes"],
  ["library, gzip", gzipSync(library, { level: 9 }).length, 8_460, "bytes"],
  ["operations, minified", operations, 9_300, "bytes"],
  ["Worker, minified", worker.length, 19_350, "bytes"],
  ["tarball", statSync(process.argv[2]).size, 300_000, "bytes"],
  [`import on Node ${process.versions.node}, ${milliseconds} ms of CPU`, percent, 60, "% of Node's own start"],
];
for (const [what, figure, most, unit] of figures) console.log(`${what}: ${figure} ${unit}, at most ${most}`);
console.log(`parts: ${parts.map(([name, bytes]) => `${name} ${bytes}`).join(", ")}`);
const over = figures.filter(([, figure, most]) => figure > most);
for (const [what] of over) console.log(`too much: ${what}`);
console.log(`${figures.length - over.length} passed, ${over.length} failed`);
process.exitCode = over.length ? 1 : 0;
