// A login by hand-written HMAC, for comparison: a keyed hash of the user, the phone, the expiry and the code is the token.
//
// It has no limit across challenges, of messages or of cost, and forgets its counters with the process.

import { createHmac, randomBytes, randomInt, timingSafeEqual } from "node:crypto";

import { answer } from "./measure.mjs";

const LIFE = 90;
const GUESSES = 5;
const USED = 2 ** 20;

class Handmade {
  operations = ["start", "verify", "wrong-pin", "expired", "exhausted", "malformed", "not-ours", "replay"];
  // An altered token looks like a wrong PIN.
  codes = { "not-ours": "wrong-pin" };
  back = 0;
  #key = randomBytes(32);
  #guesses = new Map();
  #messages = [];

  start(user) {
    const pin = String(randomInt(1_000_000)).padStart(6, "0");
    const expiry = this.#now() + LIFE;
    this.#messages.push(pin);
    return `${expiry}.${this.#hash(user, expiry, pin).toString("hex")}`;
  }

  verify(token, user, pin) {
    const parts = /^([0-9]{1,12})\.([0-9a-f]{64})$/.exec(token);
    if (parts === null) return "invalid-token";
    if (!/^[0-9]{6}$/.test(pin)) return "malformed";
    const expiry = Number(parts[1]);
    if (this.#now() >= expiry) return "expired";
    const tried = this.#guesses.get(token) ?? 0;
    if (tried >= GUESSES) return tried >= USED ? "used" : "exhausted";
    this.#guesses.set(token, tried + 1);
    if (!timingSafeEqual(Buffer.from(parts[2], "hex"), this.#hash(user, expiry, pin))) return "wrong-pin";
    this.#guesses.set(token, USED);
    return undefined;
  }

  sent() {
    return this.#messages.splice(0);
  }

  #hash({ subject, phone }, expiry, pin) {
    return createHmac("sha256", this.#key).update(`${subject}|${phone}|${expiry}|${pin}`).digest();
  }

  #now() {
    return Math.floor(Date.now() / 1000) - this.back;
  }
}

await answer(() => new Handmade());
