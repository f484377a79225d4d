/** Counters in an SQLite file: clocks that are wrong, processes at once, and files that are no guard's. */

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, lstatSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, test as every } from "node:test";
import { GuardFull, GuardUnfit, GuardUnreachable, Misuse, Settings, TwoFactor, Upstream } from "xoxzo-2fa";
import { SqliteGuard } from "xoxzo-2fa/guards/sqlite";
import { Clock, FakeXoxzo, document, suite } from "xoxzo-2fa/testing";
import { beside, charge, folder, totals, until } from "./stores.mjs";
import { USER, failing } from "./world.mjs";

const BEGINNING = 1_800_000_000;
const HAS = globalThis.Bun !== undefined || isBuiltin("node:sqlite");
const guards = [];
after(() => Promise.all(guards.map((guard) => guard.close())));

if (!HAS)
  every("without SQLite the guard is misuse", () => {
    assert.throws(
      () => new SqliteGuard(join(folder(), "guard")),
      (error) => failing(Misuse, "settings")(error) && /22\.13/.test(error.detail),
    );
  });

const test = HAS ? every : () => {};
const asRoot = process.getuid() === 0 ? test : () => {};

function opened(path, given) {
  const guard = new SqliteGuard(path, given);
  guards.push(guard);
  return guard;
}

function rows(path) {
  const db = beside(path);
  const { rows } = db.prepare("SELECT count(*) AS rows FROM counters").get();
  db.close();
  return rows;
}

function unreadable(path) {
  const db = beside(path);
  try {
    db.prepare("SELECT count(*) FROM counters").get();
    return false;
  } catch {
    return true;
  } finally {
    db.close();
  }
}

/** A store whose clock a test sets. */
function clocked() {
  const clock = new Clock(BEGINNING);
  const path = join(folder(), "guard");
  return { clock, path, open: (given) => opened(path, { dangerClock: clock.seconds, ...given }) };
}

function fails(kind, message) {
  return (error) => error instanceof kind && message.test(error.message);
}

test("an SQLite file passes the suite", async () => {
  const clock = new Clock();
  let store;
  const set = (seconds) => void (clock.now = BEGINNING + seconds);
  const open = async () => {
    await store?.close();
    store = new SqliteGuard(join(folder(), "guard"), { dangerClock: clock.seconds });
    return store;
  };
  assert.deepEqual(await suite.vectors(open, set), { passed: 69, leftOut: 0 });
  await store.close();
  const path = join(folder(), "made", "too", "guard");
  const [one, other] = [opened(path), opened(path)];
  await suite.races(one);
  await suite.groups(one);
  await suite.shared(one, other);
  await suite.restart(() => new SqliteGuard(path));
  const modes = [path, join(path, ".."), join(path, "../..")].map((at) => lstatSync(at).mode & 0o777);
  assert.deepEqual(modes, [0o600, 0o700, 0o700]);
});

test("lists do not keep the event loop waiting, and share transactions", async () => {
  const path = join(folder(false), "guard");
  const store = opened(path);
  await store.check();
  const lock = beside(path);
  lock.exec("BEGIN EXCLUSIVE");
  const made = Promise.all(Array.from({ length: 200 }, () => totals(store, charge("a", 1, 1_000))));
  // The loop goes on while the thread waits for the file.
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
  lock.exec("COMMIT");
  const changes = () => Number(readFileSync(path).readUInt32BE(24));
  const before = changes();
  assert.deepEqual(
    (await made).flat().toSorted((a, b) => a - b),
    Array.from({ length: 200 }, (_, at) => at + 1),
  );
  assert.ok(changes() - before <= 3, "the file's own counter of transactions");
  lock.close();
});

test("a list is on the disk before it is answered", async () => {
  const path = join(folder(false), "guard");
  const store = opened(path);
  assert.deepEqual(await totals(store, charge("a")), [1]);
  const db = beside(path);
  assert.equal(db.prepare("SELECT total FROM counters WHERE name = 'a'").get().total, 1);
  const pragma = (name) => Object.values(db.prepare(`PRAGMA ${name}`).get())[0];
  assert.equal(pragma("journal_mode"), "delete", "a rollback journal, which each connection empties in its own way");
  assert.ok(!existsSync(`${path}-wal`));
  db.close();
});

