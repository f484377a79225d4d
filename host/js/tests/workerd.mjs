/** Workers in a real workerd, with Durable Objects on a disk. */

import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";
import { folder } from "./stores.mjs";

const WORKERD = createRequire(import.meta.url).resolve("@cloudflare/workerd-linux-64/bin/workerd");

/** Bundles a Worker, and returns the folder of what it came to. */
export async function bundled(entry) {
  const outdir = folder();
  const wasm = { loader: { ".wasm": "copy" }, assetNames: "engine" };
  const external = ["cloudflare:workers"];
  const made = {
    entryPoints: { worker: entry },
    outdir,
    bundle: true,
    format: "esm",
    conditions: ["workerd"],
    logLevel: "error",
    external,
    ...wasm,
  };
  await build(made);
  return outdir;
}

/**
 * Starts a bundled Worker with these variables and classes of Durable Objects, by the names of their bindings. Their storage is in `disk`.
 * Returns its address, and what ends it by a signal.
 */
export async function workerd(worker, variables, classes = {}, disk = worker) {
  const texts = Object.entries(variables).map(([name, value]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(value)})`);
  const objects = Object.entries(classes);
  const bindings = objects.map(([name, kind]) => `(name = "${name}", durableObjectNamespace = "${kind}")`);
  const engine = existsSync(join(worker, "engine.wasm")) ? `, (name = "engine.wasm", wasm = embed "engine.wasm")` : "";
  const config = join(worker, `${Math.random().toString(36).slice(2)}.capnp`);
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker", esModule = embed "worker.js")${engine}],
      compatibilityDate = "2025-01-01",
      bindings = [${[...texts, ...bindings].join(", ")}],
      durableObjectNamespaces = [${objects.map(([, kind]) => `(className = "${kind}", uniqueKey = "${kind}", enableSql = true)`).join(", ")}],
      durableObjectStorage = (localDisk = "disk"),
      globalOutbound = "local")),
    (name = "local", network = (allow = ["local", "private"])),
    (name = "disk", disk = (path = ${JSON.stringify(disk)}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`,
  );
  const program = spawn(WORKERD, ["serve", "--experimental", "--control-fd=3", config], {
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  const ended = new Promise((resolve) => program.on("close", resolve));
  process.on("exit", () => program.kill("SIGKILL"));
  const port = await new Promise((resolve, reject) => {
    program.stdio[3].on("data", (data) => resolve(JSON.parse(String(data).split("\n")[0]).port));
    program.on("close", () => reject(new Error("workerd ended")));
  });
  const end = (signal = "SIGTERM") => {
    program.kill(signal);
    return ended;
  };
  return { url: `http://127.0.0.1:${port}`, end };
}
