/* What is missing, of a wrong size, too long, or not UTF-8 is refused and nothing else; and what is all zero lets nobody in. */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

/** Longer than anything that is taken. */
static char longest[300 * 1024];

static x2f_client *client;
static x2f_failure failure = {.size = sizeof failure};
static x2f_binding binding = {.size = sizeof binding, .recipient = "+819012345678", .subject = "user-1", .purpose = "login"};

static bool misused(x2f_outcome outcome, const char *detail)
{
  bool right = outcome == X2F_MISUSE && failure.blame == X2F_MISUSE && strcmp(failure.code, "request") == 0 &&
               strcmp(failure.detail, detail) == 0;
  if (!right) fprintf(stderr, "%d: %s: %s\n", outcome, failure.code, failure.detail);
  return right;
}

/** Every pointer of every function may be NULL. */
static void nulls(void)
{
  x2f_challenge challenge = {.size = sizeof challenge};
  x2f_verdict verdict;
  CHECK(misused(x2f_start(NULL, &binding, NULL, &challenge, &failure), "client: is NULL") && challenge.token[0] == 0);
  CHECK(misused(x2f_start(client, NULL, NULL, &challenge, &failure), "binding: is NULL"));
  CHECK(x2f_start(client, NULL, NULL, NULL, NULL) == X2F_MISUSE);
  x2f_binding nameless = binding;
  nameless.purpose = NULL;
  CHECK(misused(x2f_start(client, &nameless, NULL, &challenge, &failure), "binding.purpose: is NULL"));
  CHECK(misused(x2f_verify(client, "t", &nameless, "123456", NULL, NULL, &failure).outcome, "binding.purpose: is NULL"));
  x2f_expected expected = {.size = sizeof expected, .subject = "user-1"};
  CHECK(misused(x2f_check_receipt(NULL, NULL, 0, "", &expected, NULL, &failure).outcome, "expected.purpose: is NULL"));
  CHECK(misused(x2f_resend(client, NULL, &binding, NULL, NULL, &failure), "token: is NULL"));
  CHECK(misused(x2f_verify(client, NULL, &binding, "123456", NULL, NULL, &failure).outcome, "token: is NULL"));
  CHECK(misused(x2f_verify(client, "t", &binding, NULL, NULL, NULL, &failure).outcome, "pin: is NULL"));
  verdict = x2f_verify(NULL, NULL, NULL, NULL, NULL, NULL, NULL);
  CHECK(!verdict.accepted && verdict.outcome == X2F_MISUSE);
  CHECK(misused(x2f_status(client, NULL, NULL, &failure), "handle: is NULL"));
  CHECK(misused(x2f_explain(NULL, "en", NULL, &failure), "about: is NULL"));
  CHECK(misused(x2f_unlock(client, NULL, "user-1", "+819012345678", NULL, &failure), "operator: is NULL"));
  CHECK(misused(x2f_look(client, "ann", NULL, "+819012345678", NULL, NULL, &failure), "subject: is NULL"));
  CHECK(misused(x2f_ask_credits(NULL, "ann", NULL, &failure), "client: is NULL"));
  CHECK(misused(x2f_number_index(client, "+819012345678", NULL, &failure), "index: is NULL"));
  CHECK(misused(x2f_keygen(NULL, &failure), "key: is NULL"));
  CHECK(misused(x2f_ready(NULL, &failure), "client: is NULL"));
  CHECK(misused(x2f_inspect(NULL, NULL, &failure), "token: is NULL"));
  CHECK(misused(x2f_check_receipt(NULL, NULL, 1, "", NULL, NULL, &failure).outcome, "receipt_keys: must be at most 256"));
  CHECK(misused(x2f_check_receipt(NULL, NULL, 0, "", NULL, NULL, &failure).outcome, "expected: is NULL"));
  CHECK(x2f_open(NULL, &failure) == NULL && misused((x2f_outcome)failure.blame, "options: is NULL"));
  CHECK(x2f_shared(NULL, "memory", &failure) == NULL && misused((x2f_outcome)failure.blame, "settings: is NULL"));
  CHECK(x2f_store_open(NULL, &failure) == NULL && misused((x2f_outcome)failure.blame, "name: is NULL"));
  CHECK(x2f_store_open("file", NULL) == NULL);
  CHECK(x2f_store_add(NULL, NULL, 0, NULL) == X2F_GUARD_UNREACHABLE);
  CHECK(x2f_effective(NULL) == NULL && x2f_warning(NULL, 0) == NULL && x2f_warning(client, 1000) == NULL);
  char *answer = x2f_call(client, NULL);
  CHECK(strstr(answer, "question: is NULL") != NULL);
  x2f_free(answer);
  x2f_free(NULL);
  x2f_close(NULL);
  x2f_store_close(NULL);
}

