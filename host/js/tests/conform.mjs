/** Answers the questions of `tests/python/hosts.py` through the installed package. */

import { createInterface } from "node:readline";
import { createClient } from "redis";
import * as package_ from "xoxzo-2fa";
import { RedisGuard } from "xoxzo-2fa/guards/redis";

const { GuardFull, GuardUnreachable, MemoryGuard, NotSent, Operator, Settings, TwoFactor, TwoFactorError, Unknown } = package_;
const TAKEN = { status: 201, body: '[{"msgid":"m1"}]' };
const KINDS = {
  start: "challenged",
  resend: "challenged",
  verify: "accepted",
  status: "reported",
  unlock: "unlocked",
  limits: "limits",
  credits: "credits",
};

/** What answers the client: a clock, a Xoxzo and a guard that do as they are told. */
class World {
  ahead = 0;
  xoxzo = TAKEN;
  guard = "memory";
  requests = [];
  events = [];

  constructor(document, now) {
    this.now = now;
    this.scope = scopeOf(document);
    this.memory = new MemoryGuard({ dangerClock: () => this.now });
  }

  async add(charges) {
    if (this.guard === "memory") return this.memory.add(charges);
    throw new (this.guard.no_answer === "guard-full" ? GuardFull : GuardUnreachable)(this.guard.cause);
  }

  async send(request) {
    const { method, url, headers, body, timeoutMilliseconds } = request;
    this.requests.push({ method, url, headers, body, timeout_milliseconds: timeoutMilliseconds });
    const { no_answer, cause, status, body: answer, retry_after } = this.xoxzo;
    if (no_answer) throw new (no_answer === "not-sent" ? NotSent : Unknown)(cause);
    return { status, retryAfter: retry_after, body: answer };
  }
}

/** Returns a client of Redis that does not keep this program alive. */
async function connected(url) {
  if (globalThis.Bun) return new Bun.RedisClient(url);
  const client = createClient({ url }).on("error", () => {});
  await client.connect();
  client.unref();
  return client;
}

function scopeOf(document) {
  try {
    return JSON.parse(document).guard.scope ?? "process";
  } catch {
    return "process";
  }
}

let world = new World("{}", 0);
let client;

const ACTIONS = {
  async open({ document, now, own }) {
    if (own !== undefined) {
      const store = own.redis === undefined ? new MemoryGuard() : new RedisGuard(await connected(own.redis));
      client = new TwoFactor(new Settings(document), store, { audit: () => {} });
    } else {
      world = new World(document, now);
      const dangerClock = () => world.now + world.ahead;
      client = new TwoFactor(new Settings(document), world, { transport: world, dangerClock, audit: (event) => world.events.push(event) });
    }
    return { prepared: { effective: client.effectiveSettings, warnings: client.warnings } };
  },
  async add({ charges }) {
    const { totals } = await world.add(charges.map(({ ttl_seconds, ...charge }) => ({ ...charge, ttlSeconds: ttl_seconds })));
    return { counted: { totals: totals.map(snake), now_seconds: null } };
  },
  check_receipt({ receipt_keys, receipt, expected }) {
    return { claims: snake(package_.checkReceipt(receipt_keys, receipt, expected, { now: world.now })) };
  },
  explain({ code, locale, guesses_left, retry_after_seconds }) {
    const kept = new TwoFactorError(code, "", { guessesLeft: guesses_left, retryAfterSeconds: retry_after_seconds });
    return { explanation: package_.explain(kept, locale) };
  },
  async ready() {
    await client.ready();
    return { ready: {} };
  },
  index_of({ recipient }) {
    return { number_index: { index: client.numberIndex(recipient) } };
  },
  inspect({ token }) {
    return { token_info: snake(package_.inspect(token)) };
  },
  start: ({ binding, sending }) => client.start(binding, sending),
  resend: ({ token, binding, sending }) => client.resend(token, binding, sending),
  verify: ({ token, binding, pin, client: address }) => client.verify(token, binding, pin, address),
  status: ({ handle }) => client.status(handle),
  limits: ({ subject, recipient, client: address }) => new Operator(client, "ann").limits(subject, recipient, address),
  unlock: ({ subject, recipient }) => new Operator(client, "ann").unlock(subject, recipient),
  credits: () => new Operator(client, "ann").credits(),
};

/** Returns a record with the names of the contract. What printing leaves out is read by its name. */
function snake(record) {
  if (Array.isArray(record)) return record.map(snake);
  if (typeof record !== "object" || record === null) return record;
  const names = new Set([...Object.keys(record), ...Object.getOwnPropertyNames(record)]);
  const named = [...names].map((name) => [name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), snake(record[name])]);
  return Object.fromEntries(named.filter(([, value]) => value !== undefined));
}

function failure(error) {
  const { blame, code, detail, guessesLeft, retryAfterSeconds, expiresInSeconds, audit } = error;
  return snake({ blame, code, detail, guessesLeft, retryAfterSeconds, expiresInSeconds, audit });
}

async function answer(question) {
  const [[kind, content]] = Object.entries(question);
  world.requests = [];
  world.events = [];
  try {
    if (["now", "ahead", "xoxzo", "guard"].includes(kind)) {
      world[kind] = content;
      return { done: {} };
    }
    const done = await ACTIONS[kind](content);
    return KINDS[kind] ? { [KINDS[kind]]: snake(done) } : done;
  } catch (error) {
    if (!(error instanceof TwoFactorError)) throw error;
    return { failure: failure(error) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const given = await answer(JSON.parse(line));
  process.stdout.write(`${JSON.stringify({ ...given, requests: world.requests, events: world.events })}\n`);
}
// A client of Redis would go on looking for its server.
process.exit();
