/*
 * The declarations of libxoxzo_2fa, without a line for a preprocessor: for the FFI of another language. C and C++ include xoxzo_2fa.h.
 *
 * cbindgen makes this file from host/c/src, and a test compares both.
 */

/**
 * The way in which a guard or a transport answered, or failed to.
 */
typedef enum {
  /**
   * It answered.
   */
  X2F_ANSWERED = 0,
  /**
   * Transport: certainly no byte of the request left the host.
   */
  X2F_NOT_SENT = 1,
  /**
   * Transport: a part of the request may have left the host, and no complete answer came back. Use this if in doubt.
   */
  X2F_UNKNOWN = 2,
  /**
   * Guard: no answer. Whether the charges were made is not known.
   */
  X2F_GUARD_UNREACHABLE = 3,
  /**
   * Guard: there is no room for a new counter, and no live counter may be evicted for it.
   */
  X2F_GUARD_FULL = 4,
} x2f_no_answer;

/**
 * Success of a call, or the party that has to act on its failure.
 *
 * Always compare with X2F_OK. Never use it as a boolean: it is never 0.
 */
typedef enum {
  /**
   * Nothing was called yet.
   */
  X2F_NONE = 0,
  /**
   * The call did what was asked.
   */
  X2F_OK = 1,
  /**
   * The embedding program: wrong settings, or an argument that no user can cause. Fix it.
   */
  X2F_MISUSE = 2,
  /**
   * The end user: a wrong PIN, an expired token, a limit. Show it.
   */
  X2F_REFUSE = 3,
  /**
   * Something outside: Xoxzo, the network, the guard, the clock, the engine. Try later, raise an alarm.
   */
  X2F_UPSTREAM = 4,
} x2f_outcome;

/**
 * An action that is open to an end user after a failure. Each is one bit.
 */
typedef enum {
  /**
   * Do the same once more: type the code again, or ask again for what was asked for.
   */
  X2F_OFFER_TRY_AGAIN = 1,
  /**
   * Get the same code once more, by x2f_resend().
   */
  X2F_OFFER_RESEND = 2,
  /**
   * Ask for a new code, by x2f_start().
   */
  X2F_OFFER_START_AGAIN = 4,
  /**
   * Wait for `retry_after_seconds`, then do the same once more.
   */
  X2F_OFFER_WAIT = 8,
  /**
   * Contact the service.
   */
  X2F_OFFER_CONTACT_SUPPORT = 16,
} x2f_offer;

/**
 * The processes that share the counters of a guard.
 */
typedef enum {
  /**
   * This process alone. The counters end with it.
   */
  X2F_PROCESS = 0,
  /**
   * Every process that uses the same store.
   */
  X2F_SHARED = 1,
} x2f_scope;

/**
 * Settings, engine, guard and transport. Opaque. Many threads may use one client at once.
 */
typedef struct x2f_client x2f_client;

/**
 * Counters of a store, for any number of clients. Opaque. Many threads may use it at once.
 */
typedef struct x2f_store x2f_store;

/**
 * Information for operators beside an answer: for logs, metrics and tickets. Show none of it to a user. Texts are empty if absent. No field ever
 * holds a PIN, a token, a key, a URL or a phone number.
 */
typedef struct {
  /**
   * Keyed hash of the subject, the same for the same `guard.key`. Empty for x2f_status(), and if subject or recipient is malformed.
   */
  char subject[23];
  /**
   * Keyed hash of the recipient, likewise.
   */
  char recipient[23];
  /**
   * Country code of the recipient.
   */
  char calling_code[4];
  /**
   * The same for each operation on one challenge. Empty where there is none.
   */
  char challenge_id[12];
  /**
   * Xoxzo's id of the message. Invented for a decoy.
   */
  char message_id[65];
  /**
   * The challenge is a decoy. Leave it out of metrics, or strangers can move them.
   */
  bool decoy;
  /**
   * The reason why the guard or Xoxzo gave no readable answer. It begins with the kind of fault, such as `dns:`, `tls:` or `busy:`.
   */
  char cause[801];
  /**
   * A condition that operators should look at now: `failures`, `sends`, `clock` or `delivery`.
   */
  char alarm[12];
} x2f_audit;

/**
 * A failure of a call. No field ever holds a PIN, a token, a key or a full phone number.
 */
