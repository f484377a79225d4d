/** What runtimes have in common whose isolates come and go. */

export const isolates = true;

export function readText() {
  throw new Error("there are no files");
}