/** A struct says its size, and one of another size is refused or read as far as it is known. */
static void sizes(void)
{
  struct {
    x2f_binding known;
    char later[64];
  } longer = {.known = binding};
  x2f_binding short_one = binding;
  x2f_challenge challenge = {.size = 8};
  x2f_failure none = {.size = 0};
  short_one.size = 8;
  CHECK(misused(x2f_start(client, &short_one, NULL, NULL, &failure), "x2f_binding: its size must be sizeof(x2f_binding)"));
  CHECK(misused(x2f_start(client, &binding, NULL, &challenge, &failure), "x2f_challenge: its size must be sizeof(x2f_challenge)"));
  CHECK(x2f_start(client, &binding, NULL, NULL, &none) == X2F_MISUSE);
  longer.known.size = sizeof longer;
  longer.later[63] = 1;
  CHECK(misused(x2f_start(client, &longer.known, NULL, NULL, &failure), "x2f_binding: has a field that this version of the library does not know"));
  longer.later[63] = 0;
  longer.known.recipient = "+819012345699";
  longer.known.subject = "user-9";
  CHECK(x2f_start(client, &longer.known, NULL, NULL, &failure) == X2F_OK);
}

/** Texts of any length and encoding. */
static void texts(void)
{
  x2f_binding odd = binding;
  x2f_challenge challenge = {.size = sizeof challenge};
  x2f_acceptance acceptance = {.size = sizeof acceptance};
  x2f_sending sending = {.size = sizeof sending, .channel = "pigeon"};
  odd.subject = "user-\xff\xfe";
  CHECK(x2f_start(client, &odd, NULL, &challenge, &failure) == X2F_MISUSE && strcmp(failure.code, "request") == 0);
  odd.subject = longest;
  CHECK(x2f_start(client, &odd, NULL, &challenge, &failure) == X2F_MISUSE && strcmp(failure.code, "request") == 0);
  CHECK(misused(x2f_start(client, &binding, &sending, NULL, &failure), "sending.channel: must be sms or voice"));
  CHECK(x2f_start(client, &binding, NULL, &challenge, &failure) == X2F_OK && failure.blame == 0);
  memset(acceptance.receipt, 1, sizeof acceptance.receipt);
  CHECK(!x2f_verify(client, challenge.token, &binding, "12345\xe3\x81", NULL, &acceptance, &failure).accepted);
  CHECK(strcmp(failure.code, "malformed") == 0 && acceptance.receipt[0] == 0 && acceptance.expires_in_seconds == 0);
  CHECK(x2f_verify(client, challenge.token, &binding, longest, NULL, &acceptance, &failure).outcome == X2F_REFUSE);
  CHECK(strcmp(failure.code, "malformed") == 0);
  CHECK(x2f_verify(client, longest, &binding, longest, longest, &acceptance, &failure).outcome == X2F_REFUSE);
  CHECK(strcmp(failure.code, "invalid-token") == 0);
  /* The token of the very challenge that is filled anew. */
  char token[81];
  memcpy(token, challenge.token, sizeof token);
  CHECK(x2f_resend(client, challenge.token, &binding, NULL, &challenge, &failure) == X2F_REFUSE && challenge.token[0] == 0);
  CHECK(x2f_verify(client, token, &binding, pin, NULL, &acceptance, NULL).accepted && acceptance.receipt[0] != 0);
}

