/** Functions that need neither guard nor network, for keys, receipts, tokens, previews and explanations. They throw what operations reject with. */

import type { Code } from "./errors.js";
import type { Claims, Expected, Explanation, MessagePreview, StepUp, TokenInfo, Transaction } from "./records.js";
import type { Settings } from "./settings.js";

/** Makes a key for `keys` or `guard.key`. Keep it where you keep secrets. */
export function keygen(): string;

/** Derives the key that checks receipts of one audience. Its holder can also forge them, but no tokens. */
export function receiptKey(rootKey: string, audience: string, options?: { readonly test?: boolean }): string;

/** Derives the key that signs step-up requests to the login gate of one audience, and can do nothing else. */
export function requestKey(rootKey: string, audience: string, options?: { readonly test?: boolean }): string;

/**
 * Signs a step-up request for the user's browser to carry to the gate: at most 272 characters of base64url. The gate accepts it once, for
 * 60 s, and only from the user and session that it was made for. Anyone who reads the request sees the payment, but neither the user nor
 * the session.
 *
 * @param requestKey A key from `requestKey`.
 * @param options.now Seconds since 1970-01-01T00:00:00Z. The system clock's if absent.
 */
export function signRequest(requestKey: string, stepUp: StepUp, options?: { readonly now?: number }): string;

/**
 * Checks that a receipt is genuine, has not expired, and is for the expected values.
 *
 * Throws `Refuse` for a receipt that is not genuine, has expired or is for something else, `Misuse` if one of the keys is not a receipt
 * key or a field of `expected` is malformed.
 *
 * @param receiptKeys Keys from `receiptKey`, one for each challenge key in use.
 * @param options.now Seconds since 1970-01-01T00:00:00Z. The system clock's if absent.
 */
export function checkReceipt(
  receiptKeys: readonly string[],
  receipt: string,
  expected: Expected,
  options?: { readonly now?: number },
): Claims;

/** Reads the unauthenticated part of a token, for debugging. It proves nothing. Throws `Refuse` for a text in another form. */
export function inspect(token: string): TokenInfo;

/**
 * Shows the messages of a purpose in every language, as these settings would send them without a template.
 *
 * @param options.purpose One of the purposes in the settings. The first if absent.
 */
export function preview(settings: Settings, options?: { readonly purpose?: string; readonly transaction?: Transaction }): MessagePreview[];

/**
 * Explains a failure to an end user in their language, and says what they can do.
 *
 * @param failure The error or, if it was not kept, its `code`, `guessesLeft` and `retryAfterSeconds`.
 * @param locale One of the languages of messages: `en`, `ja`, `id`, `ms`, `vi`, `th`, `zh-Hans`, `zh-Hant`, `ko` or `es`. Any other throws
 * `Misuse`.
 */
export function explain(
  failure: {
    readonly code: Code;
    readonly guessesLeft?: number | undefined;
    readonly retryAfterSeconds?: number | undefined;
  },
  locale: string,
): Explanation;
