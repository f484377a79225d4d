/** Counters in Redis, over a client of the service's own. */

import { Misuse, nameOf } from "../src/errors.js";
import { GuardUnreachable } from "../src/guard.js";
import { options } from "../src/options.js";
import { answered, checkEviction, counted } from "../src/script.js";
import { within } from "../src/within.js";

// Of an answer of the server, not of a failure of the connection.
const ANSWER =
  /^(ERR|OOM|READONLY|NOAUTH|WRONGPASS|NOPERM|NOSCRIPT|BUSY|LOADING|MASTERDOWN|MISCONF|CLUSTERDOWN|NOREPLICAS|TRYAGAIN|CROSSSLOT)\b/;

export class RedisGuard {
  #way;
  #timeout;

  constructor(client, given) {
    const { timeoutMilliseconds = 2000 } = options(given, ["timeoutMilliseconds"]);
    this.#way = wayOf(client);
    this.#timeout = timeoutMilliseconds;
  }

  get scope() {
    return "shared";
  }

  add(charges) {
    return counted(charges, this.#way.cluster, (command) => this.#ask((signal) => this.#way.send(command, signal)));
  }

  async check() {
    for (const info of this.#way.infos()) checkEviction(String(await this.#ask(info)));
  }

  /** Asks once. What has not been written by the end of the time is not written afterwards. */
  async #ask(asked) {
    try {
      return await within(this.#timeout, asked);
    } catch (error) {
      if (error instanceof GuardUnreachable) throw error;
      const text = String(error?.message);
      throw ANSWER.test(text) ? answered(text) : new GuardUnreachable(`connect: ${nameOf(error)}`);
    }
  }
}

/** Returns how a client is asked. Throws `Misuse` for one that may send a list twice. */
function wayOf(client) {
  const has = (...names) => names.every((name) => typeof client?.[name] === "function");
  const bun = globalThis.Bun?.RedisClient;
  if (bun && client instanceof bun) return single((words) => client.send(words[0], words.slice(1)));
  if (has("sendCommand", "withCommandOptions")) return nodeRedis(client, has);
  if (has("sendCommand", "call", "defineCommand")) return ioredis(client);
  throw refused("the client must be one of node-redis, Bun's own, or ioredis");
}

function single(send) {
  return { cluster: false, send, infos: () => [(signal) => send(["INFO", "memory"], signal)] };
}

function nodeRedis(client, has) {
  if (has("getSentinelNode") || has("release")) throw refused("node-redis sends a list again over Sentinel; give the client of the master");
  const how = (abortSignal) => ({ abortSignal, typeMapping: {} });
  if (!has("nodeClient")) return single((words, signal) => client.sendCommand(words, how(signal)));
  return {
    cluster: true,
    send: (words, signal) => client.sendCommand(words[3], false, words, how(signal)),
    infos: () =>
      client.masters.map((node) => async (signal) => (await client.nodeClient(node)).sendCommand(["INFO", "memory"], how(signal))),
  };
}

function ioredis(client) {
  if (client.isCluster) throw refused("ioredis sends a list again in a cluster; use node-redis");
  const { maxRetriesPerRequest, reconnectOnError, keyPrefix } = client.options;
  if (maxRetriesPerRequest !== 0) throw refused("ioredis sends a list again whose answer was lost; it needs `maxRetriesPerRequest: 0`");
  if (reconnectOnError) throw refused("ioredis may send a list again after an error; it needs `reconnectOnError: null`");
  if (keyPrefix) throw refused('counters have the same names for every host; ioredis needs `keyPrefix: ""`');
  return single((words) => client.call(...words));
}

function refused(why) {
  return new Misuse("settings", `RedisGuard: ${why}`);
}
