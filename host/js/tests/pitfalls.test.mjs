/** What breaks elsewhere without a word, each on the runtime that runs this. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import { brotliDecompressSync } from "node:zlib";
import { MemoryGuard, Misuse, Refuse, Settings, TwoFactor, Upstream } from "xoxzo-2fa";
import { document } from "xoxzo-2fa/testing";
import { USER, failing, world } from "./world.mjs";

const TAKEN = 'HTTP/1.1 201 Created\r\ncontent-length: 16\r\n\r\n[{"msgid":"m1"}]';

/** A server that keeps connections, and answers each of its requests in turn. It returns the requests it got. */
async function serving(t, ...answers) {
  const got = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      if (!String(data).startsWith("POST")) return;
      got.push(String(data));
      const answer = answers[Math.min(got.length, answers.length) - 1];
      if (typeof answer === "string") socket.write(answer);
      else answer(socket);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after?.(() => server.close());
  return { got, base_url: `http://127.0.0.1:${server.address().port}` };
}

function client(base_url, timeout_milliseconds = 2_000) {
  const settings = document({ xoxzo: { ...document().xoxzo, base_url, timeout_milliseconds } });
  return new TwoFactor(new Settings(settings), new MemoryGuard(), { audit: () => {} });
}

async function delivery(twoFactor, number) {
  return (await twoFactor.start({ ...USER, subject: `user-${number}`, recipient: `+8190${number}2345678` })).delivery;
}

const ENDS = {
  "a FIN": (socket) => socket.end(),
  "a RST": (socket) => socket.resetAndDestroy?.() ?? socket.destroy(),
  "a 421": (socket) => socket.end("HTTP/1.1 421 Misdirected Request\r\ncontent-length: 0\r\n\r\n"),
  "a 408": (socket) => socket.end("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"),
  "a redirect": (socket) => socket.end("HTTP/1.1 307 Temporary Redirect\r\nlocation: /\r\ncontent-length: 0\r\n\r\n"),
};

for (const [end, answer] of Object.entries(ENDS)) {
  test(`one POST, whatever comes of it: ${end} on a connection that was used before`, async (t) => {
    const { got, base_url } = await serving(t, TAKEN, answer, TAKEN);
    const twoFactor = client(base_url);
    assert.equal(await delivery(twoFactor, 1), "accepted");
    const second = await delivery(twoFactor, 2).catch((error) => error.code);
    assert.equal(second, /4\d\d/.test(end) ? "provider" : "unknown");
    assert.equal(got.length, 2, "one request for each message");
    assert.equal(await delivery(twoFactor, 3), "accepted");
  });
}

test("one POST in the time of the whole exchange", async (t) => {
  const { got, base_url } = await serving(t, (socket) => {
    socket.write("HTTP/1.1 201 Created\r\ncontent-length: 1000\r\n\r\n");
    const drip = setInterval(() => socket.write(" "), 20);
    socket.on("close", () => clearInterval(drip));
  });
  assert.equal(await delivery(client(base_url, 1_000), 1), "unknown");
  assert.equal(got.length, 1);
});

test("no answer makes a body of more than 64 KiB be read", async (t) => {
  let written = 0;
  const { base_url } = await serving(t, (socket) => {
    socket.write("HTTP/1.1 201 Created\r\ncontent-length: 1000000000\r\n\r\n");
    const more = () => {
      while (!socket.destroyed && socket.write(" ".repeat(65_536))) written += 65_536;
    };
    socket.on("drain", more);
    more();
  });
  assert.equal(await delivery(client(base_url, 30_000), 1), "unknown");
  // What the system buffers on the way is not read.
  assert.ok(written < 32 * 2 ** 20, String(written));
});

test("where nobody listens nothing was sent, on any port", async () => {
  for (const port of [1, 9])
    await assert.rejects(
      delivery(client(`http://127.0.0.1:${port}`), 1),
      (error) => failing(Upstream, "provider")(error) && /^connect: /.test(error.cause.message),
    );
});

test("a module of another realm is a module", async () => {
  const bytes = readFileSync(new URL("./node_modules/xoxzo-2fa/data/two-factor-ask.wasm", import.meta.url));
  const module = runInNewContext("new WebAssembly.Module(bytes)", { bytes });
  if (!globalThis.Bun) assert.ok(!(module instanceof WebAssembly.Module), "it is of another realm");
  for (const given of [module, bytes, new Uint8Array(bytes).buffer])
    assert.equal((await world({ module: given }).twoFactor.start(USER)).delivery, "accepted");
});

test("a module that traps, or is none, is an upstream failure", async () => {
  const header = [0, 97, 115, 109, 1, 0, 0, 0];
  for (const module of [new Uint8Array(header), new Uint8Array([1]), {}, "text"])
    await assert.rejects(world({ module }).twoFactor.start(USER), failing(Upstream, "plugin"));
});

