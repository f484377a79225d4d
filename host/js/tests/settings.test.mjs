import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { MemoryGuard, Misuse, Settings, TwoFactor, keygen, preview } from "xoxzo-2fa";
import { document } from "xoxzo-2fa/testing";
import { failing } from "./world.mjs";

// The checkout, whose package is installed here.
const ROOT = process.env.XOXZO_2FA_ROOT;
const KEYS = {
  XOXZO_2FA_KEY: `${keygen()}, ${keygen()}`,
  XOXZO_2FA_GUARD_KEY: keygen(),
  XOXZO_API_SID: "sid",
  XOXZO_API_AUTH_TOKEN: "token",
};

function effective(settings, guard = new MemoryGuard()) {
  return JSON.parse(new TwoFactor(settings, guard).effectiveSettings);
}

function wrong(make, detail) {
  assert.throws(make, (error) => failing(Misuse, "settings")(error) && detail.test(error.detail));
}

test("the environment is enough", () => {
  const { keys, destinations, audience, guard } = effective(Settings.fromEnvironment(KEYS));
  assert.deepEqual([keys.length, destinations, audience, guard.scope], [2, ["JP-mobile"], "xoxzo-2fa", "process"]);
  const more = {
    XOXZO_BASE_URL: "http://127.0.0.1:1/",
    XOXZO_2FA_DESTINATIONS: "US, JP-mobile",
    XOXZO_2FA_PIN_DIGITS: "8",
    XOXZO_2FA_CLIENT_CAP: "20/3600",
    XOXZO_2FA_SERVICE: "",
  };
  const made = effective(Settings.fromEnvironment({ ...KEYS, ...more }));
  assert.equal(made.xoxzo.base_url, "http://127.0.0.1:1");
  assert.deepEqual([made.pin.digits, made.service, made.destinations], [8, "Xoxzo 2FA", ["US", "JP-mobile"]]);
  assert.deepEqual(
    [made.sends.per_client, made.failures.per_client],
    [
      { count: 20, seconds: 3600 },
      { count: 20, seconds: 3600 },
    ],
  );
});

test("the variable that is missing or malformed is named", () => {
  for (const name of Object.keys(KEYS))
    wrong(() => Settings.fromEnvironment({ ...KEYS, [name]: "" }), new RegExp(`^settings: ${name} is not set`));
  for (const cap of ["20", "20/", "/20", "a/3600", "20/1e3", "20/3600/1"])
    wrong(() => Settings.fromEnvironment({ ...KEYS, XOXZO_2FA_CLIENT_CAP: cap }), /XOXZO_2FA_CLIENT_CAP: must be COUNT\/SECONDS/);
  wrong(() => Settings.fromEnvironment({ ...KEYS, XOXZO_2FA_PIN_DIGITS: "six" }), /XOXZO_2FA_PIN_DIGITS: must be a number/);
  wrong(() => Settings.fromEnvironment({ ...KEYS, XOXZO_2FA_TEXTS: "/no/such/file" }), /XOXZO_2FA_TEXTS: the file cannot be read/);
});

test("references stand for secrets, wherever the schema says so and nowhere else", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "settings-"));
  t.after?.(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "key");
  writeFileSync(file, `${keygen()}\n`);
  const made = document({
    keys: [{ env: "KEY" }, { file }],
    guard: { key: { env: "GUARD" } },
    xoxzo: { sid: { env: "SID" }, auth_token: { env: "SID" }, sender: "Test", callback_url: { env: "URL" } },
  });
  const environment = { KEY: keygen(), GUARD: keygen(), SID: "sid", URL: "https://example.com/?secret" };
  assert.equal(effective(new Settings(made, environment)).keys.length, 2);
  assert.equal(effective(new Settings(JSON.stringify(made), environment)).keys.length, 2);
  wrong(() => new Settings(made, {}), /^settings, keys\.0: the environment variable is not set/);
  wrong(
    () => new Settings({ keys: [{ env: "SHOP_KEY" }] }, {}),
    /^settings, keys\.0: the environment variable SHOP_KEY is not set, or not text$/,
  );
  wrong(
    () => new Settings({ keys: [{ env: "0a1b2c3d_4e5f" }] }, {}),
    /^settings, keys\.0: the environment variable is not set, or not text$/,
  );
  wrong(() => new Settings({ keys: [{ file: join(folder, "none") }] }), /^settings, keys\.0: the file cannot be read: Error ENOENT/);
  wrong(() => new Settings({ guard: { key: { env: "A", file: "B" } } }), /^settings, guard\.key: must be a string, /);
  wrong(() => effective(new Settings({ ...made, service: { env: "SID" } }, environment)), /service/);
});