/** What a user reads of a failure. */
static void explained(void)
{
  x2f_explanation told = {.size = sizeof told};
  x2f_failure about = {.size = sizeof about, .code = "wrong-pin", .guesses_left = 2, .retry_after_seconds = -1};
  CHECK(x2f_explain(&about, "en", &told, &failure) == X2F_OK);
  CHECK(strcmp(told.text, "That is not the code. 2 tries are left.") == 0);
  CHECK(told.offers == (X2F_OFFER_TRY_AGAIN | X2F_OFFER_RESEND));
  CHECK(x2f_explain(&about, "fr", &told, &failure) == X2F_MISUSE && told.text[0] == 0 && told.offers == 0);
  CHECK(x2f_explain(&about, NULL, &told, &failure) == X2F_MISUSE && strcmp(failure.code, "request") == 0);
  about = (x2f_failure){.size = sizeof about, .code = "plugin", .guesses_left = -1, .retry_after_seconds = -1};
  CHECK(x2f_explain(&about, "en", &told, &failure) == X2F_OK && told.offers == X2F_OFFER_TRY_AGAIN);
  CHECK(x2f_explain(&about, "en", &told, &about) == X2F_OK);
}

/** Answers the total in `context` to every charge. */
static uint32_t always(void *context, const x2f_charge *charges, size_t count, x2f_totals *totals)
{
  for (size_t at = 0; at < count; at++)
    totals->totals[at] = (x2f_total){.total = *(const uint32_t *)context, .ends_in_seconds = charges[at].ttl_seconds};
  totals->count = count;
  return X2F_ANSWERED;
}

/** Counts in a store that it opens for each list. */
static uint32_t anew(void *none, const x2f_charge *charges, size_t count, x2f_totals *totals)
{
  x2f_store *store = x2f_store_memory(0, NULL, NULL);
  uint32_t answer = x2f_store_add(store, charges, count, totals);
  (void)none;
  x2f_store_close(store);
  return answer;
}

static bool counts = true;

/** Counts in the store in `context`, where it is to be reached. */
static uint32_t counting(void *context, const x2f_charge *charges, size_t count, x2f_totals *totals)
{
  if (!counts) {
    strcpy(totals->cause, "connect: no connection");
    return X2F_GUARD_UNREACHABLE;
  }
  return x2f_store_add(context, charges, count, totals);
}

/** A guard that does not count is found before the first challenge. */
static void tested(x2f_store *store)
{
  static uint32_t zero = 0, one = 1;
  const x2f_guard unfit[] = {{always, &zero, X2F_SHARED}, {always, &one, X2F_SHARED}, {anew, NULL, X2F_SHARED}};
  x2f_options options = {.size = sizeof options, .settings = SETTINGS, .transport = {take, NULL}};
  for (size_t at = 0; at < sizeof unfit / sizeof *unfit; at++) {
    options.guard = unfit[at];
    CHECK(x2f_open(&options, &failure) == NULL && failure.blame == X2F_UPSTREAM && strcmp(failure.code, "guard") == 0);
    CHECK(strstr(failure.audit.cause, "unfit: its self-test gave ") != NULL);
  }
  options.guard = (x2f_guard){counting, store, X2F_PROCESS};
  x2f_client *fit = x2f_open(&options, &failure);
  CHECK(fit != NULL && x2f_ready(fit, &failure) == X2F_OK && failure.blame == 0);
  char *answer = x2f_call(fit, "{\"ready\":{}}");
  CHECK(strcmp(answer, "{\"ready\":{}}") == 0);
  x2f_free(answer);
  counts = false;
  CHECK(x2f_ready(fit, &failure) == X2F_UPSTREAM && strcmp(failure.code, "guard") == 0);
  CHECK(strcmp(failure.audit.cause, "connect: no connection") == 0);
  answer = x2f_call(fit, "{\"ready\":{}}");
  CHECK(strstr(answer, "\"code\":\"guard\"") != NULL && strstr(answer, "\"cause\":\"connect: no connection\"") != NULL);
  x2f_free(answer);
  counts = true;
  CHECK(x2f_ready(fit, NULL) == X2F_OK);
  x2f_close(fit);
}

