/**
 * SMS two-factor authentication through Xoxzo, for C: the component `two-factor-steps.wasm`, a guard, and a way to Xoxzo.
 *
 * In scope: the calls of the component, the loop that answers what it waits for, a guard in memory, a transport by libcurl.
 * Out of scope: what is decided. PINs, limits, texts and verdicts are the component's.
 *
 *     x2f_client *client = x2f_open(&options, &failure);
 *     if (x2f_start(client, &binding, NULL, &challenge, &failure) == X2F_OK) { keep challenge.token in the session }
 *     if (x2f_verify(client, token, &binding, pin, NULL, &acceptance, &failure) == X2F_OK) { let the user in }
 *
 * Texts are UTF-8 and end with a zero byte; what is not UTF-8 is taken with U+FFFD in its place, which no argument may hold.
 * NULL is an absent text. A text that comes from a user and may hold a zero byte must be refused before it comes here.
 * Nothing that is passed in is kept after the call, except where it says so. Callers free nothing but what they open.
 */
#ifndef XOXZO_2FA_H
#define XOXZO_2FA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define X2F_API __attribute__((visibility("default")))
#define X2F_USED __attribute__((warn_unused_result))
#else
#define X2F_API
#define X2F_USED
#endif

/** Version of this interface and of the contract it speaks. */
#define X2F_VERSION "0.1.0"

/**
 * Whether a call did what was asked, and if not, who has to act.
 *
 * Compare with X2F_OK, always: nothing else lets anyone in. Never take it for true or false.
 */
typedef enum {
  /** It did. */
  X2F_OK = 0,
  /** The embedding program: wrong settings, or an argument that no user can cause. Fix it. */
  X2F_MISUSE = 1,
  /** The end user: a wrong PIN, an expired token, a limit. Show it. */
  X2F_REFUSE = 2,
  /** Something outside: Xoxzo, the network, the guard, the clock, the component. Try later, raise an alarm. */
  X2F_UPSTREAM = 3,
} x2f_blame;

/**
 * What a call tells operators beside its answer: for logs, metrics and tickets. Show none of it to a user. Texts are empty if absent. No field ever
 * holds a PIN, a token, a key, a URL or a phone number.
 */
typedef struct {
  /** Keyed hash of the subject, the same for the same `guard.key`. Empty for x2f_status(), and if subject or recipient is malformed. */
  char subject[23];
  /** Keyed hash of the recipient, likewise. */
  char recipient[23];
  /** Country code of the recipient. */
  char calling_code[4];
  /** The same for each operation on one challenge. Empty where there is none. */
  char challenge_id[12];
  /** Xoxzo's id of the message. Of a decoy, invented. */
  char message_id[65];
  /** The challenge is a decoy. Metrics should leave it out, or strangers could move them. */
  bool decoy;
  /** Why the guard or Xoxzo gave no readable answer. It begins with the kind of fault, such as `dns:`, `tls:` or `busy:`. */
  char cause[801];
  /** What operators should look at now: `failures`, `sends`, `clock` or `delivery`. */
  char alarm[12];
} x2f_audit;

/** Why a call did not do what was asked. No field ever holds a PIN, a token, a key or a full phone number. */
typedef struct {
  /** What the call answered. */
  x2f_blame blame;
  /**
   * What happened, as in `code` of wit/types.wit: `wrong-pin`, `expired`, ...; or `plugin`: the component does not load,
   * trapped, ran past its limit or broke the contract, or there was no memory.
   */
  char code[24];
  /** One line for a log. English, for operators, not for end users. */
  char detail[512];
  /** Tries that the challenge still has, with `wrong-pin`. -1 if absent. */
  int64_t guesses_left;
  /** Seconds until trying again can work. -1 where waiting does not help. */
  int64_t retry_after_seconds;
  /** Seconds until the token's life ends, where the token was valid. -1 if absent. */
  int64_t expires_in_seconds;
  /** For operators. */
  x2f_audit audit;
} x2f_failure;

/* What is bound, sent and answered: as in wit/types.wit, where each field is explained. */