typedef struct {
  /**
   * sizeof(x2f_failure), set by the caller.
   */
  size_t size;
  /**
   * The blame: the value that the call returned, one of x2f_outcome. 0 if the call did not fail.
   */
  uint32_t blame;
  /**
   * The code of wit/types.wit, such as `wrong-pin` or `expired`; or `plugin` if the engine trapped, ran past its limit or broke the contract.
   */
  char code[24];
  /**
   * One line for a log. English, for operators, not for end users.
   */
  char detail[512];
  /**
   * Tries that the challenge still has. Present with `wrong-pin`. -1 if absent.
   */
  int64_t guesses_left;
  /**
   * Seconds until trying again can work. -1 where waiting does not help.
   */
  int64_t retry_after_seconds;
  /**
   * Seconds until the token expires. Present where the token was valid. -1 if absent.
   */
  int64_t expires_in_seconds;
  /**
   * Information for operators.
   */
  x2f_audit audit;
} x2f_failure;

/**
 * A clock that only moves forward, for counters in memory.
 */
typedef struct {
  /**
   * Returns nanoseconds since any moment. For tests only: a jump ahead ends counters and so resets limits.
   */
  uint64_t (*nanoseconds)(void *context);
  /**
   * Passed to `nanoseconds`. Must outlive the store.
   */
  void *context;
} x2f_timer;

/**
 * One change of one counter.
 */
typedef struct {
  /**
   * Name of the counter: 22 characters of base64url, a keyed hash that tells nothing personal.
   */
  const char *counter;
  /**
   * Name of the group that the counter belongs to, always the same for one counter: 22 characters, likewise.
   */
  const char *group;
  /**
   * The amount to add. A negative amount gives back, and zero only reads.
   */
  int32_t amount;
  /**
   * The highest total this charge may lead to.
   */
  uint32_t limit;
  /**
   * Life of a new counter in seconds, at least 1.
   */
  uint32_t ttl_seconds;
} x2f_charge;

/**
 * A counter after a charge.
 */
typedef struct {
  /**
   * The new total; if it exceeds the limit, the total that was refused.
   */
  uint32_t total;
  /**
   * Seconds until the counter ends, rounded up. For an absent counter, the charge's own life.
   */
  uint32_t ends_in_seconds;
} x2f_total;

/**
 * A guard's answer to a list of charges.
 */
typedef struct {
  /**
   * Space for the total of each charge.
   */
  x2f_total *totals;
  /**
   * Number of totals written, in the order of the charges: one for each that was made or refused. Initially 0.
   */
  size_t count;
  /**
   * The store's time in seconds since 1970-01-01T00:00:00Z, by which its counters end. Initially -1. Leave it if the store measures by a clock
   * that nobody can set. The engine compares it with the host's clock, and fails with `clock` if they are more than 120 s apart.
   */
  int64_t now_seconds;
  /**
   * The reason why there are no totals, for operators: one line that begins with the kind of fault, such as `connect:` or `busy:`, without URLs and passwords.
   * Initially empty, which means not known.
   */
  char cause[256];
} x2f_totals;

/**
 * A guard of the program's own: counters that expire, the only state. wit/guard.wit says what `add` MUST and MUST NOT do.
 */
typedef struct {
  /**
   * Makes the charges in their order and stops after the first that its limit refuses, which has a total too. Deletes a counter that comes
   * to 0. Makes neighbouring charges of one group as one. The library never repeats a call, whatever it answers. Returns X2F_ANSWERED,
   * X2F_GUARD_UNREACHABLE or X2F_GUARD_FULL. NULL: there is no such guard.
   */
  uint32_t (*add)(void *context, const x2f_charge *charges, size_t count, x2f_totals *totals);
  /**
   * Passed to `add`. Must outlive the client.
   */
  void *context;
  /**
   * The processes that share the counters: one of x2f_scope.
   */
  uint32_t scope;
} x2f_guard;

/**
 * An HTTP header field.
 */
typedef struct {
  /**
   * The field's name.
   */
  const char *name;
  /**
   * The field's value.
   */
  const char *value;
} x2f_header;

/**
 * A request to Xoxzo. Its headers hold the account's credentials and its body a PIN: never log it.
 */
