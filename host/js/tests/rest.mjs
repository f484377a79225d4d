/** A server that speaks the REST API of Upstash before a real Redis, and can lose answers. */

import { createServer } from "node:http";
import { createClient } from "redis";
import { listens } from "./stores.mjs";

/** Ways to lose the answer to a command that was made. */
export const LOSSES = {
  "a FIN": (response) => response.socket.end(),
  "a RST": (response) => response.socket.resetAndDestroy?.() ?? response.socket.destroy(),
  "half a body": (response) => void response.writeHead(200, { "content-length": 100 }).write('{"result":[1'),
  "a 421": (response) => response.writeHead(421).end(),
  "a redirect": (response) => response.writeHead(307, { location: "/" }).end(),
  "a 503": (response) => response.writeHead(503).end("<h1>Unavailable</h1>"),
};

/** Starts it. While `odd` is set, that answers instead; it gets the response and the command's result. */
export async function upstash(server) {
  const client = await createClient({ url: server.url }).connect();
  const state = { token: "token-of-the-test", client, odd: undefined, requests: 0 };
  const answered = async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    state.requests += 1;
    if (request.headers.authorization !== `Bearer ${state.token}`)
      return response.writeHead(401).end('{"error":"WRONGPASS invalid or missing auth token"}');
    const result = await client.sendCommand(JSON.parse(body).map(String)).catch((error) => error);
    if (state.odd) return state.odd(response, result);
    const failed = result instanceof Error;
    return response.writeHead(failed ? 400 : 200).end(JSON.stringify(failed ? { error: result.message } : { result }));
  };
  const rest = createServer((request, response) => void answered(request, response));
  state.url = `http://127.0.0.1:${await listens(rest)}`;
  state.end = () => {
    rest.close();
    rest.closeAllConnections?.();
    client.destroy();
  };
  return state;
}