test("a clock that is back a little stands still", async () => {
  const { clock, open } = clocked();
  let store = open();
  for (const [at, reopened, total, endsInSeconds] of [
    [0, 0, 1, 600],
    [100, 0, 2, 500],
    [-20, 0, 3, 500],
    [-20, 1, 4, 500],
    [600, 0, 1, 600],
  ]) {
    clock.now = BEGINNING + at;
    store = reopened ? open() : store;
    const now = Math.max(BEGINNING + at, at < 0 ? BEGINNING + 100 : 0);
    assert.deepEqual(await store.add([charge("a", 1, 9, 600)]), { totals: [{ total, endsInSeconds }], nowSeconds: now });
  }
});

for (const ahead of [3_600, 3 * 31_536_000])
  test(`a clock that is ahead once by ${ahead} s shuts the file and forgets nothing`, async () => {
    const { clock, path, open } = clocked();
    const most = 2 ** 32 - 1;
    const store = open();
    const hard = charge("hard", 7, most, 315_360_000);
    assert.deepEqual(await totals(store, hard, charge("used", 2 ** 20, most, 480)), [7, 2 ** 20]);
    clock.now = BEGINNING + ahead;
    for (let list = 0; list < 3; list++) await totals(store, charge("other", 1, most, 86_400));
    clock.now = BEGINNING + 10;
    for (const either of [store, open()])
      assert.deepEqual(await either.add([charge("used", 1, 5, 480)]), { totals: [], nowSeconds: BEGINNING + ahead });
    const repair = () => SqliteGuard.repair(path, { dangerClock: clock.seconds });
    const { aheadSeconds, shutSeconds, renewed } = await repair();
    assert.deepEqual([aheadSeconds, shutSeconds, renewed], [ahead - 10, 840, 1]);
    // Shut for as long as any challenge can live, then open, with all that was kept.
    clock.now = BEGINNING + 10 + 839;
    assert.deepEqual(await totals(open(), charge("hard", 1, most)), []);
    clock.now += 1;
    assert.deepEqual(await totals(open(), charge("hard", 1, most)), [8]);
    const [other] = (await open().add([charge("other", 0, most, 86_400)])).totals;
    assert.deepEqual([other.total, other.endsInSeconds <= 86_400], [3, true]);
    assert.equal((await repair()).aheadSeconds, 0);
  });

test("a file that opens by itself before a repair would is left", async () => {
  const { clock, path, open } = clocked();
  await totals(open(), charge("a"));
  clock.now -= 700;
  const given = { dangerClock: clock.seconds };
  assert.deepEqual(await SqliteGuard.repair(path, given), { aheadSeconds: 700, shutSeconds: 580, kept: 1, renewed: 0 });
  clock.now += 580;
  assert.deepEqual(await totals(open(), charge("a", 0)), [1]);
});

test("a client whose clock is apart from the store's is refused", async () => {
  const { clock, open } = clocked();
  const xoxzo = new FakeXoxzo();
  const client = (ahead) => {
    clock.now = Date.now() / 1000 + ahead;
    return new TwoFactor(new Settings(document()), open(), { transport: xoxzo, audit: () => {} });
  };
  await client(0).start(USER);
  for (const ahead of [300, 0]) await assert.rejects(client(ahead).start({ ...USER, subject: "user-2" }), failing(Upstream, "clock"));
  assert.equal(xoxzo.requests.length, 1);
});

test("the file does not grow by what has ended, and a list that is refused or only looks writes nothing", async () => {
  const { clock, path, open } = clocked();
  const store = open();
  await store.add(Array.from({ length: 200 }, (_, at) => charge(`${at}`)));
  const before = readFileSync(path);
  for (let list = 0; list < 20; list++) assert.deepEqual(await totals(store, charge("b", 0), charge("0", 9, 9)), [0, 10]);
  assert.ok(readFileSync(path).equals(before));
  clock.now = BEGINNING + 119;
  await totals(store, charge("a"));
  assert.equal(rows(path), 201, "ended, and kept for another minute");
  clock.now = BEGINNING + 121;
  for (let list = 0; list < 20; list++) await totals(store, charge(`new ${list}`));
  assert.equal(rows(path), 21);
  for (let list = 0; list < 20; list++) await totals(store, charge(`new ${list}`, -1));
  assert.equal(rows(path), 1);
});