typedef struct {
  /**
   * `GET` or `POST`.
   */
  const char *method;
  /**
   * Absolute, on the origin of the settings' `base_url`, which the library has checked.
   */
  const char *url;
  /**
   * The headers to send.
   */
  const x2f_header *headers;
  /**
   * Number of headers.
   */
  size_t header_count;
  /**
   * The body to send.
   */
  const char *body;
  /**
   * Bytes of the body.
   */
  size_t body_length;
  /**
   * Time for the whole exchange, at most 30,000.
   */
  uint32_t timeout_milliseconds;
} x2f_request;

/**
 * A response. Initially all zero.
 */
typedef struct {
  /**
   * HTTP status.
   */
  uint16_t status;
  /**
   * Value of the header `retry-after`, cut at 64 characters. Empty if there was none.
   */
  char retry_after[65];
  /**
   * The first bytes of the body, of any encoding.
   */
  char body[16384];
  /**
   * Bytes of the body, at most as many as there is room for.
   */
  size_t body_length;
  /**
   * The reason why there is no response, for operators: one line that begins with the kind of fault, such as `dns:` or `tls:`, without URLs and headers.
   */
  char cause[256];
} x2f_response;

/**
 * A transport to Xoxzo of the program's own.
 */
typedef struct {
  /**
   * Makes one exchange within its time, without redirects and retries. A response of any status is an answer. Returns X2F_ANSWERED, X2F_NOT_SENT,
   * which is a promise that nothing was sent, or X2F_UNKNOWN. NULL: the library's own transport.
   */
  uint32_t (*send)(void *context, const x2f_request *request, x2f_response *response);
  /**
   * Passed to `send`. Must outlive the client.
   */
  void *context;
} x2f_transport;

/**
 * The clock for tokens.
 */
typedef struct {
  /**
   * Returns seconds since 1970-01-01T00:00:00Z. NULL: the system's clock. For tests: a clock that stands still never lets a challenge expire.
   */
  int64_t (*seconds)(void *context);
  /**
   * Passed to `seconds`. Must outlive the client.
   */
  void *context;
} x2f_clock;

/**
 * The place where events go.
 */
typedef struct {
  /**
   * Takes each operation that ended, as one JSON object on one line. Its fields are those of wit/SPEC.md, "Events", and it holds nothing personal. The text is
   * valid during the call only. It should be quick. NULL: events go nowhere.
   */
  void (*event)(void *context, const char *json);
  /**
   * Passed to `event`. Must outlive the client.
   */
  void *context;
} x2f_auditor;

/**
 * The options of a client.
 */
typedef struct {
  /**
   * sizeof(x2f_options).
   */
  size_t size;
  /**
   * The settings: the JSON text that wit/settings.schema.json describes. For a secret there may stand `{"env": NAME}` or `{"file": PATH}`.
   * If `guard.scope` is absent, the scope of the store applies. A different scope is refused.
   */
  const char *settings;
  /**
   * The store of the counters, or NULL for a guard of the program's own.
   */
  const x2f_store *store;
  /**
   * A guard of the program's own, if there is no store.
   */
  x2f_guard guard;
  /**
   * All zero: the library's own, with TLS 1.2 or later and the system's resolver.
   */
  x2f_transport transport;
  /**
   * All zero: the system's.
   */
  x2f_clock clock;
  /**
   * All zero: events go nowhere.
   */
  x2f_auditor auditor;
} x2f_options;

/**
 * A payment that a challenge confirms.
 */
typedef struct {
  /**
   * sizeof(x2f_transaction).
   */
  size_t size;
  /**
   * Canonical decimal with the decimals of the currency: `12.50` for EUR, `1250` for JPY.
   */
  const char *amount;
  /**
   * ISO 4217 code, three capital letters.
   */
  const char *currency;
  /**
   * The payee: 1 to 40 letters, digits, spaces and `.,'&()-`.
   */
  const char *payee;
} x2f_transaction;

/**
 * The user and the act that a challenge is bound to. Take every field from the server's own records, at x2f_start() and at x2f_verify().
 */
typedef struct {
  /**
   * sizeof(x2f_binding).
   */
  size_t size;
  /**
   * Phone number in canonical E.164, such as `+819012345678`.
   */
  const char *recipient;
  /**
   * The service's immutable internal id of the user: 1 to 128 bytes of printable ASCII without spaces.
   */
  const char *subject;
  /**
   * One of the purposes in the settings. It has no default: NULL is refused.
   */
  const char *purpose;
  /**
   * The session that asked, 1 to 128 bytes of printable ASCII without spaces. May be NULL.
   */
  const char *session;
  /**
   * The payment that the code confirms. May be NULL.
   */
  const x2f_transaction *transaction;
} x2f_binding;

