/** Clients of the operations. */

import { transport as ownTransport } from "#platform";
import { bounded, pin } from "./bounds.js";
import { Prepared, drive, guardCause } from "./driver.js";
import { text } from "./engine.js";
import { Misuse, TwoFactorError, Upstream, nameOf } from "./errors.js";
import { event, tell, warn } from "./event.js";
import { selfTest, storeTime } from "./guard.js";
import { options } from "./options.js";
import { camel, hide } from "./records.js";
import { documentOf } from "./settings.js";

// The kind of answer that an operation must end with, and what of it is hidden.
const ENDS = {
  start: ["challenged", "token", "handle"],
  resend: ["challenged", "token", "handle"],
  verify: ["accepted", "receipt"],
  status: ["reported"],
  unlock: ["unlocked"],
  limits: ["limits"],
  credits: ["credits"],
};

// Seconds that the guard's clock and the host's may be apart, as the engine decides.
const APART = 120;

// Operations on a client, for operators, who have a client of their own.
let run;
let trail;

export class TwoFactor {
  #settings;
  #guard;
  #transport;
  #audit;
  #clock;
  #module;
  #prepared;
  #tested = false;

  constructor(settings, guard, given) {
    const { transport, audit, dangerClock, module } = options(given, ["transport", "audit", "dangerClock", "module"]);
    if (typeof guard?.add !== "function") throw new Misuse("settings", "guard: must have `scope` and `add`");
    if (transport && typeof transport.send !== "function") throw new Misuse("settings", "transport: must have `send`");
    for (const [name, given] of Object.entries({ audit, dangerClock }))
      if (given && typeof given !== "function") throw new Misuse("settings", `${name}: must be a function`);
    this.#settings = documentOf(settings, guard.scope);
    this.#guard = guard;
    this.#transport = transport ?? ownTransport();
    this.#audit = audit ?? warn;
    this.#clock = dangerClock ?? (() => Date.now() / 1000);
    this.#module = module;
  }

  get effectiveSettings() {
    return this.#prepare().effective;
  }

  get warnings() {
    return this.#prepare().warnings;
  }

  async ready() {
    await this.#test();
    const now = this.#prepared.now();
    const apart = Math.abs(((await answered(storeTime(this.#guard))) ?? now) - now);
    if (apart > APART) throw new Upstream("clock", `the guard's clock and the host's are ${apart} s apart`);
  }

  start(binding, sending = {}) {
    return this.#run("start", { binding, sending });
  }

  resend(token, binding, sending = {}) {
    return this.#run("resend", { token: bounded(token), binding, sending });
  }

  verify(token, binding, typed, client) {
    return this.#run("verify", { token: bounded(token), binding, pin: pin(typed), client });
  }

  status(handle) {
    return this.#run("status", { handle: bounded(handle) });
  }

  numberIndex(recipient) {
    return this.#prepare().once({ index_of: { recipient: bounded(recipient) } }).index;
  }

  /** Prepares the settings, not before the first use: where isolates come and go, a module's top has neither clock nor randomness. */
  #prepare() {
    return (this.#prepared ??= new Prepared(this.#module, this.#settings, this.#clock));
  }

  async #run(operation, question, operator) {
    const began = performance.now();
    let asked, given, result, failure;
    try {
      // Once for all: the caller may change what it handed in.
      asked = text({ [operation]: { ...question, audit: true } });
      given = JSON.parse(asked)[operation];
      if (!this.#tested) await this.#test();
      result = ended(operation, await drive(this.#prepared, this.#guard, this.#transport, asked), given);
    } catch (error) {
      failure = error instanceof TwoFactorError ? error : new Upstream("plugin", `unexpected in the host: ${nameOf(error)}`);
    }
    const took_us = Math.round((performance.now() - began) * 1000);
    tell(this.#audit, this.#event(operation, given, result, failure, operator, took_us));
    if (failure) throw failure;
    return result;
  }

  /** Prepares the settings and tests the guard. */
  async #test() {
    this.#prepare();
    await answered(selfTest(this.#guard));
    this.#tested = true;
  }

  #event(operation, { binding, sending, subject, recipient } = {}, result, failure, operator, took_us) {
    const { audit: { ...audit } = { decoy: false }, delivery, parts } = result ?? failure;
    // A purpose that the engine has not found in the settings is the caller's text, and is left out.
    const purpose = audit.trail && failure?.code !== "request" ? binding?.purpose : undefined;
    if (failure) audit.trail ??= this.#trail(binding ?? { subject, recipient });
    const channel = sending && (sending.channel ?? "sms");
    const free = !result || !sending || audit.decoy;
    const fields = {
      operation,
      outcome: failure?.blame ?? (sending && delivery === "unknown" ? "unknown" : "ok"),
      code: failure?.code,
      operator,
      purpose,
      channel,
      delivery,
      cost: free ? "nothing" : channel === "voice" ? "call" : parts === undefined ? "template" : "sms",
      parts: free ? 0 : (parts ?? 1),
    };
    return event({ ...fields, took_us }, audit);
  }

  /** Returns the pseudonyms of a user. Undefined if subject or recipient is malformed, which the event's code then says. */
  #trail(user) {
    try {
      return pseudonyms(this.#prepare(), user);
    } catch {
      return undefined;
    }
  }

  static {
    run = (service, ...operation) => service.#run(...operation);
    trail = (service, user) => pseudonyms(service.#prepare(), user);
  }
}

export class Operator {
  #service;
  #name;

  constructor(service, name) {
    if (!(service instanceof TwoFactor)) throw new Misuse("request", "service: must be a `TwoFactor`");
    this.#service = service;
    this.#name = String(name);
  }

  limits(subject, recipient, client) {
    return run(this.#service, "limits", { subject, recipient, client }, this.#name);
  }

  unlock(subject, recipient) {
    return run(this.#service, "unlock", { subject, recipient }, this.#name);
  }

  credits() {
    return run(this.#service, "credits", {}, this.#name);
  }

  trail(subject, recipient) {
    return trail(this.#service, { subject, recipient });
  }
}

/** Returns what a guard answers, or fails with its cause. */
async function answered(promise) {
  try {
    return await promise;
  } catch (error) {
    const cause = guardCause(error);
    throw new Upstream("guard", cause, { audit: { decoy: false, cause } });
  }
}

function pseudonyms(prepared, { subject, recipient }) {
  return camel(prepared.once({ trail_of: { subject, recipient } }));
}

function ended(operation, [kind, answer], given) {
  const [expected, ...secrets] = ENDS[operation];
  if (kind !== expected) throw new Upstream("plugin", "the engine ended another operation");
  const [shown, hidden] = [{}, {}];
  for (const [name, value] of Object.entries(camel(answer))) (name === "audit" || secrets.includes(name) ? hidden : shown)[name] = value;
  // As the engine read it: an object of the caller's may have changed since.
  if (operation === "verify") shown.subject = given.binding.subject;
  return hide(shown, hidden);
}
