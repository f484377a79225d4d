/** Workers: compiling while a request is served is forbidden, so the engine is imported as a module. */

import { FetchTransport } from "../fetch.js";
import engine from "../../data/two-factor-ask.wasm";

export { isolates, readText } from "../isolate.js";

export function transport() {
  return new FetchTransport();
}

export function compile() {
  return { module: engine };
}