/**
 * Delivery options of a message. All zero but for its size, or NULL, is an SMS in the settings' language.
 */
typedef struct {
  /**
   * sizeof(x2f_sending).
   */
  size_t size;
  /**
   * `sms` or NULL for an SMS, `voice` for a call. `voice` is for x2f_resend() only.
   */
  const char *channel;
  /**
   * Language of the text, such as `en`, `ja`, `zh-Hant`. NULL: the settings' own.
   */
  const char *locale;
  /**
   * The end user's address, IPv4 or IPv6. Required if the settings have a cap per client. May be NULL.
   */
  const char *client;
  /**
   * Anything but 0 makes a decoy: everything happens except sending, for a form that must not reveal whether an account exists. For x2f_start() only.
   */
  uint32_t decoy;
} x2f_sending;

/**
 * A challenge that was sent.
 */
typedef struct {
  /**
   * sizeof(x2f_challenge), set by the caller.
   */
  size_t size;
  /**
   * The argument of x2f_verify(): 80 characters. Give it to the user's session only.
   */
  char token[81];
  /**
   * The recipient with all but the first two and the last two digits as `*`.
   */
  char masked[17];
  /**
   * Seconds until the token expires.
   */
  uint32_t expires_in_seconds;
  /**
   * Seconds until another message may go to this number.
   */
  uint32_t resend_after_seconds;
  /**
   * `accepted` by Xoxzo, or `unknown`: the message may arrive, and the challenge is usable.
   */
  char delivery[12];
  /**
   * The argument of x2f_status(). Empty if `delivery` is `unknown`.
   */
  char handle[257];
  /**
   * Billed parts. -1 for a template and for a call.
   */
  int64_t parts;
  /**
   * Information for operators.
   */
  x2f_audit audit;
} x2f_challenge;

/**
 * Decides whether a user may go on. A struct, so that `if (x2f_verify(...))` does not compile. One that is all zero is no acceptance.
 */
typedef struct {
  /**
   * True lets the user in. Nothing else does.
   */
  bool accepted;
  /**
   * X2F_OK if accepted, or the blame of the failure.
   */
  x2f_outcome outcome;
} x2f_verdict;

/**
 * Proof that the PIN was right. Nothing else lets a user in.
 */
typedef struct {
  /**
   * sizeof(x2f_acceptance), set by the caller.
   */
  size_t size;
  /**
   * Proof for another service that this happened, for x2f_check_receipt(). base64url.
   */
  char receipt[513];
  /**
   * Life of the receipt.
   */
  uint32_t expires_in_seconds;
  /**
   * Information for operators.
   */
  x2f_audit audit;
} x2f_acceptance;

/**
 * A delivery report.
 */
typedef struct {
  /**
   * sizeof(x2f_report), set by the caller.
   */
  size_t size;
  /**
   * `queued`, `delivering`, `delivered`, `failed` or `unknown`.
   */
  char delivery[12];
  /**
   * Xoxzo's word for the state; empty if it gave none. For a log.
   */
  char detail[33];
  /**
   * Information for operators.
   */
  x2f_audit audit;
} x2f_report;

/**
 * A failure in words for an end user.
 */
typedef struct {
  /**
   * sizeof(x2f_explanation), set by the caller.
   */
  size_t size;
  /**
   * One or two short sentences of plain text, in the user's language. Escape it in HTML like any other text.
   */
  char text[512];
  /**
   * Actions that help: bits of x2f_offer. 0 if none does.
   */
  uint32_t offers;
} x2f_explanation;

/**
 * The counters that an unlock cleared.
 */
typedef struct {
  /**
   * sizeof(x2f_unlocked), set by the caller.
   */
  size_t size;
  /**
   * Consecutive failures of the subject with the recipient.
   */
  uint32_t failures;
  /**
   * Failures of the subject over all recipients in the present window.
   */
  uint32_t subject_failures;
  /**
   * Messages in the present window: those of the subject or those to the number, whichever is more.
   */
  uint32_t messages;
  /**
   * Information for operators.
   */
  x2f_audit audit;
} x2f_unlocked;

/**
 * A counter that could refuse a user, as it stands.
 */