/** A payment that a challenge confirms. */
typedef struct {
  /** Canonical decimal with the decimals of the currency: `12.50` for EUR, `1250` for JPY. */
  const char *amount;
  /** ISO 4217 code, three capital letters. */
  const char *currency;
  /** Who is paid: 1 to 40 letters, digits, spaces and `.,'&()-`. */
  const char *payee;
} x2f_transaction;

/** What a challenge is bound to. Take every field from the server's own records, at x2f_start() and at x2f_verify(). */
typedef struct {
  /** Phone number in canonical E.164, such as `+819012345678`. */
  const char *recipient;
  /** The service's immutable internal id of the user: 1 to 128 bytes of printable ASCII without spaces. */
  const char *subject;
  /** One of the purposes in the settings; `login` by default. */
  const char *purpose;
  /** The session that asked, 1 to 128 bytes of printable ASCII without spaces. May be NULL. */
  const char *session;
  /** May be NULL. */
  const x2f_transaction *transaction;
} x2f_binding;

/** How a message is sent and on whose behalf. All zero is an SMS in the settings' language. */
typedef struct {
  /** `sms`, which is NULL too, or `voice`, for x2f_resend() only. */
  const char *channel;
  /** Language of the text, such as `en`, `ja`, `zh-Hant`. NULL: the settings' own. */
  const char *locale;
  /** The end user's address, IPv4 or IPv6. Required if the settings have a cap per client. May be NULL. */
  const char *client;
  /** Makes a decoy: everything happens except sending, for a form that must not reveal whether an account exists. For x2f_start() only. */
  bool decoy;
} x2f_sending;

/** A challenge that was sent. */
typedef struct {
  /** What x2f_verify() asks for: 80 characters. Give it to the user's session only. */
  char token[81];
  /** The recipient with all but the first two and the last two digits as `*`. */
  char masked[17];
  uint32_t expires_in_seconds;
  uint32_t resend_after_seconds;
  /** `accepted` by Xoxzo, or `unknown`: it may arrive, and the challenge is usable. */
  char delivery[12];
  /** What x2f_status() asks by. Empty if `delivery` is `unknown`. */
  char handle[257];
  /** Billed parts. -1 for a template and for a call. */
  int64_t parts;
  /** For operators. */
  x2f_audit audit;
} x2f_challenge;

/** Proof that the PIN was right. Nothing else lets a user in. */
typedef struct {
  /** Proof for another service that this happened, for x2f_check_receipt(). base64url. */
  char receipt[513];
  /** Life of the receipt. */
  uint32_t expires_in_seconds;
  /** For operators. */
  x2f_audit audit;
} x2f_acceptance;

/** A delivery report. */
typedef struct {
  /** `queued`, `delivering`, `delivered`, `failed` or `unknown`. */
  char delivery[12];
  /** Xoxzo's word for the state; empty if it gave none. For a log. */
  char detail[33];
  /** For operators. */
  x2f_audit audit;
} x2f_report;

/** The counters that an unlock cleared. */
typedef struct {
  /** Consecutive failures of the subject with the recipient. */
  uint32_t failures;
  /** Failures of the subject over all recipients in the present window. */
  uint32_t subject_failures;
  /** Messages in the present window: those of the subject or those to the number, whichever are more. */
  uint32_t messages;
  /** For operators. */
  x2f_audit audit;
} x2f_unlocked;

/** A counter that could refuse a user, as it stands. */
typedef struct {
  /** Path of the setting that limits it, such as `failures.soft`. */
  char setting[32];
  /** For purposes that strangers can start, which have counters or limits of their own. */
  bool open;
  /** What is counted. */
  uint32_t total;
  /** The limit. */
  uint32_t most;
  /** Seconds until the counter ends. -1 where nothing is counted, and for `failures.hard`, which only a success or an unlock ends. */
  int64_t ends_in_seconds;
  /** Whether it refuses the next message or guess of this user. */
  bool refuses;
} x2f_limit;

/** The counters that could refuse a user. */
typedef struct {
  x2f_limit limits[40];
  size_t count;
  /** For operators. */
  x2f_audit audit;
} x2f_limits;

