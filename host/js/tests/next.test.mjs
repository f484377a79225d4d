/** The example with Next, built and started, in a browser and with the sandbox. */

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { folder, freePort } from "./stores.mjs";
import { USER, other, withSandbox } from "./world.mjs";

const HERE = new URL("./next", import.meta.url).pathname;
const NEXT = createRequire(import.meta.url).resolve("next/dist/bin/next");

test("a login with Next in a browser", () =>
  withSandbox(async ({ environment, inbox, pin }) => {
    // By this, Next finds the folder above the example where the packages are.
    writeFileSync(new URL("./package-lock.json", import.meta.url), "{}");
    const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1" };
    execFileSync(process.execPath, [NEXT, "build"], { cwd: HERE, env, stdio: ["ignore", "ignore", "inherit"] });
    const port = await freePort();
    const own = { ANN_PHONE: USER.recipient, ANN_PASSWORD: "correct horse", GUARD_FILE: join(folder(), "guard") };
    const started = [NEXT, "start", "--port", String(port), "--hostname", "localhost"];
    const program = spawn(process.execPath, started, {
      cwd: HERE,
      env: { ...env, ...environment, ...own },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise((resolve) => program.on("close", resolve));
    const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
    try {
      await new Promise((resolve, reject) => {
        program.stdout.on("data", (data) => /Ready/.test(String(data)) && resolve());
        program.on("close", () => reject(new Error("Next ended")));
      });
      await story(browser, `http://localhost:${port}`, inbox, pin);
    } finally {
      await browser.close();
      program.kill();
      await ended;
    }
  }));

async function story(browser, base, inbox, pin) {
  const context = await browser.newContext({ baseURL: base });
  const page = await context.newPage();
  const id = async () => (await context.cookies()).find(({ name }) => name === "session");
  const fill = async (fields, button) => {
    for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).fill(value);
    await page.getByRole("button", { name: button, exact: true }).click();
  };
  const told = (words) => page.getByRole("main").getByText(words).waitFor();
  await page.goto("/code");
  await told("Sign in");
  await fill({ Name: "ann", Password: "wrong" }, "Continue");
  await told("The name or the password is wrong.");
  assert.deepEqual([await inbox(), await id()], [[], undefined]);
  await fill({ Name: "ann", Password: "correct horse" }, "Continue");
  await told("We sent a code to +81********78");
  const before = await id();
  assert.ok(before.httpOnly && before.secure && before.sameSite === "Strict");
  await fill({ Code: other(await pin()) }, "Sign in");
  await told("That is not the code. 4 tries are left.");
  await fill({}, "Send it again");
  await told(/^This was requested a moment ago. Try again in \d+ seconds?\.$/);
  await page.goto("/");
  await told("Name");
  await page.goto("/code");
  await fill({ Code: ` ${await pin()}` }, "Sign in");
  await told("Signed in as user-1");
  const after = await id();
  assert.notEqual(after.value, before.value, "the session has a new id");
  const stolen = await browser.newContext({ baseURL: base });
  await stolen.addCookies([before]);
  const thief = await stolen.newPage();
  await thief.goto("/code");
  await thief.getByRole("heading", { name: "Sign in" }).waitFor();
  await fill({}, "Sign out");
  await told("Name");
  await stolen.addCookies([after]);
  await thief.goto("/");
  await thief.getByRole("heading", { name: "Sign in" }).waitFor();
}
