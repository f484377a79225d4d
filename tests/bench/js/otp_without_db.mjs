// npm's `otp-without-db`, as its own page uses it: `otp_without_db.mjs FOLDER`, into which it is installed.
//
// It counts nothing: no guess is refused for those before it, and a code can be used again.

import { randomBytes, randomInt } from "node:crypto";
import { createRequire } from "node:module";
import { resolve } from "node:path";

import { answer } from "./measure.mjs";

const { createNewOTP, verifyOTP } = createRequire(resolve(process.argv[2], "none.js"))("otp-without-db");

class WithoutDb {
  operations = ["start", "verify", "wrong-pin", "expired", "malformed", "not-ours"];
  // It does not say why it refuses.
  codes = { malformed: "wrong-pin", "not-ours": "wrong-pin", expired: "wrong-pin" };
  back = 0;
  #key = randomBytes(32).toString("hex");
  #messages = [];

  start({ phone }) {
    const pin = String(randomInt(1_000_000)).padStart(6, "0");
    this.#messages.push(pin);
    // In minutes.
    return createNewOTP(phone, pin, this.#key, 1.5 - this.back / 60);
  }

  verify(token, { phone }, pin) {
    return verifyOTP(phone, pin, token, this.#key) ? undefined : "wrong-pin";
  }

  sent() {
    return this.#messages.splice(0);
  }
}

await answer(() => new WithoutDb());
