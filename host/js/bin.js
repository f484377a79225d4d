#!/usr/bin/env node
/** `xoxzo-2fa demo` logs in without sending anything, and `xoxzo-2fa keygen` makes a key. */

import { createInterface } from "node:readline/promises";
import { MemoryGuard, Refuse, Settings, TwoFactor, TwoFactorError, explain, keygen } from "xoxzo-2fa";
import { FakeXoxzo, document } from "xoxzo-2fa/testing";

const USAGE = `usage: xoxzo-2fa COMMAND

  keygen         print a key for \`keys\` or \`guard.key\`
  demo           log in with a phone on this screen: nothing is sent
  demo --auto    type a wrong code, the right one, and the right one again`;

const USER = { recipient: "+819012345678", subject: "user-1", purpose: "login" };

async function demo(auto) {
  const xoxzo = new FakeXoxzo();
  const settings = new Settings(document({ service: "Demo Shop" }));
  const twoFactor = new TwoFactor(settings, new MemoryGuard(), { transport: xoxzo });
  const challenge = await twoFactor.start(USER);
  console.log(`a code is on its way to ${challenge.masked}`);
  console.log(`   the phone shows: ${xoxzo.messages.at(-1).text}`);
  let accepted = false;
  for await (const pin of auto ? guesses(xoxzo.pin()) : typed()) {
    const refusal = await verify(twoFactor, challenge.token, pin);
    accepted ||= refusal === undefined;
    if (!auto && !refusal?.offers.includes("try-again")) break;
  }
  return accepted ? 0 : 1;
}

/** Prints what comes of a guess. Returns undefined if it is accepted. */
async function verify(twoFactor, token, pin) {
  try {
    const { subject } = await twoFactor.verify(token, USER, pin);
    console.log(`   accepted: ${subject} is logged in`);
    return undefined;
  } catch (error) {
    if (!(error instanceof Refuse)) throw error;
    const told = explain(error, "en");
    console.log(`   ${error.code}: ${told.text}`);
    return told;
  }
}

function guesses(pin) {
  return [(pin[0] === "0" ? "1" : "0") + pin.slice(1), pin, pin];
}

async function* typed() {
  const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: "the code: " });
  lines.prompt();
  for await (const line of lines) {
    yield line.trim();
    lines.prompt();
  }
}

const given = process.argv.slice(2).join(" ");
if (given === "keygen") {
  console.log(keygen());
} else if (given === "demo" || given === "demo --auto") {
  try {
    process.exit(await demo(given !== "demo"));
  } catch (error) {
    if (!(error instanceof TwoFactorError)) throw error;
    console.error(`demo: ${error.message}`);
    process.exitCode = 1;
  }
} else {
  console.error(USAGE);
  process.exitCode = 2;
}
