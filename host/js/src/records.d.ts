/** Arguments and results of the operations. JSON, spreading and printing leave out what is marked as hidden. */

/** The channel of a message: a text message, or a phone call. */
export type Channel = "sms" | "voice";

/** The delivery state of a message. `unknown`: Xoxzo did not answer, and the message may arrive. */
export type Delivery = "accepted" | "unknown" | "queued" | "delivering" | "delivered" | "failed";

/** A condition that operators should look at now. */
export type Alarm = "failures" | "sends" | "clock" | "delivery";

/** A payment that a challenge confirms. The message shows amount and payee before the code. */
export interface Transaction {
  /** Canonical decimal with all decimals of its currency, such as `12.50`. */
  readonly amount: string;
  /** ISO 4217 code. */
  readonly currency: string;
  /** The party that is paid, at most 40 characters. */
  readonly payee: string;
}

/** The user and the act that a challenge is bound to. Take every field from the server's own records, never from a form. */
export interface Binding {
  /** Phone number, canonical E.164: `+819012345678`. */
  readonly recipient: string;
  /** The service's immutable internal id of the user, 1 to 128 bytes of printable ASCII without spaces. */
  readonly subject: string;
  /** One of the purposes in the settings. */
  readonly purpose: string;
  /** The session that asked, in the same form as the subject. */
  readonly session?: string | undefined;
  /** The payment that the code confirms. */
  readonly transaction?: Transaction | undefined;
}

/** Delivery options of a message. */
export interface Sending {
  /** `sms` if absent; `voice` only for `resend`, where the settings allow it. */
  readonly channel?: Channel | undefined;
  /** Language of the text, such as `ja`. The settings' own if absent. */
  readonly locale?: string | undefined;
  /** The end user's address, IPv4 or IPv6. Required if a cap per client is set. */
  readonly client?: string | undefined;
  /** Do everything except sending, for forms that must not reveal whether an account exists. */
  readonly decoy?: boolean | undefined;
}

/** Pseudonyms of a subject and a recipient: keyed hashes, for a log that must hold nothing personal. */
export interface Trail {
  readonly subject: string;
  readonly recipient: string;
  /** Country code of the recipient. */
  readonly callingCode: string;
}

/** Information for operators beside an answer, for logs, metrics and tickets. Show none of it to a user. */
export interface Audit {
  /** Pseudonyms of the user. Absent for `status`, and where subject or recipient is malformed. */
  readonly trail?: Trail;
  /** The same for each operation on one challenge. */
  readonly challengeId?: string;
  /** Xoxzo's id of the message. Invented for a decoy. */
  readonly messageId?: string;
  /** The challenge is a decoy. Leave it out of metrics, or strangers can move them. */
  readonly decoy: boolean;
  /** Why the guard or Xoxzo gave no readable answer, in one line that begins with the kind of fault, such as `dns:`. */
  readonly cause?: string;
  /** A condition that operators should look at now. */
  readonly alarm?: Alarm;
}

/** A challenge that was sent. */
export interface Challenge {
  /** 80 characters for the user's session only. Hidden: store it as `challenge.token`. */
  readonly token: string;
  /** The recipient with all but the first two and the last two digits as `*`. */
  readonly masked: string;
  readonly expiresInSeconds: number;
  readonly resendAfterSeconds: number;
  /** `unknown` if Xoxzo did not answer. The message may arrive, and the challenge is usable. */
  readonly delivery: Delivery;
  /** The argument of `status`. Absent if the delivery is unknown. Hidden. */
  readonly handle?: string;
  /** Billed parts. Absent for a template and for a call. */
  readonly parts?: number;
  /** Hidden. */
  readonly audit: Audit;
}

/** Proof that the PIN was right. Nothing else lets a user in. */
export interface Acceptance {
  /** The subject of the binding that was verified. Log in this one, so that a promise that nobody awaited logs in nobody. */
  readonly subject: string;
  /** Proof for another service, checked by `checkReceipt`. Hidden. */
  readonly receipt: string;
  /** Life of the receipt. */
  readonly expiresInSeconds: number;
  /** Hidden. */
  readonly audit: Audit;
}

/** A delivery report. */
export interface Report {
  readonly delivery: Delivery;
  /** Xoxzo's own name of the state, for a log. */
  readonly detail: string;
  /** Hidden. */
  readonly audit: Audit;
}

