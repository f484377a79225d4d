/**
 * SMS two-factor authentication through Xoxzo, for C: the engine `two-factor-ask.wasm`, a guard (the counter store behind every
 * limit), and a transport to Xoxzo.
 *
 * In scope: the calls of the engine, the loop that answers its requests, a guard in memory, a transport through libcurl.
 * Out of scope: all decisions. PINs, limits, texts and verdicts come from the engine.
 *
 *     x2f_client *client = x2f_open(&options, &failure);
 *     if (x2f_start(client, &binding, NULL, &challenge, &failure) == X2F_OK) { keep challenge.token in the session }
 *     if (x2f_verify(client, token, &binding, pin, NULL, &acceptance, &failure) == X2F_OK) { let the user in }
 *
 * Texts are UTF-8 and end with a zero byte. Bytes that are not UTF-8 become U+FFFD, which no argument may hold, so they are refused.
 * NULL is an absent text. Refuse a text from a user that may hold a zero byte before you pass it here.
 * Unless a comment says so, no pointer that is passed in is kept after the call. Callers free only what they open.
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

/** Version of this interface and of the contract that it implements. */
#define X2F_VERSION "0.1.0"

/**
 * Success of a call, or the party that has to act on its failure.
 *
 * Always compare with X2F_OK: nothing else lets anyone in. Never use it as a boolean.
 */
typedef enum {
  /** The call did what was asked. */
  X2F_OK = 0,
  /** The embedding program: wrong settings, or an argument that no user can cause. Fix it. */
  X2F_MISUSE = 1,
  /** The end user: a wrong PIN, an expired token, a limit. Show it. */
  X2F_REFUSE = 2,
  /** Something outside: Xoxzo, the network, the guard, the clock, the engine. Try later, raise an alarm. */
  X2F_UPSTREAM = 3,
} x2f_blame;

/**
 * Information for operators beside an answer: for logs, metrics and tickets. Show none of it to a user. Texts are empty if absent. No field ever
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
  /** Xoxzo's id of the message. Invented for a decoy. */
  char message_id[65];
  /** The challenge is a decoy. Leave it out of metrics, or strangers can move them. */
  bool decoy;
  /** Why the guard or Xoxzo gave no readable answer. It begins with the kind of fault, such as `dns:`, `tls:` or `busy:`. */
  char cause[801];
  /** A condition that operators should look at now: `failures`, `sends`, `clock` or `delivery`. */
  char alarm[12];
} x2f_audit;

/** A failure of a call. No field ever holds a PIN, a token, a key or a full phone number. */
typedef struct {
  /** The value that the call returned. */
  x2f_blame blame;
  /**
   * The code of wit/types.wit, such as `wrong-pin` or `expired`; or `plugin` if the module does not load,
   * trapped, ran past its limit or broke the contract, or there was no memory.
   */
  char code[24];
  /** One line for a log. English, for operators, not for end users. */
  char detail[512];
  /** Tries that the challenge still has. Present with `wrong-pin`. -1 if absent. */
  int64_t guesses_left;
  /** Seconds until trying again can work. -1 where waiting does not help. */
  int64_t retry_after_seconds;
  /** Seconds until the token expires. Present where the token was valid. -1 if absent. */
  int64_t expires_in_seconds;
  /** For operators. */
  x2f_audit audit;
} x2f_failure;

/* Arguments and results, as in wit/types.wit, which explains each field. */

/** A payment that a challenge confirms. */
typedef struct {
  /** Canonical decimal with the decimals of the currency: `12.50` for EUR, `1250` for JPY. */
  const char *amount;
  /** ISO 4217 code, three capital letters. */
  const char *currency;
  /** Who is paid: 1 to 40 letters, digits, spaces and `.,'&()-`. */
  const char *payee;
} x2f_transaction;

/** The user and the act that a challenge is bound to. Take every field from the server's own records, at x2f_start() and at x2f_verify(). */
typedef struct {
  /** Phone number in canonical E.164, such as `+819012345678`. */
  const char *recipient;
  /** The service's immutable internal id of the user: 1 to 128 bytes of printable ASCII without spaces. */
  const char *subject;
  /** One of the purposes in the settings; `login` by default. */
  const char *purpose;
  /** The session that asked, 1 to 128 bytes of printable ASCII without spaces. May be NULL. */
  const char *session;
  /** The payment that the code confirms. May be NULL. */
  const x2f_transaction *transaction;
} x2f_binding;