/** The balance of the account at Xoxzo. */
typedef struct {
  /** Whole credits; below 0 for an account that pays afterwards. */
  int64_t credits;
  /** For operators. */
  x2f_audit audit;
} x2f_credits;

/** The values that a receipt must have been made for. Take every field from the checker's own records, never from what came with the receipt. */
typedef struct {
  /** The service's immutable internal id of the user, as in the binding. */
  const char *subject;
  /** The purpose of the challenge, as in the binding. */
  const char *purpose;
  /** Phone number in canonical E.164. NULL accepts a receipt for any number. */
  const char *recipient;
  /** The session, as in the binding. NULL accepts only a receipt without one. */
  const char *session;
  /** The payment, as in the binding. NULL accepts only a receipt without one. */
  const x2f_transaction *transaction;
} x2f_expected;

/** The facts that a receipt proves. A receipt contains neither user, number, session nor payment: the checker supplies them in x2f_expected. */
typedef struct {
  /** Unique per acceptance. */
  char id[23];
  /** The service that gave the receipt. With keys of several audiences, it tells which. */
  char audience[65];
  char purpose[129];
  /** Of the payment that was confirmed, which is the expected one. All three are empty if there was none. */
  char amount[24];
  char currency[4];
  char payee[161];
  /** Made in test mode: it proves nothing. Only with a receipt key of test mode. */
  bool test;
  /** Seconds since 1970-01-01T00:00:00Z. */
  uint32_t issued_at_seconds;
  /** Seconds since 1970-01-01T00:00:00Z. Refused from this second on. */
  uint32_t expires_at_seconds;
} x2f_claims;

/** The readable part of a token. None of it is authenticated. */
typedef struct {
  /** Id of the key that is said to have signed: 8 hexadecimal digits. */
  char key_id[9];
  /** Digits of the PIN. */
  uint32_t digits;
  /** Seconds since 1970-01-01T00:00:00Z. */
  uint32_t issued_at_seconds;
  /** Seconds since 1970-01-01T00:00:00Z. */
  uint32_t expires_at_seconds;
} x2f_token_info;

/** What an end user can do after a failure. Each is a bit of its own. */
typedef enum {
  /** Do the same once more: type the code again, or ask again for what was asked for. */
  X2F_OFFER_TRY_AGAIN = 1,
  /** Get the same code once more, by x2f_resend(). */
  X2F_OFFER_RESEND = 2,
  /** Ask for a new code, by x2f_start(). */
  X2F_OFFER_START_AGAIN = 4,
  /** Wait for `retry_after_seconds`, then do the same once more. */
  X2F_OFFER_WAIT = 8,
  /** Contact the service. */
  X2F_OFFER_CONTACT_SUPPORT = 16,
} x2f_offer;

/** A failure in words for an end user. */
typedef struct {
  /** One or two short sentences of plain text, in the user's language. Escape it in HTML like any other text. */
  char text[512];
  /** Actions that help: x2f_offer bits. 0 if none does. */
  uint32_t offers;
} x2f_explanation;

/* What the host supplies. Every function below is called from whatever thread calls the client, from many at once. */

/** Why a guard or a transport gave no answer. */
typedef enum {
  /** It gave one. */
  X2F_ANSWERED = 0,
  /** Transport: surely no byte of the request left the host. */
  X2F_NOT_SENT = 1,
  /** Transport: something may have left the host, and no complete answer came back. In doubt, this. */
  X2F_UNKNOWN = 2,
  /** Guard: no answer. Whether the charges were made is not known. */
  X2F_GUARD_UNREACHABLE = 3,
  /** Guard: no room for a new counter, and no live counter may be forgotten for it. */
  X2F_GUARD_FULL = 4,
} x2f_no_answer;

/** One change of one counter. */
typedef struct {
  /** Name of the counter: 22 characters of base64url, a keyed hash that tells nothing personal. */
  const char *counter;
  /** Name of the group that the counter belongs to, always the same for one counter: 22 characters, likewise. */
  const char *group;
  /** What to add. Negative: give back. Zero: only look. */
  int32_t amount;
  /** The highest total this charge may lead to. */
  uint32_t limit;
  /** Life of the counter, at least 1, from its creation. */
  uint32_t ttl_seconds;
} x2f_charge;

