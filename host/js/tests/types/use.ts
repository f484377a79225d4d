/** Uses every part of the public types, in the strictest form. It is compiled, not run. */

import {
  GuardFull,
  MemoryGuard,
  Misuse,
  NotSent,
  Operator,
  Refuse,
  Settings,
  TwoFactor,
  TwoFactorError,
  applied,
  checkReceipt,
  explain,
  inspect,
  keygen,
  preview,
  receiptKey,
  requestKey,
  runs,
  signRequest,
  type Acceptance,
  type Binding,
  type Charge,
  type Code,
  type Event,
  type Guard,
  type Totals,
  type Transport,
} from "xoxzo-2fa";
import { receive } from "xoxzo-2fa/callbacks";
import { Clock, FakeXoxzo, document, suite } from "xoxzo-2fa/testing";

class Store implements Guard {
  readonly scope = "shared";
  readonly #totals = new Map<string, number>();

  add(charges: readonly Charge[]): Promise<Totals> {
    const totals = [];
    for (const charge of runs(charges).flat()) {
      const { total, refused } = applied(charge, this.#totals.get(charge.counter) ?? 0);
      totals.push({ total, endsInSeconds: charge.ttlSeconds });
      if (refused) break;
      this.#totals.set(charge.counter, total);
    }
    if (totals.length === 0) throw new GuardFull();
    return Promise.resolve({ totals, nowSeconds: 1 });
  }
}

const transport: Transport = {
  send({ method, url, headers, body, timeoutMilliseconds }) {
    if (timeoutMilliseconds < 1) throw new NotSent("connect: no connection");
    return { status: 201, retryAfter: headers["retry-after"], body: method + url + body };
  },
};

const audit = (event: Event): string | undefined => (event.odd ? event.cause : undefined);
const twoFactor = new TwoFactor(new Settings({ version: 1 }, {}), new Store(), { transport, audit, dangerClock: new Clock().seconds });

export async function login(user: Binding, token: string, pin: string): Promise<string> {
  try {
    const acceptance: Acceptance = await twoFactor.verify(token, user, pin, "192.0.2.1");
    return acceptance.subject;
  } catch (error) {
    if (error instanceof Misuse) throw error;
    const code: Code = error instanceof TwoFactorError ? error.code : "plugin";
    return error instanceof Refuse ? `${explain(error, "ja").offers[0] ?? ""}${String(error.guessesLeft)}` : code;
  }
}

export async function operate(): Promise<number> {
  const operator = new Operator(twoFactor, "ann");
  const { limits } = await operator.limits("user-1", "+819012345678");
  const { failures } = await operator.unlock("user-1", "+819012345678");
  await suite.vectors(() => new MemoryGuard({ capacity: 9 }));
  const fake = new FakeXoxzo();
  fake.fault = "throttled";
  return limits.length + failures + (await operator.credits()).credits + Object.keys(document()).length;
}

export async function delivered(body: Uint8Array, handles: ReadonlyMap<string, string>): Promise<number> {
  const { status, report, failure } = await receive(twoFactor, body, (messageId) => handles.get(messageId));
  return report?.delivery === "delivered" || failure?.code === "cooldown" ? status : 200;
}

const key = receiptKey(keygen(), "shop", { test: true });
export const claims = checkReceipt([key], "", { subject: "user-1", purpose: "pay" }, { now: 1_800_000_000 }).issuedAtSeconds;
export const request = signRequest(requestKey(keygen(), "shop"), {
  subject: "a",
  transaction: { amount: "1.50", currency: "EUR", payee: "Ann" },
});
export const parts = preview(Settings.fromEnvironment(), { purpose: "login" }).map((one) => one.parts + inspect("").digits);

// What must not compile.

// @ts-expect-error A promise has no subject: a forgotten `await` is found.
export const forgotten: string = twoFactor.verify("", { recipient: "", subject: "", purpose: "" }, "").subject;
// @ts-expect-error An acceptance is not made by a program.
export const made: Acceptance = { subject: "user-1" };
// @ts-expect-error There is no such option.
new TwoFactor(Settings.fromEnvironment(), new MemoryGuard(), { clock: () => 1 });
// @ts-expect-error A document is not settings.
new TwoFactor({ version: 1 }, new MemoryGuard());
// @ts-expect-error A binding has a purpose.
void twoFactor.start({ recipient: "", subject: "" });
