/** Counters in Redis at Upstash, over its REST API. */

import { transport } from "#platform";
import { Misuse } from "../src/errors.js";
import { GuardUnreachable } from "../src/guard.js";
import { options } from "../src/options.js";
import { answered, counted } from "../src/script.js";

export class UpstashGuard {
  #url;
  #token;
  #timeout;
  #transport = transport();

  constructor(url, token, given) {
    const { timeoutMilliseconds = 3000 } = options(given, ["timeoutMilliseconds"]);
    this.#url = checked(url);
    if (typeof token !== "string" || !/^[!-~]+$/.test(token)) throw refused("the token is missing, or not text");
    this.#token = token;
    this.#timeout = timeoutMilliseconds;
  }

  get scope() {
    return "shared";
  }

  add(charges) {
    return counted(charges, false, (command) => this.#ask(command));
  }

  /** Asks once, with a request of the package's own. */
  async #ask(command) {
    const headers = { authorization: `Bearer ${this.#token}`, "content-type": "application/json" };
    const request = { method: "POST", url: this.#url, headers, body: JSON.stringify(command), timeoutMilliseconds: this.#timeout };
    const { status, body } = await this.#transport.send(request).catch((error) => {
      throw new GuardUnreachable(error.kind ? error.message : "connection: it broke");
    });
    const { result, error } = read(body);
    if (status === 401 || status === 403) throw answered("NOAUTH");
    if (typeof error === "string") throw answered(error);
    if (status !== 200 || result === undefined) throw new GuardUnreachable(`server: it answered ${status}`);
    return result;
  }
}

function read(body) {
  try {
    return Object(JSON.parse(body));
  } catch {
    return {};
  }
}

function checked(url) {
  let parsed;
  try {
    parsed = new URL(url);
  } catch {
    throw refused("the URL is malformed");
  }
  const { protocol, hostname, username, password } = parsed;
  const near = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  if (protocol !== "https:" && !(protocol === "http:" && near)) throw refused("the URL must begin with https://");
  if (username || password) throw refused("the URL must hold no credentials");
  return parsed.href;
}

function refused(why) {
  return new Misuse("settings", `UpstashGuard: ${why}`);
}
