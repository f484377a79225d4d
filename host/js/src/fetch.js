/** HTTP by the runtime's `fetch`, for runtimes that have nothing else. `http.js` says why not everywhere. */

import { HEADERS, MOST, Unknown, decoded, first, lost } from "./transport.js";

export class FetchTransport {
  #init;

  /** `init` is what a runtime's `fetch` needs beside the request. */
  constructor(init) {
    this.#init = init;
  }

  async send({ method, url, headers, body, timeoutMilliseconds }) {
    const abort = new AbortController();
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Unknown("timeout: no answer in time")), timeoutMilliseconds);
    });
    try {
      const init = { ...this.#init, method, headers: { ...headers, ...HEADERS }, redirect: "manual", signal: abort.signal };
      if (method !== "GET") init.body = body;
      const response = await Promise.race([fetch(url, init), late]).catch((error) => {
        throw error instanceof Unknown ? error : lost(error?.code ?? error?.cause?.code);
      });
      // What the status says is known even if the body is lost.
      const read = await Promise.race([bounded(response.body), late]).catch(() => "");
      return { status: response.status, retryAfter: first(response.headers.get("retry-after")), body: read };
    } finally {
      clearTimeout(timer);
      abort.abort();
    }
  }
}

/** Returns a body as text. Empty if it is longer than allowed. */
async function bounded(stream) {
  if (!stream) return "";
  const read = new Uint8Array(MOST);
  const reader = stream.getReader();
  for (let length = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return decoded(read.subarray(0, length));
    if (length + value.length > MOST) return "";
    read.set(value, length);
    length += value.length;
  }
}
