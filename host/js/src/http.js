/**
 * HTTP by `node:http`, a connection for each request, no redirects, no second try, no proxy of the environment.
 *
 * The connection is made before the request, so that a failure to connect is known to be one. `fetch` does not tell. It also sends a request
 * twice, after a 421 (Node) or on a kept connection that was closed (Deno), and goes through the environment's proxies (Bun, Deno).
 */

import { Buffer } from "node:buffer";
import { HEADERS, MOST, NotSent, Unknown, decoded, first, lost } from "./transport.js";

const MOST_BEFORE = 32;

export class HttpTransport {
  async send({ method, url, headers, body, timeoutMilliseconds }) {
    const target = new URL(url);
    // Not with the package: they take longer to load than all of it.
    const [http, net, tls] = await Promise.all([import("node:http"), import("node:net"), import("node:tls")]);
    const socket = opened(target, net, tls);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      socket.destroy(new Error("late"));
    }, timeoutMilliseconds);
    try {
      await connected(socket, target.protocol);
      return await new Promise((resolve, reject) => {
        const fields = { host: target.host, ...headers, ...HEADERS };
        if (method !== "GET") fields["content-length"] = Buffer.byteLength(body);
        const request = http.request({
          createConnection: () => socket,
          method,
          path: target.pathname + target.search,
          headers: fields,
          setHost: false,
          // Accepts what HTTP/1.1 asks clients to accept, such as lines that end with a line feed. Nothing else is read from this connection.
          insecureHTTPParser: true,
        });
        // Once there is a response, its body alone can be lost: the promise has been resolved with what the status says, or will be.
        let answered = false;
        const broken = () => answered || reject(new Unknown(late ? "timeout: no answer in time" : "connection: it broke"));
        socket.once("close", broken);
        request.on("error", broken);
        request.on("upgrade", broken);
        // Answers before the answer: without end, they would keep the clock from being heard.
        let before = 0;
        request.on("information", () => ++before > MOST_BEFORE && socket.destroy());
        request.on("response", (response) => {
          answered = true;
          const { statusCode: status, headers } = response;
          bounded(response).then((read) => resolve({ status, retryAfter: first(headers["retry-after"]), body: read }));
        });
        request.end(method === "GET" ? undefined : body);
      });
    } finally {
      clearTimeout(timer);
      socket.destroy();
    }
  }
}

function opened({ protocol, hostname, port }, net, tls) {
  const host = hostname.replace(/^\[|\]$/g, "");
  if (protocol !== "https:") return net.connect({ host, port: Number(port) || 80 });
  const servername = net.isIP(host) ? "" : host;
  return tls.connect({ host, port: Number(port) || 443, servername, ALPNProtocols: ["http/1.1"], minVersion: "TLSv1.2" });
}

/** Waits until a request could be sent: for the connection, and for the server's proof of its name. */
function connected(socket, protocol) {
  return new Promise((resolve, reject) => {
    const failed = (error) => {
      const loss = lost(error?.code);
      const early = protocol === "https:" && error?.message !== "late" ? "tls: the server speaks another TLS" : "connect: no connection";
      reject(loss instanceof NotSent ? loss : new NotSent(early));
    };
    socket.once(protocol === "https:" ? "secureConnect" : "connect", resolve);
    socket.on("error", failed);
    socket.once("close", failed);
  });
}

/** Returns a body as text. Empty if it is cut, late, or longer than allowed. What the status says is known all the same. */
function bounded(response) {
  return new Promise((resolve) => {
    const pieces = [];
    let length = 0;
    response.on("data", (piece) => {
      length += piece.length;
      if (length > MOST) resolve("");
      else pieces.push(piece);
    });
    response.on("end", () => resolve(response.complete ? decoded(Buffer.concat(pieces)) : ""));
    for (const event of ["aborted", "error", "close"]) response.on(event, () => resolve(""));
  });
}
