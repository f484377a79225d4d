/** Waiting for a store, with an end. */

import { GuardUnreachable } from "./guard.js";

/** Waits for an answer at most so many milliseconds. The signal that `ask` gets is aborted when the wait is over. */
export async function within(milliseconds, ask) {
  const abort = new AbortController();
  let timer;
  const over = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new GuardUnreachable("timeout: no answer in time")), milliseconds);
  });
  try {
    return await Promise.race([ask(abort.signal), over]);
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}