typedef struct {
  /**
   * Path of the setting that limits it, such as `failures.soft`.
   */
  char setting[32];
  /**
   * True for purposes that strangers can start, which have counters or limits of their own.
   */
  bool open;
  /**
   * The count.
   */
  uint32_t total;
  /**
   * The limit. Totals above it are refused, or for `failures.per_audience` raise an alarm.
   */
  uint32_t most;
  /**
   * Seconds until the counter ends. -1 where nothing is counted, and for `failures.hard`, which only a success or an unlock ends.
   */
  int64_t ends_in_seconds;
  /**
   * True if it refuses the next message or guess of this user.
   */
  bool refuses;
} x2f_limit;

/**
 * The counters that could refuse a user.
 */
typedef struct {
  /**
   * sizeof(x2f_limits), set by the caller.
   */
  size_t size;
  /**
   * The counters of purposes after a first factor, then of purposes that strangers can start, as far as the settings have both.
   */
  x2f_limit limits[40];
  /**
   * The number of them that are filled.
   */
  size_t count;
  /**
   * Information for operators.
   */
  x2f_audit audit;
} x2f_limits;

/**
 * The balance of the account at Xoxzo.
 */
typedef struct {
  /**
   * sizeof(x2f_credits), set by the caller.
   */
  size_t size;
  /**
   * Whole credits; below 0 for an account that pays afterwards.
   */
  int64_t credits;
  /**
   * Information for operators.
   */
  x2f_audit audit;
} x2f_credits;

/**
 * The values that a receipt must have been made for. Take every field from the checker's own records, never from what came with the receipt.
 */
typedef struct {
  /**
   * sizeof(x2f_expected).
   */
  size_t size;
  /**
   * The service's immutable internal id of the user, as in the binding.
   */
  const char *subject;
  /**
   * The purpose of the challenge, as in the binding.
   */
  const char *purpose;
  /**
   * Phone number in canonical E.164. NULL accepts a receipt for any number.
   */
  const char *recipient;
  /**
   * The session, as in the binding. NULL accepts only a receipt without one.
   */
  const char *session;
  /**
   * The payment, as in the binding. NULL accepts only a receipt without one.
   */
  const x2f_transaction *transaction;
} x2f_expected;

/**
 * The facts that a receipt proves. A receipt contains neither user, number, session nor payment: the checker supplies them in x2f_expected.
 */
typedef struct {
  /**
   * sizeof(x2f_claims), set by the caller.
   */
  size_t size;
  /**
   * Unique per acceptance.
   */
  char id[23];
  /**
   * The service that gave the receipt. With keys of several audiences, it tells which.
   */
  char audience[65];
  /**
   * The purpose of the challenge.
   */
  char purpose[129];
  /**
   * The payment that was confirmed, which is the expected one. All three are empty if there was none.
   */
  char amount[24];
  /**
   * Its currency.
   */
  char currency[4];
  /**
   * The payee.
   */
  char payee[161];
  /**
   * Made in test mode: it proves nothing. Only with a receipt key of test mode.
   */
  bool test;
  /**
   * Seconds since 1970-01-01T00:00:00Z.
   */
  uint32_t issued_at_seconds;
  /**
   * Seconds since 1970-01-01T00:00:00Z. Refused from this second on.
   */
  uint32_t expires_at_seconds;
} x2f_claims;

/**
 * The readable part of a token. None of it is authenticated.
 */
typedef struct {
  /**
   * sizeof(x2f_token_info), set by the caller.
   */
  size_t size;
  /**
   * Id of the key that is said to have signed: 8 hexadecimal digits.
   */
  char key_id[9];
  /**
   * Digits of the PIN.
   */
  uint32_t digits;
  /**
   * Seconds since 1970-01-01T00:00:00Z.
   */
  uint32_t issued_at_seconds;
  /**
   * Seconds since 1970-01-01T00:00:00Z.
   */
  uint32_t expires_at_seconds;
} x2f_token_info;

/**
 * Opens a store: `memory`, for one process; `sqlite:PATH`, a file for all processes of one machine; or the URL of a Redis or Valkey server,
 * `redis://` or `rediss://`. A fork leaves a store in memory to the parent: in a child it makes no charge. The others work in children. Returns NULL
 * after a failure.
 */
x2f_store *x2f_store_open(const char *name,
                          x2f_failure *failure);

