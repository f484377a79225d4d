/** Events of operations. */

import type { Blame, Code } from "./errors.js";
import type { Alarm, Channel, Delivery } from "./records.js";

/**
 * An operation that ended. Holds nothing personal. Names and fields are those of `wit/SPEC.md`, "Events", the same on every host, so that
 * one search finds them in all logs.
 */
export interface Event {
  readonly operation: "start" | "resend" | "verify" | "status" | "unlock" | "limits" | "credits";
  /** `unknown` if a message may or may not have gone out, or the blame of the failure. */
  readonly outcome: "ok" | "unknown" | Blame;
  /** Code of the refusal or failure. */
  readonly code?: Code;
  /** Name of the operator who called it. Absent for users' operations. */
  readonly operator?: string;
  /** Purpose of the binding. Absent if there is none, or the settings do not name it. */
  readonly purpose?: string;
  /** Channel by which a message was sent, or would have been. */
  readonly channel?: Channel;
  readonly delivery?: Delivery;
  readonly cost: "nothing" | "sms" | "template" | "call";
  /** Billed parts, which are at least 1 for a template or a call. */
  readonly parts: number;
  /** Pseudonym of the subject. */
  readonly subject?: string;
  /** Pseudonym of the recipient. */
  readonly recipient?: string;
  readonly calling_code?: string;
  readonly challenge_id?: string;
  readonly message_id?: string;
  readonly decoy: boolean;
  readonly cause?: string;
  readonly alarm?: Alarm;
  /** Duration in microseconds, all waits included. */
  readonly took_us: number;
  /** True if operators should look: there is an alarm, or the outcome is neither `ok` nor `refuse`. Not in JSON. */
  readonly odd: boolean;
}