test("a document is read from a file", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "settings-"));
  t.after?.(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "settings.json"), JSON.stringify(document()));
  assert.equal(effective(Settings.fromFile(join(folder, "settings.json"))).audience, "test");
  wrong(() => Settings.fromFile(folder), /^settings: the file cannot be read: Error EISDIR/);
});

test("a text is kept as it was written, so that the engine finds its faults", () => {
  const text = JSON.stringify(document(), null, 2);
  assert.equal(effective(new Settings(text)).audience, "test");
  wrong(() => effective(new Settings(text.replace('"version": 1', '"version": 1.0'))), /line 2/);
  wrong(() => effective(new Settings(text.replace('"version": 1', '"version": 1, "version": 1'))), /duplicate field/);
  wrong(
    () => effective(new Settings(text.replace('"guard": {', '"guard.key": {"env": "HOME"}, "guard": {'))),
    /a field that does not exist/,
  );
  // What stands for a secret takes as many lines as before.
  const lines = { ...document(), keys: [{ env: "KEY" }], pin: { digits: 99 } };
  const written = JSON.stringify(lines, null, 2);
  const line = written.split("\n").findIndex((each) => each.includes('"digits"')) + 1;
  wrong(() => effective(new Settings(written, { KEY: keygen() })), new RegExp(`^settings, pin\\.digits, line ${line}: must be 4 to 10$`));
  wrong(() => effective(new Settings("{")), /line 1/);
  wrong(() => effective(new Settings("[]")), /settings/);
  wrong(() => new Settings(undefined), /must be JSON text or an object/);
  wrong(() => new Settings({ version: 1n }), /JSON has no form for/);
});

test("the scope is the guard's", () => {
  const shared = { scope: "shared", add: () => ({ totals: [] }) };
  assert.equal(effective(new Settings(document()), shared).guard.scope, "shared");
  const { key } = document().guard;
  wrong(() => effective(new Settings(document({ guard: { key, scope: "shared" } }))), /guard\.scope: the store in use is of scope process/);
});

test("a preview shows every language", () => {
  const previews = preview(new Settings(document()), { transaction: { amount: "12.50", currency: "EUR", payee: "Ann Lee" } });
  assert.equal(previews.length, 10);
  assert.ok(previews.every(({ text, parts, call }) => text.includes("Ann Lee") && parts >= 1 && call));
  assert.throws(() => preview(new Settings(document()), { purpose: "pay" }), failing(Misuse, "request"));
});

test("references are resolved exactly where the schema says that they may stand", () => {
  const schema = JSON.parse(readFileSync(join(ROOT, "wit/settings.schema.json"), "utf8"));
  const places = [];
  const walk = ({ properties = {}, items, ...node }, path) => {
    if (node["x-secret"]) places.push(path.join("."));
    for (const name in properties) walk(properties[name], [...path, name]);
    if (items && !Array.isArray(items)) walk(items, [...path, 0]);
  };
  walk(schema, []);
  assert.deepEqual(places.sort(), ["guard.key", "keys.0", "xoxzo.auth_token", "xoxzo.callback_url", "xoxzo.sid"]);
  for (const place of places) {
    const nested = place.split(".").reduceRight((inner, name) => (name === "0" ? [inner] : { [name]: inner }), { env: "NOT_SET" });
    wrong(() => new Settings(nested, {}), new RegExp(`^settings, ${place}: the environment variable`));
  }
});