/** A counter after a charge. */
typedef struct {
  /** The total that the charge led to, or, if over its limit, would have led to. */
  uint32_t total;
  /** Seconds until the counter ends, rounded up. For an absent counter, the charge's own life. */
  uint32_t ends_in_seconds;
} x2f_total;

/** Bytes of a cause, with the zero byte at its end. */
#define X2F_CAUSE ((size_t)256)

/** What a guard answers to a list of charges. */
typedef struct {
  /** A place for the total of each charge. */
  x2f_total *totals;
  /** How many totals were written, in the order of the charges: one for each that was made or refused. 0 before. */
  size_t count;
  /**
   * The store's time in seconds since 1970-01-01T00:00:00Z, by which its counters end. -1, as it is before: nobody can set the clock that
   * it measures by. The component compares it with the host's clock, and fails with `clock` if they are more than 120 s apart.
   */
  int64_t now_seconds;
  /**
   * Why there are no totals, for operators: one line that begins with the kind of fault, such as `connect:` or `busy:`, without URLs and passwords.
   * Empty, as it is before: not known.
   */
  char cause[X2F_CAUSE];
} x2f_totals;

/** Who shares the counters of a guard. */
typedef enum {
  /** This process, and they end with it. Tokens end with it too. */
  X2F_PROCESS = 0,
  /** Every process that uses the same store. */
  X2F_SHARED = 1,
} x2f_scope;

/** The only state: counters with an end. What `add` MUST and MUST NOT do is said in wit/guard.wit. */
typedef struct {
  /**
   * Makes the charges in their order and stops after the first that its limit refuses, which has a total too. A counter that comes to 0 is
   * deleted. Neighbouring charges of one group are made as one. Not repeated whatever it answers.
   */
  x2f_no_answer (*add)(void *context, const x2f_charge *charges, size_t count, x2f_totals *totals);
  /** Passed to `add`. Must outlive the client. */
  void *context;
  /** Who shares the counters. */
  x2f_scope scope;
} x2f_guard;

/** An HTTP header field. */
typedef struct {
  const char *name;
  const char *value;
} x2f_header;

/** A request to Xoxzo. Its headers hold the account's credentials and its body a PIN: never log it. */
typedef struct {
  /** `GET` or `POST`. */
  const char *method;
  /** Absolute, and on the origin of the settings' `base_url`: that was checked before. */
  const char *url;
  const x2f_header *headers;
  size_t header_count;
  const char *body;
  size_t body_length;
  /** For the whole exchange; at most 30,000. */
  uint32_t timeout_milliseconds;
} x2f_request;

/** The most bytes of a response's body that the component gets to see. */
#define X2F_BODY ((size_t)16 * 1024)

/** A response, all zero before. */
typedef struct {
  /** HTTP status. */
  uint16_t status;
  /** Value of the header `retry-after`, cut at 64 characters; empty if there was none. */
  char retry_after[65];
  /** The first bytes of the body, of any encoding. */
  char body[X2F_BODY];
  size_t body_length;
  /** Why there is no response, for operators: one line that begins with the kind of fault, such as `dns:` or `tls:`, without URLs and headers. */
  char cause[X2F_CAUSE];
} x2f_response;

/** The way to Xoxzo. */
typedef struct {
  /**
   * Makes one exchange within its time, without redirects and without a second try. A response of any status is an answer.
   * X2F_NOT_SENT is a promise. NULL: x2f_curl_send().
   */
  x2f_no_answer (*send)(void *context, const x2f_request *request, x2f_response *response);
  /** Passed to `send`. Must outlive the client. */
  void *context;
} x2f_transport;

/** The time, for tokens. */
typedef struct {
  /** Seconds since 1970-01-01T00:00:00Z. NULL: time(). */
  int64_t (*seconds)(void *context);
  /** Passed to `seconds`. Must outlive the client. */
  void *context;
} x2f_clock;