/**
 * Makes room for `counters` counters in memory; 0 means a million. A challenge has one and a user about six, and each takes about 50 bytes. `timer` is
 * NULL but in tests. Returns NULL after a failure.
 */
x2f_store *x2f_store_memory(size_t counters,
                            const x2f_timer *timer,
                            x2f_failure *failure);

/**
 * Makes the charges of a list, at most 64, as `add` of x2f_guard does: for a guard of the program's own that adds to a store of the library.
 */
x2f_no_answer x2f_store_add(const x2f_store *store,
                            const x2f_charge *charges,
                            size_t count,
                            x2f_totals *totals);

/**
 * Closes a store. Clients that were opened with it keep what they need of it. Does nothing for NULL.
 */
void x2f_store_close(x2f_store *store);

/**
 * Checks the settings, tests the store and compiles the engine, or loads it where it was compiled before: some milliseconds then, otherwise about a second.
 *
 * Returns NULL after a failure: X2F_MISUSE with `settings` or `request`, X2F_UPSTREAM with `guard` or `plugin`.
 */
x2f_client *x2f_open(const x2f_options *options,
                     x2f_failure *failure);

/**
 * Tests the store as x2f_open() did, and compares its clock with the client's: for the health check of a service. It charges no user, asks Xoxzo
 * nothing, makes no event, and takes three or four round trips to the store. X2F_UPSTREAM with `guard` for a store that is unreachable or unfit, with
 * the reason in `audit.cause`, and with `clock` for clocks that are over two minutes apart.
 */
x2f_outcome x2f_ready(const x2f_client *client,
                      x2f_failure *failure);

/**
 * Wipes and frees a client that no thread uses any more. Does nothing for NULL and for the client of x2f_shared().
 */
void x2f_close(x2f_client *client);

/**
 * Returns the one client of this process, which the first call opens, with a store by its name as for x2f_store_open(). It is for languages in which
 * objects end with a request and the process goes on. Nobody closes it.
 *
 * Every call must have the same text of settings and the same store. Returns NULL after a failure, and then the next call tries again.
 */
const x2f_client *x2f_shared(const char *settings,
                             const char *store,
                             x2f_failure *failure);

/**
 * Returns the settings in effect, defaults filled in, as one JSON object without secrets. Lives as long as the client. NULL for NULL.
 */
const char *x2f_effective(const x2f_client *client);

/**
 * Returns the warning number `at`, from 0 on: a sentence on settings that are allowed but unwise. NULL after the last. Lives as long as the client.
 */
const char *x2f_warning(const x2f_client *client,
                        size_t at);

/**
 * Makes a PIN, sends it to the recipient and fills in the challenge. `sending` may be NULL.
 */
x2f_outcome x2f_start(const x2f_client *client,
                      const x2f_binding *binding,
                      const x2f_sending *sending,
                      x2f_challenge *challenge,
                      x2f_failure *failure);

/**
 * Sends the PIN of a challenge once more, or says it in a call. PIN and token stay the same, and neither lifetime nor guesses are
 * extended. Call it only when the user asks for it. `sending` may be NULL. The token MUST NOT be kept in `challenge` alone: a refusal
 * zeroes that, and the token stays valid.
 */
x2f_outcome x2f_resend(const x2f_client *client,
                       const char *token,
                       const x2f_binding *binding,
                       const x2f_sending *sending,
                       x2f_challenge *challenge,
                       x2f_failure *failure);

/**
 * Checks the PIN that the user typed. `accepted` is the only way in, and given at most once per challenge.
 *
 * `client_address` is the end user's, IPv4 or IPv6. It may be NULL unless the settings have `failures.per_client`. `acceptance` may be NULL. Do not
 * repeat a call whose answer was lost: the challenge may be used.
 */
x2f_verdict x2f_verify(const x2f_client *client,
                       const char *token,
                       const x2f_binding *binding,
                       const char *pin,
                       const char *client_address,
                       x2f_acceptance *acceptance,
                       x2f_failure *failure);

/**
 * Queries the delivery state of a message at Xoxzo: at most once in 5 s for each message, and for one day.
 */
x2f_outcome x2f_status(const x2f_client *client, const char *handle, x2f_report *report, x2f_failure *failure);

