/** A Xoxzo in memory, a clock, and settings, for tests of services. */

import { keygen } from "./configuration.js";
import { NotSent, Unknown } from "./transport.js";

const ANSWERS = {
  refused: { status: 400, body: '{"recipient":["is no number"]}' },
  unauthorized: { status: 401, body: '{"detail":"Invalid username/password."}' },
  throttled: { status: 429, retryAfter: "30", body: '{"detail":"Request was throttled."}' },
  unavailable: { status: 503, body: "<h1>Server Error</h1>" },
};
const FAULTS = [...Object.keys(ANSWERS), "unanswered", "not-sent"];

export class FakeXoxzo {
  messages = [];
  requests = [];
  states = {};
  credits = 1000;
  #fault;

  get fault() {
    return this.#fault;
  }

  set fault(fault) {
    if (fault !== undefined && !FAULTS.includes(fault)) throw new RangeError(`a fault is one of ${FAULTS.join(", ")}`);
    this.#fault = fault;
  }

  pin(recipient) {
    const message = this.messages.findLast((it) => recipient === undefined || it.recipient === recipient);
    if (!message) throw new RangeError("no message arrived");
    return message.pin;
  }

  async send(request) {
    this.requests.push(request);
    const fault = this.#fault;
    if (fault === "not-sent") throw new NotSent("connect: no connection");
    const { pathname } = new URL(request.url);
    const asks = request.method === "GET";
    let answer;
    if (asks) answer = this.#look(pathname);
    else if (["unavailable", "unanswered", undefined].includes(fault)) answer = this.#deliver(pathname, request);
    if (fault === "unanswered") throw new Unknown("timeout: no answer in time");
    return fault ? ANSWERS[fault] : { status: asks ? 200 : 201, body: JSON.stringify(answer) };
  }

  #look(path) {
    if (path.endsWith("/you/credits/")) return { credits: this.credits };
    const id = path.split("/").filter(Boolean).at(-1);
    return { msgid: id, status: this.states[id] ?? "DELIVERED" };
  }

  #deliver(path, request) {
    const json = request.headers["content-type"] === "application/json";
    const fields = json ? JSON.parse(request.body) : Object.fromEntries(new URLSearchParams(request.body));
    const id = `m${this.messages.length + 1}`;
    const voice = path.includes("/voice/");
    const text = fields.tts_message ?? fields.message ?? Object.values(fields.variables ?? {}).join("\n");
    this.messages.push(message({ id, recipient: fields.recipient, channel: voice ? "voice" : "sms", text }));
    return [{ [voice ? "callid" : "msgid"]: id }];
  }
}

/** Adds the PIN: the first six to ten digits that stand alone. */
function message(fields) {
  return Object.defineProperty(fields, "pin", {
    get() {
      // In a call, two commas are a pause after each digit.
      const found = /(?<![0-9.,])[0-9]{6,10}(?![0-9]|[.,][0-9])/.exec(this.text.replaceAll(",,", ""));
      if (!found) throw new RangeError("there is no PIN in the message");
      return found[0];
    },
  });
}

export class Clock {
  constructor(now = 1_800_000_000) {
    this.now = now;
  }

  /** The function that clients and `MemoryGuard` take as `dangerClock`. */
  seconds = () => this.now;

  advance(seconds) {
    this.now += seconds;
  }
}

export function document(changes = {}) {
  return {
    version: 1,
    audience: "test",
    service: "Test Shop",
    keys: [keygen()],
    guard: { key: keygen() },
    xoxzo: { sid: "test-sid", auth_token: "test-auth-token", sender: "Test" },
    destinations: ["JP-mobile"],
    ...changes,
  };
}