/** What a client is made of. */
typedef struct {
  /** Path of `two-factor-steps.wasm`. */
  const char *component;
  /**
   * The settings: the JSON text that wit/settings.schema.json describes. References, `{"env"}` and `{"file"}`, are refused:
   * resolve them before. Where `guard.scope` is absent, that of `guard` holds; another is refused.
   */
  const char *settings;
  /** Required. */
  x2f_guard guard;
  /** All zero: libcurl. */
  x2f_transport transport;
  /** All zero: the system's. */
  x2f_clock clock;
} x2f_options;

/** Settings, component, guard and transport. Opaque; use it from many threads at once. */
typedef struct x2f_client x2f_client;

/**
 * Compiles the component, which takes a moment, and checks the settings. Clients of one component share what was compiled.
 *
 * Once a process; with the scope X2F_PROCESS after any fork, since a child's counters are not the parent's: there the
 * operations fail with `guard`. NULL is a failure: X2F_MISUSE with `settings`, or X2F_UPSTREAM with `plugin`.
 */
X2F_API X2F_USED x2f_client *x2f_open(const x2f_options *options, x2f_failure *failure);

/** Wipes and frees a client that no thread uses any more. NULL is nothing. */
X2F_API void x2f_close(x2f_client *client);

/** The settings in effect, defaults filled in, as one JSON object without secrets. Lives as long as the client. */
X2F_API const char *x2f_effective(const x2f_client *client);

/** A sentence on settings that are allowed and unwise, from 0 on; NULL after the last. Lives as long as the client. */
X2F_API const char *x2f_warning(const x2f_client *client, size_t at);

/*
 * The operations. Each answers X2F_OK and fills its result, or zeroes the result and fills `failure`. Both may be NULL. What
 * each checks, charges and refuses is said in wit/challenges.wit.
 */

/** Makes a PIN, sends it to the recipient and answers the challenge. `sending` may be NULL. */
X2F_API X2F_USED x2f_blame x2f_start(const x2f_client *client, const x2f_binding *binding, const x2f_sending *sending,
                                     x2f_challenge *challenge, x2f_failure *failure);

/**
 * Sends the PIN of a challenge once more, or says it by a call: the same PIN, the same token, no more life and no more guesses.
 * On the user's own act only. `sending` may be NULL. The token MUST NOT be kept in `challenge` alone: a refusal zeroes that, and
 * the token is as good as before.
 */
X2F_API X2F_USED x2f_blame x2f_resend(const x2f_client *client, const char *token, const x2f_binding *binding,
                                      const x2f_sending *sending, x2f_challenge *challenge, x2f_failure *failure);

/**
 * Compares what the user typed. X2F_OK is the only way in, and given at most once per challenge.
 *
 * `client_address` is the end user's, IPv4 or IPv6; may be NULL, unless the settings have `failures.per_client`. Do not repeat
 * a call whose answer was lost: the challenge may be used.
 */
X2F_API X2F_USED x2f_blame x2f_verify(const x2f_client *client, const char *token, const x2f_binding *binding, const char *pin,
                                      const char *client_address, x2f_acceptance *acceptance, x2f_failure *failure);

/** Queries the delivery state of a message at Xoxzo: at most once in 5 s for each message, and for one day. */
X2F_API X2F_USED x2f_blame x2f_status(const x2f_client *client, const char *handle, x2f_report *report, x2f_failure *failure);

/**
 * For operators: lifts what keeps a user out, failures, cooldowns and messages, but nothing that is counted for a client, a range or the service.
 * X2F_REFUSE with `nothing-locked` if nothing is counted. Log it.
 */
X2F_API X2F_USED x2f_blame x2f_unlock(const x2f_client *client, const char *subject, const char *recipient,
                                      x2f_unlocked *unlocked, x2f_failure *failure);

/**
 * For operators: looks at every counter that could refuse a user, and charges none. `client_address` is an end user's address, to see what is counted for
 * it, too; NULL: not.
 */
