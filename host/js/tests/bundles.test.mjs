/** Bundles of the package, each started. Two logins a bundle: one is refused, one is accepted. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";

const run = promisify(execFile);
const HERE = new URL(".", import.meta.url).pathname;
const PROGRAM = (load) => `${load}
const xoxzo = new FakeXoxzo();
const twoFactor = new TwoFactor(new Settings(document()), new MemoryGuard(), { transport: xoxzo });
const user = { recipient: "+819012345678", subject: "user-1", purpose: "login" };
async function main() {
  const { token } = await twoFactor.start(user);
  const wrong = await twoFactor.verify(token, user, "000000").catch((error) => error instanceof Refuse && error.code);
  console.log(wrong, (await twoFactor.verify(token, user, xoxzo.pin())).subject);
}
void main();
`;
const IMPORT = `import { MemoryGuard, Refuse, Settings, TwoFactor } from "xoxzo-2fa";
import { FakeXoxzo, document } from "xoxzo-2fa/testing";`;
const REQUIRE = `const { MemoryGuard, Refuse, Settings, TwoFactor } = require("xoxzo-2fa");
const { FakeXoxzo, document } = require("xoxzo-2fa/testing");`;

/** Writes a program, makes something of it elsewhere, where the package is not, and starts that. */
function bundled(name, load, make, start = (made) => [process.execPath, made]) {
  test(name, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "bundle-"));
    const entry = join(HERE, `bundle-${Math.random().toString(36).slice(2)}.${load === REQUIRE ? "cjs" : "mjs"}`);
    t.after(() => [folder, entry].forEach((path) => rmSync(path, { recursive: true })));
    writeFileSync(entry, PROGRAM(load));
    const [program, ...rest] = start(await make(entry, folder));
    const { stdout } = await run(program, rest, { cwd: folder });
    assert.equal(stdout, "wrong-pin user-1\n");
  });
}

bundled("import, as it is", IMPORT, (entry) => entry);
bundled("require, as it is", REQUIRE, (entry) => entry);
for (const [form, load] of Object.entries({ esm: IMPORT, cjs: IMPORT, "cjs of require": REQUIRE }))
  bundled(`esbuild, ${form}`, load, async (entry, folder) => {
    const { build } = await import("esbuild");
    const outfile = join(folder, form === "esm" ? "made.mjs" : "made.cjs");
    await build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      minify: true,
      platform: "node",
      format: form.slice(0, 3),
      logLevel: "error",
    });
    return outfile;
  });
bundled("vite", IMPORT, async (entry, folder) => {
  const { build } = await import("vite");
  const output = { entryFileNames: "made.mjs" };
  await build({
    configFile: false,
    logLevel: "error",
    ssr: { noExternal: true },
    build: { ssr: entry, outDir: folder, rollupOptions: { output } },
  });
  return join(folder, "made.mjs");
});
bundled("webpack", IMPORT, async (entry, folder) => {
  const { default: webpack } = await import("webpack");
  const options = { mode: "production", target: "node", entry, output: { path: folder, filename: "made.cjs" } };
  const result = await promisify(webpack)(options);
  assert.ok(!result.hasErrors(), result.toString());
  return join(folder, "made.cjs");
});
bundled(
  "bun build --compile",
  IMPORT,
  async (entry, folder) => {
    await run(process.env.BUN, ["build", "--compile", entry, "--outfile", join(folder, "made")]);
    return join(folder, "made");
  },
  (made) => [made],
);
