/** Errors of failed operations, one class per blame. */

import type { Audit } from "./records.js";

/** The party that has to act on a failure: the program, the end user, or the operators of something outside. */
export type Blame = "misuse" | "refuse" | "upstream";

/** The codes of failures, which are the same on every host. `plugin` is a fault of this one. */
export type Code =
  | "wrong-pin"
  | "malformed"
  | "expired"
  | "exhausted"
  | "used"
  | "locked"
  | "cooldown"
  | "too-many-sends"
  | "not-allowed"
  | "invalid-token"
  | "nothing-locked"
  | "provider"
  | "guard"
  | "clock"
  | "randomness"
  | "plugin"
  | "settings"
  | "request";

/** Fields of a failure that a program may set when it makes one itself. */
export interface FailureFields {
  readonly guessesLeft?: number | undefined;
  readonly retryAfterSeconds?: number | undefined;
  readonly expiresInSeconds?: number | undefined;
  readonly audit?: Audit | undefined;
}

/** A failure of an operation. Holds no PIN, token, key or full number. */
export class TwoFactorError extends Error {
  constructor(code: Code, detail: string, fields?: FailureFields);
  readonly blame: Blame;
  /** The code that every host uses: `wrong-pin`, `expired`, `locked` ... */
  readonly code: Code;
  /** One line for a log, in English, not for end users. */
  readonly detail: string;
  /** Tries that the challenge still has, with `wrong-pin`. */
  readonly guessesLeft?: number;
  /** Seconds until trying again can work. Absent where waiting does not help. */
  readonly retryAfterSeconds?: number;
  /** Seconds until the token expires, where it was valid. */
  readonly expiresInSeconds?: number;
  /** For operators. Absent where the engine could not be asked. Its cause is also this error's `cause`. Hidden. */
  readonly audit?: Audit;
}

/** The embedding program is wrong: settings, or an argument that no user can cause. Fix it. */
export class Misuse extends TwoFactorError {
  readonly blame: "misuse";
}

/** The end user is refused: a wrong PIN, an expired token, a limit. Show what `explain` says. */
export class Refuse extends TwoFactorError {
  readonly blame: "refuse";
}

/** Something outside failed: Xoxzo, the network, the guard, the clock, the engine. Raise an alarm and try later. */
export class Upstream extends TwoFactorError {
  readonly blame: "upstream";
}
