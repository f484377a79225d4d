/** What an operation takes, with counters in memory and without network: CPU and wall clock, means of each of five rounds, the median of these. */

import { Settings, TwoFactor, MemoryGuard } from "xoxzo-2fa";
import { FakeXoxzo, document } from "xoxzo-2fa/testing";

const [ROUNDS, LOGINS] = [5, 400];
const many = { count: 1_000_000 };
const changes = { sends: { per_range: many, per_audience: many } };
const xoxzo = new FakeXoxzo();
const twoFactor = new TwoFactor(new Settings(document(changes)), new MemoryGuard(), { transport: xoxzo, audit: () => {} });
let users = 0;

function user() {
  users += 1;
  return { recipient: `+8190${String(users).padStart(8, "1")}`, subject: `user-${users}`, purpose: "login" };
}

async function measured(operate) {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [cpu, began] = [process.cpuUsage(), performance.now()];
    for (let at = 0; at < LOGINS; at++) await operate(at);
    const { user, system } = process.cpuUsage(cpu);
    rounds.push([(user + system) / 1_000 / LOGINS, (performance.now() - began) / LOGINS]);
    xoxzo.messages.length = xoxzo.requests.length = 0;
  }
  return [0, 1].map((at) =>
    rounds
      .map((round) => round[at])
      .sort((one, other) => one - other)
      .at(ROUNDS >> 1)
      .toFixed(2),
  );
}

async function login() {
  const one = user();
  const { token } = await twoFactor.start(one);
  await twoFactor.verify(token, one, xoxzo.pin());
}

await measured(login);
const name = globalThis.Bun ? `Bun ${Bun.version}` : globalThis.Deno ? `Deno ${Deno.version.deno}` : `Node ${process.versions.node}`;
const [cpu, wall] = await measured(login);
const [startCpu, startWall] = await measured(() => twoFactor.start(user()));
console.log(`${name}: start + verify ${cpu} ms of CPU (${wall} ms), start alone ${startCpu} ms (${startWall} ms)`);
