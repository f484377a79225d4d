/** HTTP by the runtime's `fetch`. */

import { HEADERS, MOST, Unknown, decoded, first, lost } from "./transport.js";

export class FetchTransport {
  #client;

  async send({ method, url, headers, body, timeoutMilliseconds }) {
    const abort = new AbortController();
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => {
        reject(new Unknown("timeout: no answer in time"));
        abort.abort();
      }, timeoutMilliseconds);
    });
    late.catch(() => {});
    try {
      const init = { method, headers: { ...headers, ...HEADERS }, redirect: "manual", signal: abort.signal, ...this.#own() };
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

  /** What keeps a runtime from sending a request twice, or through a proxy of the environment. */
  #own() {
    // Deno repeats a POST on a kept connection that the server has closed.
    if (globalThis.Deno) return { client: (this.#client ??= Deno.createHttpClient({ poolMaxIdlePerHost: 0 })) };
    return globalThis.Bun ? { proxy: false } : {};
  }
}

/** Returns a body as text. Empty if it is longer than allowed. */
async function bounded(stream) {
  if (!stream) return "";
  const read = new Uint8Array(MOST);
  const reader = stream.getReader();
  for (let length = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return decoded(read.subarray(0, length));
    if (length + value.length > MOST) return "";
    read.set(value, length);
    length += value.length;
  }
}