/** The counters that an unlock cleared. */
export interface Unlocked {
  /** Consecutive failures of the subject with the recipient. */
  readonly failures: number;
  /** Failures of the subject over all recipients in the present window. */
  readonly subjectFailures: number;
  /** Messages in the present window, of the subject or to the number, whichever is more. */
  readonly messages: number;
  /** Hidden. */
  readonly audit: Audit;
}

/** A counter that could refuse a user, as it stands. */
export interface Limit {
  /** Path of the setting that limits it, such as `failures.soft`. */
  readonly setting: string;
  /** For purposes that strangers can start, which have counters or limits of their own. */
  readonly open: boolean;
  readonly total: number;
  /** The limit. */
  readonly most: number;
  /** Seconds until it ends. Absent where nothing is counted, and for `failures.hard`, which only a success or an unlock ends. */
  readonly endsInSeconds?: number;
  /** True if it refuses the next message or guess of this user. */
  readonly refuses: boolean;
}

/** The counters that could refuse a user: those of purposes after a first factor, then those of purposes that strangers can start. */
export interface Limits {
  readonly limits: readonly Limit[];
  /** Hidden. */
  readonly audit: Audit;
}

/** The balance of the account at Xoxzo. */
export interface Credits {
  /** Whole credits, below 0 for an account that pays afterwards. */
  readonly credits: number;
  /** Hidden. */
  readonly audit: Audit;
}

/** Values that a receipt must be made for. Take every field from the checker's own records, never from what came with the receipt. */
export interface Expected {
  readonly subject: string;
  readonly purpose: string;
  /** Phone number, canonical E.164. If absent, a receipt for any number is accepted. */
  readonly recipient?: string | undefined;
  /** If absent, only a receipt without a session is accepted. */
  readonly session?: string | undefined;
  /** If absent, only a receipt without a payment is accepted. */
  readonly transaction?: Transaction | undefined;
}

/** The facts that a receipt proves. A receipt contains neither user, number, session nor payment: `Expected` supplies them. */
export interface Claims {
  /** Unique per acceptance. Where single use matters, remember it and accept it once. */
  readonly id: string;
  /** The service that issued the receipt. With keys of several audiences, it tells which. */
  readonly audience: string;
  readonly purpose: string;
  /** The payment that was confirmed, which is the expected one. */
  readonly transaction?: Transaction;
  /** True if the receipt was made in test mode and proves nothing. */
  readonly test: boolean;
  /** Since 1970-01-01T00:00:00Z. */
  readonly issuedAtSeconds: number;
  readonly expiresAtSeconds: number;
}

/** A payment that a user should confirm at the login gate. Take every field from the server's own records. */
export interface StepUp {
  /** The service's immutable internal id of the user, as the gate knows it. */
  readonly subject: string;
  /** The session in which the user should confirm it. Absent where the gate knows users without sessions. */
  readonly session?: string | undefined;
  /** The payment that the gate shows, puts before the code in the message, and binds the code to. */
  readonly transaction: Transaction;
}

/** The readable part of a token. None of it is authenticated. */
export interface TokenInfo {
  readonly keyId: string;
  readonly digits: number;
  /** Since 1970-01-01T00:00:00Z. */
  readonly issuedAtSeconds: number;
  readonly expiresAtSeconds: number;
}

/** The messages of one language as they would be sent, with digits of `1234567890` in place of the PIN. */
export interface MessagePreview {
  readonly locale: string;
  /** The text of an SMS. */
  readonly text: string;
  /** Billed parts of the SMS. */
  readonly parts: number;
  /** The words of a call. */
  readonly call: string;
}

/**
 * An action that helps. `try-again`: do the same once more, such as typing the code again. `resend`: get the same code once more.
 * `start-again`: ask for a new code. `wait`: wait for `retryAfterSeconds`, then do the same once more. `contact-support`: contact the
 * service.
 */
export type Offer = "try-again" | "resend" | "start-again" | "wait" | "contact-support";

/** A failure in words for an end user. */
export interface Explanation {
  /** One or two short sentences of plain text in the user's language. Escape it in HTML like any other text. */
  readonly text: string;
  /** Actions that help, the best first. Empty if none does. */
  readonly offers: readonly Offer[];
}