X2F_API X2F_USED x2f_blame x2f_look(const x2f_client *client, const char *subject, const char *recipient,
                                    const char *client_address, x2f_limits *limits, x2f_failure *failure);

/**
 * Computes an index of a phone number, by which a service finds whether a number is registered already, and by whom, without keeping the number in the
 * clear. The same for the same `guard.key`. X2F_MISUSE for a malformed recipient.
 */
X2F_API X2F_USED x2f_blame x2f_number_index(const x2f_client *client, const char *recipient, char index[23], x2f_failure *failure);

/** For operators: queries the balance of the account at Xoxzo. */
X2F_API X2F_USED x2f_blame x2f_ask_credits(const x2f_client *client, x2f_credits *credits, x2f_failure *failure);

/**
 * Checks a receipt with any of so many receipt keys (`xoxzo-2fa keygen --receipt-for AUDIENCE`): that it is genuine, alive and for
 * what is expected. Neither the settings nor the guard are asked. X2F_REFUSE with `invalid-token` for one that is forged, altered or for
 * something else. A receipt can be shown again until it ends: burn `id` where that matters.
 */
X2F_API X2F_USED x2f_blame x2f_check_receipt(const x2f_client *client, const char *const *receipt_keys, size_t count,
                                             const char *receipt, const x2f_expected *expected, x2f_claims *claims,
                                             x2f_failure *failure);

/** Reads what a token carries in the clear, for people who look for a fault. Proves nothing. */
X2F_API X2F_USED x2f_blame x2f_inspect(const x2f_client *client, const char *token, x2f_token_info *token_info, x2f_failure *failure);

/**
 * Explains a failure to an end user: why there is no way in, and what they can do. The text names no code, cause or setting.
 *
 * `about` is what another call filled; of one that was not kept, `code`, `guesses_left` and `retry_after_seconds` are enough. `locale` is a
 * language of messages: `en`, `ja`, `id`, `ms`, `vi`, `th`, `zh-Hans`, `zh-Hant`, `ko` or `es`. X2F_MISUSE for any other.
 */
X2F_API X2F_USED x2f_blame x2f_explain(const x2f_client *client, const x2f_failure *about, const char *locale,
                                       x2f_explanation *explanation, x2f_failure *failure);

/** `try-again`, `resend`, `start-again`, `wait` or `contact-support`. NULL for what is not one offer. */
X2F_API const char *x2f_offer_name(x2f_offer offer);

/** `ok`, `misuse`, `refuse` or `upstream`. */
X2F_API const char *x2f_blame_name(x2f_blame blame);

/**
 * The default transport: a connection for each request, HTTP/1.1, TLS 1.2 or later and only to who proves its name (or HTTP to
 * a loopback address), no redirects, no second try, no proxy. `context` is not used.
 */
X2F_API x2f_no_answer x2f_curl_send(void *context, const x2f_request *request, x2f_response *response);

/** Counters in the memory of this process. Opaque; bounded; use it from many threads at once. */
typedef struct x2f_memory x2f_memory;

/** A time that only moves forward, for counters. */
typedef struct {
  /** Nanoseconds since any moment. NULL: the system's monotonic clock. For tests: a jump ahead ends counters and their limits. */
  uint64_t (*nanoseconds)(void *context);
  /** Passed to `nanoseconds`. Must outlive the memory. */
  void *context;
} x2f_timer;

/**
 * Room for so many counters; 0 is a million. A challenge has one and a user about six; one takes about 80 bytes. `timer` may be
 * NULL. NULL if there is no memory.
 */
X2F_API X2F_USED x2f_memory *x2f_memory_open(size_t counters, const x2f_timer *timer);

/**
 * A guard of the scope X2F_PROCESS on a memory, which must outlive its clients. In a child of the process that opened the memory it answers
 * X2F_GUARD_UNREACHABLE: there it would count anew what is limited.
 */
X2F_API x2f_guard x2f_memory_guard(x2f_memory *memory);

/** Frees a memory that no client uses any more. NULL is nothing. */
X2F_API void x2f_memory_close(x2f_memory *memory);

#ifdef __cplusplus
}
#endif

#endif
