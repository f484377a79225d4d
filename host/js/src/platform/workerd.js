/** Workers: compiling while a request is served is forbidden, so the engine is imported as a module. */

import engine from "../two-factor-ask.wasm";

export { FetchTransport as DefaultTransport } from "../fetch.js";

export const isolates = true;

export function compile() {
  return engine;
}

export function readText() {
  throw new Error("there are no files");
}