/** Settings, scopes and stores that do not fit. */
static void opened(x2f_store *store)
{
  x2f_options options = {.size = sizeof options, .settings = longest, .store = store, .transport = {take, NULL}};
  CHECK(x2f_open(&options, &failure) == NULL && failure.blame == X2F_MISUSE && strcmp(failure.code, "settings") == 0);
  options.settings = "{";
  CHECK(x2f_open(&options, &failure) == NULL && failure.blame == X2F_MISUSE && strcmp(failure.code, "settings") == 0);
  options.settings = SETTINGS;
  options.store = NULL;
  CHECK(x2f_open(&options, &failure) == NULL && misused((x2f_outcome)failure.blame, "options: must have a store or a guard, not both"));
  CHECK(x2f_store_open("sqlite:/dev/null/guard", &failure) == NULL && failure.blame == X2F_UPSTREAM && strcmp(failure.code, "guard") == 0);
}

/** The number of events, and whether each names what it was about and nobody. */
static unsigned events;

static void event(void *context, const char *json)
{
  bool right = strstr(json, "\"operation\":\"") != NULL && strstr(json, "\"outcome\":\"") != NULL && strstr(json, "+8190") == NULL;
  if (right && context == &events) events++;
}

static void audited(x2f_store *store)
{
  x2f_options options = {
      .size = sizeof options, .settings = SETTINGS, .store = store, .transport = {take, NULL}, .auditor = {event, &events}};
  x2f_client *own = x2f_open(&options, &failure);
  x2f_limits limits = {.size = sizeof limits};
  x2f_unlocked unlocked = {.size = sizeof unlocked};
  CHECK(own != NULL && x2f_start(own, &binding, NULL, NULL, &failure) == X2F_OK && events == 1);
  CHECK(x2f_start(own, &binding, NULL, NULL, &failure) == X2F_REFUSE && events == 2);
  CHECK(x2f_look(own, "ann", "user-1", "+819012345678", NULL, &limits, &failure) == X2F_OK && limits.count > 3 && events == 3);
  CHECK(x2f_unlock(own, "ann", "user-1", "+819012345678", &unlocked, &failure) == X2F_OK && unlocked.messages > 0 && events == 4);
  CHECK(x2f_start(own, &binding, NULL, NULL, &failure) == X2F_OK && events == 5);
  x2f_close(own);
}

/** One client a process, for the settings and the store that were first asked for. */
static void shared(void)
{
  const x2f_client *one = x2f_shared(SETTINGS, "memory", &failure);
  CHECK(one != NULL && x2f_shared(SETTINGS, "memory", &failure) == one);
  CHECK(x2f_shared(SETTINGS, "sqlite:/tmp/other", &failure) == NULL);
  CHECK(misused((x2f_outcome)failure.blame, "this process has a client with other settings or another store"));
  x2f_close((x2f_client *)one);
  CHECK(strstr(x2f_effective(one), "\"scope\":\"process\"") != NULL);
  char *answer = x2f_call(one, "{\"preview\":{}}");
  CHECK(strstr(answer, "{\"previews\":") == answer);
  x2f_free(answer);
}

int main(void)
{
  x2f_verdict zeroed;
  memset(&zeroed, 0, sizeof zeroed);
  CHECK(!zeroed.accepted && zeroed.outcome != X2F_OK);
  memset(longest, 1, sizeof longest - 1);
  x2f_store *store = x2f_store_memory(0, NULL, &failure);
  client = open_client(store, (x2f_guard){NULL, NULL, 0});
  if (client == NULL) return 1;
  nulls();
  sizes();
  texts();
  explained();
  opened(store);
  tested(store);
  audited(store);
  shared();
  x2f_close(client);
  x2f_store_close(store);
  return summary();
}
