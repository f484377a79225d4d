import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { MemoryGuard, Settings, TwoFactor } from "xoxzo-2fa";
import { receive } from "xoxzo-2fa/callbacks";
import { Clock, document } from "xoxzo-2fa/testing";
import { USER, withSandbox, world } from "./world.mjs";

/** The sandbox's number whose messages fail. */
const FAILED = "+819000000040";

/** A service with one message on its way, which Xoxzo says is being delivered. */
async function service() {
  const { twoFactor, xoxzo, clock } = world();
  const handles = new Map();
  const id = keep(handles, await twoFactor.start(USER));
  xoxzo.states[id] = "DELIVERING";
  xoxzo.requests.length = 0;
  return { twoFactor, xoxzo, clock, id, receive: (callback) => receive(twoFactor, callback, (found) => handles.get(found)) };
}

function keep(handles, { handle, audit }) {
  handles.set(audit.messageId, handle);
  return audit.messageId;
}

test("Xoxzo's callbacks lead to the last state", async () => {
  await withSandbox(async ({ environment }) => {
    const [clock, handles, states] = [new Clock(), new Map(), []];
    let twoFactor, done;
    const finished = new Promise((resolve) => (done = resolve));
    const server = createServer(async (request, response) => {
      const { status, report, failure } = await receive(twoFactor, request, (id) => handles.get(id));
      // The 5 s pass that lie between two questions about a message.
      if (failure) clock.advance(6);
      else if (report) states.push(report.delivery);
      response.writeHead(status).end();
      if (report?.delivery === "failed") done();
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const xoxzo = {
        sid: environment.XOXZO_API_SID,
        auth_token: environment.XOXZO_API_AUTH_TOKEN,
        base_url: environment.XOXZO_BASE_URL,
        sender: "Example",
        callback_url: `http://127.0.0.1:${server.address().port}/delivery/9f2c`,
      };
      const guard = new MemoryGuard({ dangerClock: clock.seconds });
      twoFactor = new TwoFactor(new Settings(document({ xoxzo })), guard, { dangerClock: clock.seconds });
      keep(handles, await twoFactor.start({ ...USER, recipient: FAILED }));
      await finished;
      assert.equal(states.at(-1), "failed");
    } finally {
      server.closeAllConnections?.();
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

test("the state in a callback is never believed", async () => {
  const { receive, xoxzo, clock, id } = await service();
  for (const body of [`msgid=${id}&status=DELIVERED`, JSON.stringify({ status: "FAILED", msgid: id })]) {
    for (const form of [body, new TextEncoder().encode(body), new Request("http://shop.test/", { method: "POST", body })]) {
      const { status, messageId, report } = await receive(form);
      assert.deepEqual([status, messageId, report.delivery], [200, id, "delivering"]);
      clock.advance(6);
    }
  }
  assert.equal(xoxzo.requests.length, 6);
});

test("a replay asks nothing", async () => {
  const { receive, xoxzo, id } = await service();
  assert.ok((await receive(`msgid=${id}`)).report);
  for (let times = 0; times < 20; times++) {
    const { status, failure } = await receive(`msgid=${id}`);
    assert.deepEqual([status, failure.code], [503, "cooldown"]);
  }
  assert.equal(xoxzo.requests.length, 1);
});

test("strangers are ignored, and input is bounded", async () => {
  const { receive, xoxzo, clock, id } = await service();
  const own = `msgid=${id}&x=`;
  const odd = ["", "msgid=", "msgid=of-a-stranger", "msgid=a/../b", "status=DELIVERED", "17", "null", '{"msgid":7}', '["msgid"]', "\ud800"];
  const long = own.padEnd(16 * 1024 + 1, "x");
  let read = 0;
  async function* endless() {
    for (;;) yield new TextEncoder().encode(read++ ? "x".repeat(1024) : own);
  }
  const request = new Request("http://shop.test/", { method: "POST", body: long });
  for (const callback of [...odd, "[".repeat(16_000), long, endless(), request, new Request("http://shop.test/")])
    assert.deepEqual(await receive(callback), { status: 200 });
  assert.ok(read < 20);
  assert.equal(xoxzo.requests.length, 0);
  // The control: as much as is read, with the same id.
  assert.ok((await receive(long.slice(0, -1))).report);
  clock.advance(6);
  assert.ok((await receive(new TextEncoder().encode(long.slice(0, -1)))).report);
});

test("an aborted request is ignored", async () => {
  const { receive, xoxzo, id } = await service();
  const own = new TextEncoder().encode(`msgid=${id}`);
  async function* aborted() {
    yield own;
    throw new Error("aborted");
  }
  const parts = [own];
  const body = new ReadableStream({
    pull: (stream) => (parts.length ? stream.enqueue(parts.pop()) : stream.error(new Error("aborted"))),
  });
  // What is cancelled because it is too long may fail as well.
  const long = new ReadableStream({
    pull: (stream) => stream.enqueue(new Uint8Array(16 * 1024 + 1)),
    cancel: () => Promise.reject(new Error("aborted")),
  });
  const requests = [body, long].map((each) => new Request("http://shop.test/", { method: "POST", body: each, duplex: "half" }));
  for (const callback of [aborted(), ...requests]) assert.deepEqual(await receive(callback), { status: 200 });
  assert.equal(xoxzo.requests.length, 0);
  // A body that somebody else reads is a mistake of the program.
  const locked = new Request("http://shop.test/", { method: "POST", body: own });
  locked.body.getReader();
  await assert.rejects(receive(locked), TypeError);
});

test("a callback comes again if Xoxzo does not answer", async () => {
  const { receive: own, twoFactor, xoxzo, id } = await service();
  xoxzo.fault = "unavailable";
  const { status, failure } = await own(`msgid=${id}`);
  assert.deepEqual([status, failure.code], [503, "provider"]);
  // A handle that is not the service's own never gets an answer.
  const foreign = await receive(twoFactor, `msgid=${id}`, async () => "of-another-service");
  assert.deepEqual([foreign.status, foreign.failure.code], [200, "invalid-token"]);
  const broken = receive(twoFactor, `msgid=${id}`, () => Promise.reject(new RangeError("the store is gone")));
  await assert.rejects(broken, RangeError);
});
