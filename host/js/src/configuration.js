/** Functions that need neither guard nor network, for keys, receipts, tokens, previews and explanations. */

import { bounded } from "./bounds.js";
import { once } from "./engine.js";
import { Misuse } from "./errors.js";
import { options } from "./options.js";
import { camel } from "./records.js";
import { documentOf } from "./settings.js";

export function keygen() {
  return once({ keygen: {} }).key;
}

export function receiptKey(rootKey, audience, given) {
  const { test = false } = options(given, ["test"]);
  return once({ receipt_key: { root_key: rootKey, audience, test } }).key;
}

export function requestKey(rootKey, audience, given) {
  const { test = false } = options(given, ["test"]);
  return once({ request_key: { root_key: rootKey, audience, test } }).key;
}

export function signRequest(requestKey, stepUp, given) {
  return once({ sign_request: { request_key: requestKey, step_up: stepUp } }, "", time(given)).request;
}

export function checkReceipt(receiptKeys, receipt, expected, given) {
  const question = { receipt_keys: receiptKeys, receipt: bounded(receipt), expected };
  return camel(once({ check_receipt: question }, "", time(given)));
}

export function inspect(token) {
  return camel(once({ inspect: { token: bounded(token) } }));
}

export function preview(settings, given) {
  const { purpose, transaction } = options(given, ["purpose", "transaction"]);
  const prepared = once({ prepare: { json: documentOf(settings, "shared") } });
  return camel(once({ preview: { purpose, transaction } }, prepared.settings).previews);
}

export function explain(failure, locale) {
  if (typeof failure?.code !== "string") throw new Misuse("request", "failure: must have a `code`");
  const { code, guessesLeft, retryAfterSeconds } = failure;
  return once({
    explain: {
      // `plugin` is a code of this host alone, and explained like `guard`.
      code: code === "plugin" ? "guard" : code,
      locale: bounded(locale),
      guesses_left: guessesLeft,
      retry_after_seconds: retryAfterSeconds,
    },
  });
}

function time(given) {
  const { now = Date.now() / 1000 } = options(given, ["now"]);
  if (!(now >= 0 && now < 2 ** 32)) throw new Misuse("request", "now: must be seconds since 1970");
  return Math.floor(now);
}
