/** Lists of charges by the script that every host runs on a server of Redis: what one counts, another finds. */

import script from "../../sdk/src/guard/charge.lua";
import { GuardFull, GuardUnfit, GuardUnreachable, U32, runs } from "./guard.js";

// Seconds that the clocks of two nodes may be apart.
const APART = 120;

/** Makes a list whole on one server, or run by run on the nodes of a cluster. `send` sends one command and returns its answer. */
export async function counted(charges, cluster, send) {
  const totals = [];
  const times = [];
  for (const run of cluster ? runs(charges) : charges.length ? [charges] : []) {
    const { now, made, refused } = read(await send(command(run)), run);
    times.push(now);
    if (Math.max(...times) - Math.min(...times) > APART) throw new GuardUnreachable("clock: the clocks of its nodes are apart");
    totals.push(...made);
    if (refused) break;
  }
  return { totals, nowSeconds: times.at(-1) };
}

/** Returns the command for charges. A counter's group is the hash tag of its name, so a group stays on one node. */
function command(charges) {
  const keys = charges.map(({ counter, group }) => `2fa.{${group}}.${counter}`);
  const given = charges.flatMap(({ amount, limit, ttlSeconds }) => [amount, limit, ttlSeconds]);
  return ["EVAL", script, keys.length, ...keys, ...given].map(String);
}

/** Reads an answer, which holds all that was asked for, or ends with the first charge that was refused. */
function read(answer, charges) {
  const right =
    Array.isArray(answer) && answer.length % 2 === 1 && answer.every((number) => Number.isInteger(number) && number >= 0 && number <= U32);
  const [now, ...numbers] = right ? answer : [];
  const made = Array.from({ length: numbers.length / 2 }, (_, at) => ({ total: numbers[2 * at], endsInSeconds: numbers[2 * at + 1] }));
  const refused = made.findIndex(({ total }, at) => charges[at]?.amount >= 0 && total > charges[at].limit);
  if (!right || made.length !== (refused < 0 ? charges.length : refused + 1)) throw new GuardUnreachable("server: no readable answer");
  return { now, made, refused: refused >= 0 };
}

/** Checks what a server answers to `INFO memory`. Without a limit of its memory it has nothing to make room for. */
export function checkEviction(answer) {
  const field = (name) => new RegExp(`^${name}:(.*)$`, "m").exec(answer)?.[1].trim();
  const policy = field("maxmemory_policy");
  if (policy !== "noeviction" && field("maxmemory") !== "0")
    throw new GuardUnfit(`the guard is unfit: maxmemory-policy is ${policy}, it must be noeviction`);
}

// What the texts of errors begin with or hold.
const KINDS = [
  [/^(NOAUTH|WRONGPASS|NOPERM)\b/, "auth: the server does not take the credentials"],
  [/READONLY/, "readonly: the server is read-only"],
];

/** Returns the error for an error that a server answered, whose text may quote names of counters. */
export function answered(text) {
  if (/OOM/.test(text)) return new GuardFull("the server is full");
  const kind = KINDS.find(([form]) => form.test(text));
  return new GuardUnreachable(kind ? kind[1] : `server: ${/^[A-Z]{2,16}\b/.exec(text)?.[0] ?? "it answered an error"}`);
}
