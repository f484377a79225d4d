/** Edge runtimes in the manner of Vercel: like Workers, with another way to import a module. */

import { FetchTransport } from "../fetch.js";
import engine from "../../data/two-factor-ask.wasm?module";

export const isolates = true;

export function transport() {
  return new FetchTransport({ cache: "no-store" });
}

export function compile() {
  return { module: engine };
}

export function readText() {
  throw new Error("there are no files");
}
