/** Workers: compiling while a request is served is forbidden, so the engine is imported as a module. */

import { FetchTransport } from "../fetch.js";
import engine from "../../data/two-factor-ask.wasm";

export const isolates = true;

export function transport() {
  return new FetchTransport();
}

export function compile() {
  return { module: engine };
}

export function readText() {
  throw new Error("there are no files");
}
