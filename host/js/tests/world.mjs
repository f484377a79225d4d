/** Clients for tests, and helpers to look at what they do. */

import { spawn } from "node:child_process";
import { inspect } from "node:util";
import { MemoryGuard, Settings, TwoFactor, keygen } from "xoxzo-2fa";
import { Clock, FakeXoxzo, document } from "xoxzo-2fa/testing";

export const USER = { recipient: "+819012345678", subject: "user-1", purpose: "login" };

/** A client in use, and all that it uses. */
export function world({ changes = {}, ...options } = {}) {
  const [xoxzo, clock, events] = [new FakeXoxzo(), new Clock(), []];
  const guard = new MemoryGuard({ dangerClock: clock.seconds });
  const settings = new Settings(document(changes));
  const audit = (event) => events.push(event);
  const client = (own = {}) =>
    new TwoFactor(settings, own.guard ?? guard, { transport: xoxzo, dangerClock: clock.seconds, audit, ...options });
  return { xoxzo, clock, events, guard, settings, client, twoFactor: client() };
}

/** Runs a test with the sandbox of the command line, and ends it. The options are the sandbox's. */
export async function withSandbox(use, ...options) {
  const [program, ...rest] = (process.env.XOXZO_2FA_SANDBOX ?? "xoxzo-2fa sandbox").split(" ");
  const sandbox = spawn(program, [...rest, "--pace", "0", ...options], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => sandbox.on("close", resolve));
  try {
    const printed = await new Promise((resolve, reject) => {
      let lines = "";
      sandbox.stdout.on("data", (data) => {
        lines += data;
        if (lines.split("\n").length > 3) resolve(lines);
      });
      sandbox.on("error", reject);
      sandbox.on("close", () => reject(new Error("the sandbox ended")));
    });
    const { XOXZO_BASE_URL: url, ...own } = Object.fromEntries(
      [...printed.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]),
    );
    const inbox = async () => (await fetch(`${url}/_sandbox/inbox?recipient=${encodeURIComponent(USER.recipient)}`)).json();
    const pin = async () => /\b\d{6}\b/.exec((await inbox()).at(-1).body)[0];
    await use({ environment: { ...account(url), ...own }, printed, inbox, pin });
  } finally {
    sandbox.kill();
    await ended;
  }
}

/** Returns the environment of a program that uses a Xoxzo. */
export function account(url) {
  const keys = { XOXZO_2FA_KEY: keygen(), XOXZO_2FA_GUARD_KEY: keygen() };
  return { ...keys, XOXZO_API_SID: "sid", XOXZO_API_AUTH_TOKEN: "token", XOXZO_BASE_URL: url };
}

/** Returns another PIN. */
export function other(pin) {
  return (pin[0] === "0" ? "1" : "0") + pin.slice(1);
}

/** Returns what `assert.rejects` and `assert.throws` compare an error with. */
export function failing(kind, code) {
  return (error) => error instanceof kind && error.code === code;
}

/** Returns a value in every way in which programs print it. */
export function printed(value) {
  const lines = [];
  const { log } = console;
  if (globalThis.Bun) lines.push(Bun.inspect(value, { depth: 9 }));
  if (globalThis.Deno) lines.push(Deno.inspect(value, { depth: 9 }));
  try {
    console.log = (...all) => lines.push(...all.map((one) => inspect(one, { depth: 9 })));
    console.log(value);
  } finally {
    console.log = log;
  }
  lines.push(inspect(value, { depth: 9, showHidden: true }), JSON.stringify(value) ?? "", JSON.stringify({ ...value }), String(value));
  return lines.join("\n");
}