test("a full file refuses, and what has ended makes room", async () => {
  const { clock, path, open } = clocked();
  const store = open({ sizeBytes: 128 * 1024 });
  let made = 0;
  const name = (number) => String(number).padStart(22, "0");
  await assert.rejects(async () => {
    for (; made < 100_000; made++) await store.add(Array.from({ length: 20 }, (_, at) => charge(`${name(made)}.${at}`)));
  }, GuardFull);
  assert.ok(made > 20);
  assert.deepEqual(await totals(store, charge(`${name(0)}.0`)), [2], "what is there goes on");
  assert.ok(lstatSync(path).size <= 128 * 1024);
  clock.now = BEGINNING + 61;
  await totals(store, charge(`${name(0)}.0`));
  clock.now = BEGINNING + 122;
  let refused = 0;
  for (let number = 0; number < 100; number++)
    await totals(store, charge(name(1_000_000 + number))).catch((error) => (refused += error instanceof GuardFull));
  assert.ok(refused < 10, String(refused));
});

test("only a file of its owner is opened, in a folder that nobody else can write to", async () => {
  const at = folder();
  const [file, other] = [join(at, "guard"), join(at, "other")];
  await opened(file).check();
  chmodSync(file, 0o640);
  await assert.rejects(opened(file).check(), fails(GuardUnfit, /chmod 600/));
  chmodSync(file, 0o600);
  symlinkSync(file, other);
  await assert.rejects(opened(other).check(), fails(GuardUnfit, /link/));
  for (const mode of [0o777, 0o770]) {
    chmodSync(at, mode);
    await assert.rejects(opened(file).check(), fails(GuardUnfit, /chmod go-w/));
  }
  chmodSync(at, 0o700);
  await opened(file).check();
  for (const none of [at, join(at, ".."), "/", ".", "", join(file, "below")])
    await assert.rejects(opened(none).check(), (error) => error instanceof GuardUnfit || error instanceof GuardUnreachable, none);
  for (const none of [undefined, 7, "a\0b"]) assert.throws(() => new SqliteGuard(none), failing(Misuse, "settings"));
  assert.throws(() => new SqliteGuard(file, { timeout: 1 }), failing(Misuse, "request"));
});

asRoot("root opens a file and leaves it its owner", async () => {
  const file = join(folder(), "guard");
  await new SqliteGuard(file).check();
  chownSync(file, 1_234, 1_234);
  rmSync(`${file}-journal`, { force: true });
  assert.deepEqual(await totals(opened(file), charge("a")), [1]);
  for (const path of [file, `${file}-journal`]) {
    const { uid, mode } = lstatSync(path);
    assert.deepEqual([uid, mode & 0o777], [1_234, 0o600]);
  }
});

