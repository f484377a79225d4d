/** Edge runtimes in the manner of Vercel: like Workers, with another way to import a module. */

import engine from "../two-factor-ask.wasm?module";

export { FetchTransport as DefaultTransport } from "../fetch.js";

export const isolates = true;

export function compile() {
  return engine;
}

export function readText() {
  throw new Error("there are no files");
}
