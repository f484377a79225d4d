/**
 * Callbacks of Xoxzo, which tell `xoxzo.callback_url` that the state of a message has changed.
 *
 * Nothing signs a callback, so that anybody who knows the URL can send one. It is taken for a hint only: of all that it says the id of the
 * message is read, and the state is asked from Xoxzo, at most once in 5 s for each message. A callback that is repeated changes nothing.
 *
 * ```js
 * import { MemoryGuard, Settings, TwoFactor } from "xoxzo-2fa";
 * import { receive } from "xoxzo-2fa/callbacks";
 *
 * const twoFactor = new TwoFactor(Settings.fromEnvironment(), new MemoryGuard());
 * const handles = new Map(); // a table of your database
 *
 * const { audit, handle } = await twoFactor.start({ recipient: "+819012345678", subject: "user-1", purpose: "login" });
 * handles.set(audit.messageId, handle);
 *
 * // A request of `fetch`, as Hono, Next and Workers have it. A request of Node is handed in likewise.
 * export async function delivery(request) {
 *   const { status, messageId, report } = await receive(twoFactor, request, (id) => handles.get(id));
 *   if (report) console.log(`${messageId} is ${report.delivery}`);
 *   return new Response(null, { status });
 * }
 *
 * // As Xoxzo sends it, with a state that is not believed.
 * const body = new URLSearchParams({ msgid: audit.messageId, status: "FAILED" });
 * await delivery(new Request("https://shop.example/delivery/9f2c", { method: "POST", body }));
 * ```
 *
 * @module
 */

import type { TwoFactor } from "./src/client.js";
import type { TwoFactorError } from "./src/errors.js";
import type { Report } from "./src/records.js";

/** What became of a callback. */
export interface Callback {
  /** The HTTP status to answer with: 200, or 503 for a callback that should come again. */
  readonly status: 200 | 503;
  /** Xoxzo's id of the message. Absent if the callback was ignored: malformed, or about a message that the service does not know. */
  readonly messageId?: string;
  /** What Xoxzo reports. Absent if it was not asked, or does not answer. */
  readonly report?: Report;
  /** Why Xoxzo could not be asked. The callback should come again after `cooldown`, `guard` and `provider`. */
  readonly failure?: TwoFactorError;
}

/** A request of `fetch`, as far as it is used. */
export interface Streamed {
  readonly body: {
    getReader(): { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>; cancel(): Promise<unknown> };
  } | null;
}

/**
 * Finds out which message a callback is about, and asks Xoxzo for its state.
 *
 * - `callback`: the request, or its body, a form or JSON, or the query of its URL. More than 16 KiB are ignored, and so is an aborted request.
 * - `find`: returns the handle that the service kept for the id of a message, if it did.
 */
export function receive(
  twoFactor: TwoFactor,
  callback: string | Uint8Array | AsyncIterable<Uint8Array> | Streamed,
  find: (messageId: string) => string | null | undefined | Promise<string | null | undefined>,
): Promise<Callback>;