test("what is no guard's file is refused and left as it is", async () => {
  const file = join(folder(), "guard");
  for (const [content, statement] of [
    ["\x07".repeat(9_000)],
    ["<html>".repeat(999)],
    ["", "CREATE TABLE t (x)"],
    ["", "PRAGMA user_version = 1"],
  ]) {
    writeFileSync(file, content, { mode: 0o600 });
    if (statement) {
      const db = beside(file);
      db.exec(statement);
      db.close();
    }
    const before = readFileSync(file);
    await assert.rejects(opened(file).check(), fails(GuardUnfit, /not a guard's/));
    assert.ok(readFileSync(file).equals(before));
    rmSync(file);
  }
  await new SqliteGuard(file).check();
  const db = beside(file);
  db.exec("PRAGMA user_version = 2");
  db.close();
  await assert.rejects(opened(file).check(), fails(GuardUnfit, /another version/));
});

test("network file systems are told", async () => {
  const { kind } = await import(join(process.env.XOXZO_2FA_ROOT, "host/js/src/sqlite/place.js"));
  const mounts = [
    "1 0 8:1 / / rw - ext4 /dev/a rw",
    "2 1 0:9 / /srv rw shared:7 - nfs4 host:/srv rw",
    "3 2 0:8 / /srv/a\\040b\\303\\251 rw - tmpfs tmpfs rw",
    "4 1 0:7 / /mnt rw - xfs /dev/b rw",
    "5 4 0:6 / /mnt rw - fuse.sshfs host: rw",
    "",
  ].join("\n");
  const folders = { "/": "ext4", "/srv": "nfs4", "/srv/x": "nfs4", "/srvx": "ext4", "/srv/a bé/c": "tmpfs", "/mnt/x": "fuse.sshfs" };
  for (const [folder, expected] of Object.entries(folders)) assert.equal(kind(folder, mounts), expected, folder);
});

test("a file that stays busy is given up, and the lists that waited were not made", async () => {
  const path = join(folder(), "guard");
  const store = opened(path, { timeoutMilliseconds: 100 });
  await store.check();
  const lock = beside(path);
  lock.exec("BEGIN EXCLUSIVE");
  await assert.rejects(totals(store, charge("a")), fails(GuardUnreachable, /^busy: /));
  await assert.rejects(opened(path, { timeoutMilliseconds: 50 }).check(), fails(GuardUnreachable, /^busy: /));
  lock.exec("COMMIT");
  assert.deepEqual(await totals(store, charge("a")), [1]);
  // A commit waits for readers, and is given up too.
  lock.exec("BEGIN");
  lock.prepare("SELECT count(*) FROM counters").get();
  await assert.rejects(totals(store, charge("a")), fails(GuardUnreachable, /^busy: /));
  // Longer than a loaded machine takes to look.
  const waiting = totals(opened(path, { timeoutMilliseconds: 60_000 }), charge("a"));
  // A commit that waits lets no new reader in.
  await until(() => unreadable(path));
  lock.exec("COMMIT");
  assert.deepEqual(await waiting, [2]);
  lock.close();
});

test("a closed guard opens its file again, and a clock that fails fails the list", async () => {
  const { path } = clocked();
  const store = opened(path);
  assert.deepEqual(await totals(store, charge("a")), [1]);
  await store.close();
  assert.deepEqual(await totals(store, charge("a")), [2]);
  const broken = opened(path, { dangerClock: () => assert.fail("no time") });
  for (let list = 0; list < 2; list++) await assert.rejects(totals(broken, charge("a")), /no time/);
  assert.deepEqual(await totals(store, charge("a")), [3]);
});

test("a program ends by itself while its guard is open", () => {
  const path = join(folder(), "guard");
  assert.equal(counting(path, 2, true), "1\n2\n");
});

if (HAS && !globalThis.Bun && !globalThis.Deno)
  test("the flags of a process do not change the thread", () => {
    const program = `import { SqliteGuard } from "xoxzo-2fa/guards/sqlite"; await new SqliteGuard(process.argv[1]).check();`;
    const cwd = new URL(".", import.meta.url);
    execFileSync(process.execPath, ["--input-type=module", "-e", program, join(folder(), "guard")], { cwd });
  });

/** Runs a program that counts: to its end, or beside this one. */
function counting(path, count, wait = false) {
  const file = new URL("./counting.mjs", import.meta.url).pathname;
  const words = [...(globalThis.Deno ? ["run", "-A"] : []), file, path, String(count)];
  return wait
    ? execFileSync(process.execPath, words, { encoding: "utf8" })
    : spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
}

async function printedBy(program) {
  const lines = [];
  for await (const line of createInterface({ input: program.stdout })) lines.push(Number(line));
  return lines;
}

test("processes count together", async () => {
  const path = join(folder(false), "guard");
  const each = 40;
  const lines = await Promise.all(Array.from({ length: 4 }, () => printedBy(counting(path, each))));
  assert.deepEqual(
    lines.flat().toSorted((a, b) => a - b),
    Array.from({ length: 4 * each }, (_, at) => at + 1),
  );
});

test("no answered count is lost when a process is killed", async () => {
  const path = join(folder(false), "guard");
  let answered = 0;
  for (let round = 1; round <= 5; round++) {
    const program = counting(path, 1e6);
    let seen = 0;
    for await (const line of createInterface({ input: program.stdout })) {
      if (seen === 0) assert.ok([answered + 1, answered + 2].includes(Number(line)), "one more may have been counted than could be told");
      answered = Number(line);
      if (++seen === round * 3) program.kill("SIGKILL");
    }
  }
  assert.ok([answered, answered + 1].includes((await totals(opened(path), charge("count", 0, 2 ** 32 - 1)))[0]));
});
