/** Clients for tests, and helpers to look at what they do. */

import { createServer } from "node:http";
import { inspect } from "node:util";
import { MemoryGuard, Settings, TwoFactor, keygen } from "xoxzo-2fa";
import { Clock, FakeXoxzo, document } from "xoxzo-2fa/testing";

export const USER = { recipient: "+819012345678", subject: "user-1", purpose: "login" };

/** A client in use, and all that it uses. */
export function world({ changes = {}, ...options } = {}) {
  const [xoxzo, clock, events] = [new FakeXoxzo(), new Clock(), []];
  const guard = new MemoryGuard({ dangerClock: clock.seconds });
  const settings = new Settings(document(changes));
  const audit = (event) => events.push(event);
  const client = (own = {}) => new TwoFactor(settings, own.guard ?? guard, { transport: xoxzo, dangerClock: clock.seconds, audit, ...options });
  return { xoxzo, clock, events, guard, settings, client, twoFactor: client() };
}

/** Serves a Xoxzo over HTTP. */
export async function listening(t) {
  const xoxzo = new FakeXoxzo();
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    const answer = await xoxzo.send({ method: request.method, url: `http://localhost${request.url}`, headers: request.headers, body });
    response.writeHead(answer.status).end(answer.body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after?.(() => server.close());
  return { xoxzo, base_url: `http://127.0.0.1:${server.address().port}` };
}

/** Returns the environment of a program that uses such a Xoxzo. */
export function account(base_url) {
  const keys = { XOXZO_2FA_KEY: keygen(), XOXZO_2FA_GUARD_KEY: keygen() };
  return { ...keys, XOXZO_API_SID: "sid", XOXZO_API_AUTH_TOKEN: "token", XOXZO_BASE_URL: base_url };
}

/** Returns another PIN. */
export function other(pin) {
  return (pin[0] === "0" ? "1" : "0") + pin.slice(1);
}

/** Returns what `assert.rejects` and `assert.throws` compare an error with. */
export function failing(kind, code) {
  return (error) => error instanceof kind && error.code === code;
}

/** Returns a value in every way in which programs print it. */
export function printed(value) {
  const lines = [];
  const { log } = console;
  if (globalThis.Bun) lines.push(Bun.inspect(value, { depth: 9 }));
  if (globalThis.Deno) lines.push(Deno.inspect(value, { depth: 9 }));
  try {
    console.log = (...all) => lines.push(...all.map((one) => inspect(one, { depth: 9 })));
    console.log(value);
  } finally {
    console.log = log;
  }
  lines.push(inspect(value, { depth: 9, showHidden: true }), JSON.stringify(value) ?? "", JSON.stringify({ ...value }), String(value));
  return lines.join("\n");
}