/**
 * Explains a failure to an end user, and says what they can do. The text names no code, cause or setting.
 *
 * `about` is a failure that another call filled. If it was not kept, `code`, `guesses_left` and `retry_after_seconds` are enough. `locale` is a
 * language of messages: `en`, `ja`, `id`, `ms`, `vi`, `th`, `zh-Hans`, `zh-Hant`, `ko` or `es`. X2F_MISUSE for any other.
 */
x2f_outcome x2f_explain(const x2f_failure *about,
                        const char *locale,
                        x2f_explanation *explanation,
                        x2f_failure *failure);

/**
 * Clears the counters that lock out a user, which are failures, cooldowns and messages, but nothing that is counted for a client, a
 * range or the service. X2F_REFUSE with `nothing-locked` if nothing is counted. Verify who asks. `operator_name` is in the event.
 */
x2f_outcome x2f_unlock(const x2f_client *client,
                       const char *operator_name,
                       const char *subject,
                       const char *recipient,
                       x2f_unlocked *unlocked,
                       x2f_failure *failure);

/**
 * Reads every counter that could refuse a user, and charges none. `client_address` is an end user's address, whose counters are then
 * read too. It may be NULL. `operator_name` is in the event.
 */
x2f_outcome x2f_look(const x2f_client *client,
                     const char *operator_name,
                     const char *subject,
                     const char *recipient,
                     const char *client_address,
                     x2f_limits *limits,
                     x2f_failure *failure);

/**
 * Queries the balance of the account at Xoxzo. `operator_name` is in the event.
 */
x2f_outcome x2f_ask_credits(const x2f_client *client, const char *operator_name, x2f_credits *credits, x2f_failure *failure);

/**
 * Returns the version of this library and of the contract that it implements, such as `0.1.0`.
 */
const char *x2f_version(void);

/**
 * Makes a key for `keys` or `guard.key` in the settings. It is a secret: write it where secrets are kept.
 */
x2f_outcome x2f_keygen(char (*key)[65], x2f_failure *failure);

/**
 * Computes an index of a phone number: 22 characters. With it a service finds out whether a number is already registered, and by whom, without storing the
 * number in the clear. The index is the same for the same `guard.key`. X2F_MISUSE for a malformed recipient.
 */
x2f_outcome x2f_number_index(const x2f_client *client,
                             const char *recipient,
                             char (*index)[23],
                             x2f_failure *failure);

/**
 * Checks with `count` receipt keys (`xoxzo-2fa keygen --receipt-for AUDIENCE`), at most 256, that a receipt is genuine, has not expired and is for
 * the expected values. It uses neither settings nor guard: `client` may be NULL, and is there for its clock. X2F_REFUSE with `invalid-token` for a
 * receipt that is forged, altered or for something else. A receipt can be replayed until it expires: where that matters, remember each `id` and
 * accept it once.
 */
x2f_verdict x2f_check_receipt(const x2f_client *client,
                              const char *const *receipt_keys,
                              size_t count,
                              const char *receipt,
                              const x2f_expected *expected,
                              x2f_claims *claims,
                              x2f_failure *failure);

/**
 * Reads the unauthenticated part of a token, for debugging. It proves nothing.
 */
x2f_outcome x2f_inspect(const char *token, x2f_token_info *token_info, x2f_failure *failure);

/**
 * Asks a question in JSON, and returns the answer, which x2f_free() frees. For languages whose FFI makes structs hard.
 *
 * Questions and answers are those of wit/ASK.md, except that an operation is done when it is answered: `start`, `resend`, `verify`, `status`, `unlock`,
 * `limits`, `credits`, `explain`, `preview`, `trail_of`, `index_of`, `check_receipt`, `inspect`, `keygen`, `receipt_key`, `request_key`
 * and `sign_request`; and `ready`, without arguments, which does what x2f_ready() does. Those of operators may have `operator`, the name in the event.
 * With `event` an operation's answer has its event beside the other fields, as wit/SPEC.md describes it. `client` may be NULL for `explain`,
 * `check_receipt`, `inspect` and those that make or use keys.
 *
 * The answer is an object with one field. For `verify` nothing but `accepted` lets a user in: it has the `subject` of the binding beside its other
 * fields. What is no such question is answered with a failure, `misuse`. Returns NULL only if there is no memory.
 */
char *x2f_call(const x2f_client *client,
               const char *question);

/**
 * Wipes and frees an answer of x2f_call(). Does nothing for NULL.
 */
void x2f_free(char *answer);
