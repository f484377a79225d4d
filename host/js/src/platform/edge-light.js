/** Edge runtimes in the manner of Vercel: like Workers, with another way to import a module. */

import { FetchTransport } from "../fetch.js";
import engine from "../../data/two-factor-ask.wasm?module";

export { isolates, readText } from "../isolate.js";

export function transport() {
  return new FetchTransport({ cache: "no-store" });
}

export function compile() {
  return { module: engine };
}