/** Returns the sections of a module: the id of each, and its content. */
function sections(bytes) {
  const found = [];
  for (let at = 8; at < bytes.length;) {
    const id = bytes[at++];
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      length += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    found.push([id, [...bytes.subarray(at, (at += length))]]);
  }
  return found;
}

test("the packed engine is the engine, and as text in everything but that it imports its memory", async () => {
  const packed = new URL("./node_modules/xoxzo-2fa/data/", import.meta.url);
  const engine = readFileSync(`${process.env.XOXZO_2FA_ROOT}/host/ask/two-factor-ask.wasm`);
  assert.ok(engine.equals(readFileSync(new URL("two-factor-ask.wasm", packed))));
  const { default: ask } = await import(new URL("ask.cjs", packed));
  const { pages } = ask;
  const bytes = brotliDecompressSync(Buffer.from(ask.text, "base64"));
  const [, [memories, ...limits]] = sections(engine).find(([id]) => id === 5);
  assert.deepEqual([memories, ...limits], [1, 0, pages]);
  const added = ["host", "memory"].flatMap((name) => [name.length, ...Buffer.from(name)]);
  const expected = sections(engine)
    .filter(([id]) => id !== 5)
    .map(([id, [count, ...content]]) => [id, id === 2 ? [count + 1, ...content, ...added, 2, ...limits] : [count, ...content]]);
  assert.deepEqual(sections(bytes), expected);
  assert.ok(engine.subarray(0, 8).equals(bytes.subarray(0, 8)));
});

test("no secret stays in the memory of an engine, and each operation has an instance of its own", async () => {
  const { Instance } = WebAssembly;
  const memories = [];
  const { twoFactor, xoxzo } = world();
  WebAssembly.Instance = class extends Instance {
    constructor(module, imports) {
      super(module, imports);
      memories.push(imports.host.memory);
    }
  };
  try {
    const { token } = await twoFactor.start(USER);
    await twoFactor.verify(token, USER, xoxzo.pin());
    await assert.rejects(twoFactor.start({ ...USER, subject: "x".repeat(300_000) }), failing(Misuse, "request"));
  } finally {
    WebAssembly.Instance = Instance;
  }
  assert.equal(memories.length, 5, "the settings, three operations, and the pseudonyms of the one that failed");
  for (const memory of new Set(memories)) assert.ok(new Uint8Array(memory.buffer).every((byte) => byte === 0));
});

test("while operations wait, eight instances are kept, and none of them delays another", async () => {
  const { Instance } = WebAssembly;
  const { xoxzo, ...rest } = world();
  const memories = new Set();
  let release;
  const answered = new Promise((resolve) => (release = resolve));
  const transport = {
    async send(request) {
      await answered;
      return xoxzo.send(request);
    },
  };
  WebAssembly.Instance = class extends Instance {
    constructor(module, imports) {
      super(module, imports);
      memories.add(imports.host.memory);
    }
  };
  try {
    const many = { count: 1_000_000 };
    const settings = new Settings(document({ sends: { per_range: many, per_audience: many } }));
    const twoFactor = new TwoFactor(settings, rest.guard, { transport, dangerClock: rest.clock.seconds, audit: () => {} });
    const users = Array.from({ length: 40 }, (_, at) => ({ ...USER, recipient: `+8190123456${at + 10}`, subject: `user-${at}` }));
    const starts = users.map((user) => twoFactor.start(user));
    await assert.rejects(twoFactor.verify("x", USER, "000000"), failing(Refuse, "invalid-token"));
    release();
    assert.equal((await Promise.all(starts)).length, 40);
  } finally {
    WebAssembly.Instance = Instance;
  }
  assert.equal(memories.size, 9, "eight that are kept, and the one in use");
});

test("at the top of a module there is neither clock nor randomness", async () => {
  const forbidden = () => {
    throw new Error("not before the first request");
  };
  const { now } = Date;
  const { getRandomValues } = crypto;
  let twoFactor;
  try {
    Date.now = forbidden;
    crypto.getRandomValues = forbidden;
    assert.throws(() => crypto.getRandomValues(new Uint8Array(1)), /not before/);
    const again = await import(`./node_modules/xoxzo-2fa/dist/index.js?again`);
    twoFactor = new again.TwoFactor(new again.Settings(DOCUMENT), new again.MemoryGuard(), { audit: () => {} });
  } finally {
    Date.now = now;
    crypto.getRandomValues = getRandomValues;
  }
  assert.equal(typeof twoFactor.warnings.length, "number");
});

const DOCUMENT = document();

test("randomness that fails is a failure, and no code", async () => {
  const { getRandomValues } = crypto;
  const { twoFactor, xoxzo } = world();
  await twoFactor.ready();
  try {
    crypto.getRandomValues = () => {
      throw new Error("none");
    };
    await assert.rejects(twoFactor.start(USER), failing(Upstream, "randomness"));
  } finally {
    crypto.getRandomValues = getRandomValues;
  }
  assert.equal(xoxzo.requests.length, 0);
});
