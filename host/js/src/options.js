/** Options of a constructor or a function. */

import { Misuse } from "./errors.js";

/** Returns options, or throws `Misuse` for one that does not exist. */
export function options(given = {}, known) {
  if (typeof given !== "object" || given === null) throw new Misuse("request", "options: must be an object");
  const odd = Object.keys(given).find((name) => !known.includes(name));
  if (odd) throw new Misuse("request", `options: there is no ${JSON.stringify(odd.slice(0, 40))}; there is ${known.join(", ")}`);
  return given;
}