/** Delivery options of a message. All zero is an SMS in the settings' language. */
typedef struct {
  /** `sms` or NULL for an SMS, `voice` for a call. `voice` is for x2f_resend() only. */
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
  /** The argument of x2f_verify(): 80 characters. Give it to the user's session only. */
  char token[81];
  /** The recipient with all but the first two and the last two digits as `*`. */
  char masked[17];
  uint32_t expires_in_seconds;
  uint32_t resend_after_seconds;
  /** `accepted` by Xoxzo, or `unknown`: the message may arrive, and the challenge is usable. */
  char delivery[12];
  /** The argument of x2f_status(). Empty if `delivery` is `unknown`. */
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
  /** Messages in the present window: those of the subject or those to the number, whichever is more. */
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
  /** The count. */
  uint32_t total;
  /** The limit. Totals above it are refused, or for `failures.per_audience` raise an alarm. */
  uint32_t most;
  /** Seconds until the counter ends. -1 where nothing is counted, and for `failures.hard`, which only a success or an unlock ends. */
  int64_t ends_in_seconds;
  /** True if it refuses the next message or guess of this user. */
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
  /** The payment that was confirmed, which is the expected one. All three are empty if there was none. */
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

/** An action that is open to an end user after a failure. Each is one bit. */
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

/* Functions that the host supplies. They are called from the threads that call the client, and from many at once. */

/** The way in which a guard or a transport failed to answer. */
typedef enum {
  /** It answered. */
  X2F_ANSWERED = 0,
  /** Transport: certainly no byte of the request left the host. */
  X2F_NOT_SENT = 1,
  /** Transport: a part of the request may have left the host, and no complete answer came back. Use this if in doubt. */
  X2F_UNKNOWN = 2,
  /** Guard: no answer. Whether the charges were made is not known. */
  X2F_GUARD_UNREACHABLE = 3,
  /** Guard: there is no room for a new counter, and no live counter may be evicted for it. */
  X2F_GUARD_FULL = 4,
} x2f_no_answer;

/** One change of one counter. */
typedef struct {
  /** Name of the counter: 22 characters of base64url, a keyed hash that tells nothing personal. */
  const char *counter;
  /** Name of the group that the counter belongs to, always the same for one counter: 22 characters, likewise. */
  const char *group;
  /** The amount to add. A negative amount gives back, and zero only reads. */
  int32_t amount;
  /** The highest total this charge may lead to. */
  uint32_t limit;
  /** Life of a new counter in seconds, at least 1. */
  uint32_t ttl_seconds;
} x2f_charge;

/** A counter after a charge. */
typedef struct {
  /** The new total; if it exceeds the limit, the total that was refused. */
  uint32_t total;
  /** Seconds until the counter ends, rounded up. For an absent counter, the charge's own life. */
  uint32_t ends_in_seconds;
} x2f_total;

/** Size of a cause in bytes, with the zero byte at its end. */
#define X2F_CAUSE ((size_t)256)

/** A guard's answer to a list of charges. */
typedef struct {
  /** Space for the total of each charge. */
  x2f_total *totals;
  /** Number of totals written, in the order of the charges: one for each that was made or refused. Initially 0. */
  size_t count;
  /**
   * The store's time in seconds since 1970-01-01T00:00:00Z, by which its counters end. Initially -1. Leave it if the store measures by a clock
   * that nobody can set. The engine compares it with the host's clock, and fails with `clock` if they are more than 120 s apart.
   */
  int64_t now_seconds;
  /**
   * Why there are no totals, for operators: one line that begins with the kind of fault, such as `connect:` or `busy:`, without URLs and passwords.
   * Initially empty, which means not known.
   */
  char cause[X2F_CAUSE];
} x2f_totals;

/** The processes that share the counters of a guard. */
typedef enum {
  /** This process alone. Counters and tokens end with it. */
  X2F_PROCESS = 0,
  /** Every process that uses the same store. */
  X2F_SHARED = 1,
} x2f_scope;

/** The only state: counters that expire. wit/guard.wit says what `add` MUST and MUST NOT do. */
typedef struct {
  /**
   * Makes the charges in their order and stops after the first that its limit refuses, which has a total too. Deletes a counter that comes
   * to 0. Makes neighbouring charges of one group as one. The library never repeats a call, whatever it answers.
   */
  x2f_no_answer (*add)(void *context, const x2f_charge *charges, size_t count, x2f_totals *totals);
  /** Passed to `add`. Must outlive the client. */
  void *context;
  /** The processes that share the counters. */
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
  /** Absolute, on the origin of the settings' `base_url`, which the library has checked. */
  const char *url;
  const x2f_header *headers;
  size_t header_count;
  const char *body;
  size_t body_length;
  /** Time for the whole exchange, at most 30,000. */
  uint32_t timeout_milliseconds;
} x2f_request;

/** Maximum number of bytes of a response's body that the engine reads. */
#define X2F_BODY ((size_t)16 * 1024)

/** A response. Initially all zero. */
typedef struct {
  /** HTTP status. */
  uint16_t status;
  /** Value of the header `retry-after`, cut at 64 characters. Empty if there was none. */
  char retry_after[65];
  /** The first bytes of the body, of any encoding. */
  char body[X2F_BODY];
  size_t body_length;
  /** Why there is no response, for operators: one line that begins with the kind of fault, such as `dns:` or `tls:`, without URLs and headers. */
  char cause[X2F_CAUSE];
} x2f_response;

/** The transport to Xoxzo. */
typedef struct {
  /**
   * Makes one exchange within its time, without redirects and retries. A response of any status is an answer.
   * X2F_NOT_SENT is a promise that nothing was sent. NULL: x2f_curl_send().
   */
  x2f_no_answer (*send)(void *context, const x2f_request *request, x2f_response *response);
  /** Passed to `send`. Must outlive the client. */
  void *context;
} x2f_transport;

/** The clock for tokens. */
typedef struct {
  /** Seconds since 1970-01-01T00:00:00Z. NULL: time(). */
  int64_t (*seconds)(void *context);
  /** Passed to `seconds`. Must outlive the client. */
  void *context;
} x2f_clock;

/** The options of a client. */
typedef struct {
  /** Path of `two-factor-ask.wasm`. */
  const char *module;
  /**
   * The settings: the JSON text that wit/settings.schema.json describes. References, `{"env"}` and `{"file"}`, are refused:
   * resolve them first. If `guard.scope` is absent, the scope of `guard` applies. A different scope is refused.
   */
  const char *settings;
  /** Required. */
  x2f_guard guard;
  /** All zero: libcurl. */
  x2f_transport transport;
  /** All zero: the system's. */
  x2f_clock clock;
} x2f_options;

/** Settings, engine, guard and transport. Opaque. Many threads may use one client at once. */
typedef struct x2f_client x2f_client;

/**
 * Compiles the module, which takes about half a second, and checks the settings. Clients of one module share the compiled code.
 *
 * Call it once per process. With the scope X2F_PROCESS, call it after any fork: a child's counters are not the parent's, so in a child
 * the operations fail with `guard`. Returns NULL after a failure: X2F_MISUSE with `settings`, or X2F_UPSTREAM with `plugin`.
 */
X2F_API X2F_USED x2f_client *x2f_open(const x2f_options *options, x2f_failure *failure);

/** Wipes and frees a client that no thread uses any more. Does nothing for NULL. */
X2F_API void x2f_close(x2f_client *client);

/** The settings in effect, defaults filled in, as one JSON object without secrets. Lives as long as the client. */
X2F_API const char *x2f_effective(const x2f_client *client);

/** Returns the warning number `at`, from 0 on: a sentence on settings that are allowed but unwise. NULL after the last. Lives as long as the client. */
X2F_API const char *x2f_warning(const x2f_client *client, size_t at);

/*
 * The operations. Each returns X2F_OK and fills its result, or zeroes the result and fills `failure`. Both may be NULL. wit/challenges.wit
 * says what each checks, charges and refuses.
 */

/** Makes a PIN, sends it to the recipient and fills in the challenge. `sending` may be NULL. */
X2F_API X2F_USED x2f_blame x2f_start(const x2f_client *client, const x2f_binding *binding, const x2f_sending *sending,
                                     x2f_challenge *challenge, x2f_failure *failure);

/**
 * Sends the PIN of a challenge once more, or says it in a call. PIN and token stay the same, and neither lifetime nor guesses are
 * extended. Call it only when the user asks for it. `sending` may be NULL. The token MUST NOT be kept in `challenge` alone: a refusal
 * zeroes that, and the token stays valid.
 */
X2F_API X2F_USED x2f_blame x2f_resend(const x2f_client *client, const char *token, const x2f_binding *binding,
                                      const x2f_sending *sending, x2f_challenge *challenge, x2f_failure *failure);

/**
 * Checks the PIN that the user typed. X2F_OK is the only way in, and returned at most once per challenge.
 *
 * `client_address` is the end user's, IPv4 or IPv6. It may be NULL unless the settings have `failures.per_client`. Do not repeat
 * a call whose answer was lost: the challenge may be used.
 */
X2F_API X2F_USED x2f_blame x2f_verify(const x2f_client *client, const char *token, const x2f_binding *binding, const char *pin,
                                      const char *client_address, x2f_acceptance *acceptance, x2f_failure *failure);

/** Queries the delivery state of a message at Xoxzo: at most once in 5 s for each message, and for one day. */
X2F_API X2F_USED x2f_blame x2f_status(const x2f_client *client, const char *handle, x2f_report *report, x2f_failure *failure);

/**
 * For operators: clears the counters that lock out a user, which are failures, cooldowns and messages, but nothing that is counted for a client, a
 * range or the service. X2F_REFUSE with `nothing-locked` if nothing is counted. Verify who asks, and log the call.
 */
X2F_API X2F_USED x2f_blame x2f_unlock(const x2f_client *client, const char *subject, const char *recipient,
                                      x2f_unlocked *unlocked, x2f_failure *failure);

/**
 * For operators: reads every counter that could refuse a user, and charges none. `client_address` is an end user's address, whose counters are then
 * read too. It may be NULL.
 */
X2F_API X2F_USED x2f_blame x2f_look(const x2f_client *client, const char *subject, const char *recipient,
                                    const char *client_address, x2f_limits *limits, x2f_failure *failure);

/**
 * Computes an index of a phone number. With it a service finds out whether a number is already registered, and by whom, without storing the number in
 * the clear. The index is the same for the same `guard.key`. X2F_MISUSE for a malformed recipient.
 */
X2F_API X2F_USED x2f_blame x2f_number_index(const x2f_client *client, const char *recipient, char index[23], x2f_failure *failure);

/** For operators: queries the balance of the account at Xoxzo. */
X2F_API X2F_USED x2f_blame x2f_ask_credits(const x2f_client *client, x2f_credits *credits, x2f_failure *failure);

/**
 * Checks with `count` receipt keys (`xoxzo-2fa keygen --receipt-for AUDIENCE`) that a receipt is genuine, has not expired and is for
 * the expected values. It uses neither the settings nor the guard. X2F_REFUSE with `invalid-token` for a receipt that is forged, altered or for
 * something else. A receipt can be replayed until it expires: where that matters, remember each `id` and accept it once.
 */
X2F_API X2F_USED x2f_blame x2f_check_receipt(const x2f_client *client, const char *const *receipt_keys, size_t count,
                                             const char *receipt, const x2f_expected *expected, x2f_claims *claims,
                                             x2f_failure *failure);

/** Reads the unauthenticated part of a token, for debugging. It proves nothing. */
X2F_API X2F_USED x2f_blame x2f_inspect(const x2f_client *client, const char *token, x2f_token_info *token_info, x2f_failure *failure);

/**
 * Explains a failure to an end user, and says what they can do. The text names no code, cause or setting.
 *
 * `about` is a failure that another call filled. If it was not kept, `code`, `guesses_left` and `retry_after_seconds` are enough. `locale` is a
 * language of messages: `en`, `ja`, `id`, `ms`, `vi`, `th`, `zh-Hans`, `zh-Hant`, `ko` or `es`. X2F_MISUSE for any other.
 */
X2F_API X2F_USED x2f_blame x2f_explain(const x2f_client *client, const x2f_failure *about, const char *locale,
                                       x2f_explanation *explanation, x2f_failure *failure);

/** Returns `try-again`, `resend`, `start-again`, `wait` or `contact-support`. NULL for a value that is not exactly one offer. */
X2F_API const char *x2f_offer_name(x2f_offer offer);

/** Returns `ok`, `misuse`, `refuse` or `upstream`. */
X2F_API const char *x2f_blame_name(x2f_blame blame);

/**
 * The default transport: one connection per request, HTTP/1.1, TLS 1.2 or later with a verified host name (or HTTP to
 * a loopback address), no redirects, no retry, no proxy. `context` is not used.
 */
X2F_API x2f_no_answer x2f_curl_send(void *context, const x2f_request *request, x2f_response *response);

/** Counters in the memory of this process. Opaque and bounded. Many threads may use them at once. */
typedef struct x2f_memory x2f_memory;

/** A clock that only moves forward, for counters. */
typedef struct {
  /** Nanoseconds since any moment. NULL: the system's monotonic clock. For tests only: a jump ahead ends counters and so resets limits. */
  uint64_t (*nanoseconds)(void *context);
  /** Passed to `nanoseconds`. Must outlive the memory. */
  void *context;
} x2f_timer;

/**
 * Makes room for `counters` counters; 0 means a million. A challenge has one and a user about six, and each takes about 80 bytes. `timer` may be
 * NULL. Returns NULL if there is no memory.
 */
X2F_API X2F_USED x2f_memory *x2f_memory_open(size_t counters, const x2f_timer *timer);

/**
 * Returns a guard of the scope X2F_PROCESS on a memory, which must outlive its clients. In a child of the process that opened the memory it answers
 * X2F_GUARD_UNREACHABLE, since a separate count there would double every limit.
 */
X2F_API x2f_guard x2f_memory_guard(x2f_memory *memory);

/** Frees a memory that no client uses any more. Does nothing for NULL. */
X2F_API void x2f_memory_close(x2f_memory *memory);

#ifdef __cplusplus
}
#endif

#endif
