// Prepares what an operation needs, times nothing but the operation, and checks what it answered. `../bench.py` says what is read and answered.
//
// A program brings a login: `operations`, those that it has; `codes`, by which it refuses, where they are others; `start(user)`, which returns a token and
// may be awaited; `verify(token, user, pin)`, which returns nothing or the code of the refusal, likewise; `sent()`, the codes of messages since it was
// last asked; and `back`, the seconds that its clock is behind.

import { createInterface } from "node:readline";

const CODES = {
  verify: undefined,
  "wrong-pin": "wrong-pin",
  expired: "expired",
  exhausted: "exhausted",
  locked: "locked",
  malformed: "malformed",
  "not-ours": "invalid-token",
  replay: "used",
};

// Answers, for one challenge or user that is refused again and again, to one setup.
const REPEATED = 10;
// Wrong guesses that a challenge takes.
const GUESSES = 5;
// More seconds than a challenge of the settings lives.
const OUTLIVED = 100;

let users = 0;

export async function answer(open) {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const login = await open((await lines.next()).value);
  for await (const line of lines) {
    const [operation, count] = line.split(" ");
    const told = login.operations.includes(operation) ? await measure(login, operation, Number(count)) : { absent: true };
    process.stdout.write(`${JSON.stringify(told)}\n`);
  }
}

async function measure(login, operation, count) {
  if (operation === "start") {
    const drawn = Array.from({ length: count }, () => user(users++));
    const [tokens, told] = await timed(count, (at) => login.start(drawn[at]));
    hold(tokens.every((token) => token.length > 32) && login.sent().length === count, "a start was refused");
    return told;
  }
  const challenges = [];
  const repeated = ["exhausted", "locked", "malformed"].includes(operation);
  for (let left = repeated ? Math.ceil(count / REPEATED) : count; left > 0; left--) challenges.push(await prepared(login, operation));
  const [answers, told] = await timed(count, (at) => {
    const { token, user, pin } = challenges[at % challenges.length];
    return operation === "locked" ? login.start(user) : login.verify(token, user, pin);
  });
  const wanted = login.codes[operation] ?? CODES[operation];
  const odd = answers.find((code) => code !== wanted);
  hold(odd === undefined && answers.length === count && answers[0] === wanted, `${odd} instead of ${wanted}`);
  return told;
}

async function prepared(login, operation) {
  const number = users++;
  login.back = operation === "expired" ? OUTLIVED : 0;
  const challenge = await challenged(login, user(number));
  login.back = 0;
  if (operation === "exhausted" || operation === "locked") await exhaust(login, challenge);
  if (operation === "locked") await exhaust(login, await challenged(login, user(number, "80")));
  if (operation === "replay") hold((await login.verify(challenge.token, challenge.user, challenge.pin)) === undefined, "a right code was refused");
  if (operation === "not-ours") challenge.token = challenge.token.slice(0, -1) + (challenge.token.endsWith("0") ? "1" : "0");
  if (operation === "malformed") challenge.pin = "12345x";
  if (operation === "wrong-pin") challenge.pin = other(challenge.pin);
  return challenge;
}

async function challenged(login, user) {
  const token = await login.start(user);
  const pins = login.sent();
  hold(pins.length === 1, "a message has no code");
  return { user, token, pin: pins[0] };
}

async function exhaust(login, { token, user, pin }) {
  for (let guess = 0; guess < GUESSES; guess++) {
    const code = await login.verify(token, user, other(pin));
    hold(code === "wrong-pin" || code === "locked", `${code} instead of a wrong guess`);
  }
}

function user(number, prefix = "90") {
  return { subject: `user-${number}`, phone: `+81${prefix}${String(number).padStart(8, "0")}` };
}

function other(pin) {
  return pin === "000000" ? "000001" : "000000";
}

async function timed(count, work) {
  const answers = [];
  const [wall, cpu] = [process.hrtime.bigint(), process.cpuUsage()];
  for (let at = 0; at < count; at++) {
    const answer = work(at);
    answers.push(answer instanceof Promise ? await answer : answer);
  }
  const { user, system } = process.cpuUsage(cpu);
  const told = { count, wall_ns: Number(process.hrtime.bigint() - wall), cpu_ns: (user + system) * 1000 };
  return [answers, told];
}

function hold(right, otherwise) {
  if (right) return;
  console.error(otherwise);
  process.exit(1);
}
