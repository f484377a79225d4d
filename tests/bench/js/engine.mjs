// The client of the package: `engine.mjs FOLDER`, into which it is installed.

import { createRequire } from "node:module";
import { resolve } from "node:path";

import { answer } from "./measure.mjs";

const { MemoryGuard, Refuse, Settings, TwoFactor } = createRequire(resolve(process.argv[2], "none.js"))("xoxzo-2fa");

class Engine {
  operations = ["start", "verify", "wrong-pin", "expired", "exhausted", "locked", "malformed", "not-ours", "replay"];
  codes = {};
  back = 0;
  #client;
  #messages = [];

  constructor(settings) {
    // A Xoxzo in memory that takes every message.
    const transport = {
      send: ({ body }) => {
        this.#messages.push(/code\+is\+(\d{6})/.exec(body)[1]);
        return { status: 201, body: '[{"msgid":"m1"}]' };
      },
    };
    const dangerClock = () => Date.now() / 1000 - this.back;
    this.#client = new TwoFactor(new Settings(JSON.parse(settings)), new MemoryGuard(), { transport, dangerClock, audit: () => {} });
  }

  async start(user) {
    try {
      return (await this.#client.start(bound(user))).token;
    } catch (error) {
      return code(error);
    }
  }

  async verify(token, user, pin) {
    try {
      await this.#client.verify(token, bound(user), pin);
      return undefined;
    } catch (error) {
      return code(error);
    }
  }

  sent() {
    return this.#messages.splice(0);
  }
}

function bound({ phone, subject }) {
  return { recipient: phone, subject, purpose: "login" };
}

function code(error) {
  if (error instanceof Refuse) return error.code;
  throw error;
}

await answer((settings) => new Engine(settings));
