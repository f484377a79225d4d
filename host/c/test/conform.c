/*
 * The library behind a line of JSON for each call, for the tests that every host passes.
 *
 *     build/conform [call]      `call`: every question through x2f_call(), in place of the typed functions
 *
 * Reads one object a line and answers one a line, until the end of its input:
 *
 *     {"open": {"document": {...} or "text", "now": N}}     a new client and a new guard in memory, whose clocks stand at N;
 *                                                            Xoxzo and the guard answer again
 *                                                            with "own": {} in it, with the library's own transport and clock, and its own store
 *     {"now": N}                                             moves both clocks; N may have a fraction
 *     {"add": {"charges": [...]}}                            what the guard answers to a list: {"counted": {"totals"}}
 *     {"ahead": N}                                           sets the client's clock so many seconds ahead of the guard's
 *     {"xoxzo": {"status", "body", "retry_after"}}           what Xoxzo answers from now on; or {"no_answer", "cause"}
 *     {"guard": "memory"}, or {"no_answer", "cause"} there   how the guard answers from now on
 *     {"start" | "resend" | "verify" | "status" | "unlock" | "limits" | "credits" | "check_receipt" | "inspect" | "explain": {...}}   as in wit/ASK.md
 *
 * The answer is that of wit/ASK.md, and beside it, as `requests`, what went to Xoxzo, and as `events`, what was told of it.
 */
#define _GNU_SOURCE
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xoxzo_2fa.h>

/** What stands around one client. */
static struct {
  /** Questions go through x2f_call(). */
  bool calls;
  x2f_client *client;
  x2f_store *store;
  /** The guard's time in seconds, and how far the host's clock is ahead of it. */
  double now;
  int64_t ahead;
  /** What the guard answers; X2F_ANSWERED is the memory's answer. */
  uint32_t guard;
  /** The result of the transport; with X2F_ANSWERED, the response is below. */
  uint32_t transport;
  int status;
  char *body, *retry_after;
  /** Why the guard or Xoxzo does not answer. */
  char *cause;
  /** What went to Xoxzo during this call, and its events. */
  json_t *requests, *events;
} shell = {.status = 201};

static void event(void *none, const char *line)
{
  (void)none;
  if (shell.events != NULL) json_array_append_new(shell.events, json_loads(line, 0, NULL));
}

static int64_t seconds(void *none)
{
  (void)none;
  return (int64_t)shell.now + shell.ahead;
}

static uint64_t nanoseconds(void *none)
{
  (void)none;
  return shell.now < 0 ? 0 : (uint64_t)(shell.now * 1e9);
}

static uint32_t add(void *none, const x2f_charge *charges, size_t count, x2f_totals *totals)
{
  (void)none;
  if (shell.guard != X2F_ANSWERED) {
    snprintf(totals->cause, sizeof totals->cause, "%s", shell.cause == NULL ? "" : shell.cause);
    return shell.guard;
  }
  return x2f_store_add(shell.store, charges, count, totals);
}

static uint32_t send(void *none, const x2f_request *request, x2f_response *response)
{
  (void)none;
  json_t *headers = json_object();
  for (size_t at = 0; at < request->header_count; at++)
    json_object_set_new(headers, request->headers[at].name, json_string(request->headers[at].value));
  json_array_append_new(shell.requests, json_pack("{s:s,s:s,s:o,s:s%,s:i}", "method", request->method, "url", request->url,
                                                  "headers", headers, "body", request->body, request->body_length,
                                                  "timeout_milliseconds", (int)request->timeout_milliseconds));
  if (shell.transport != X2F_ANSWERED) {
    snprintf(response->cause, sizeof response->cause, "%s", shell.cause == NULL ? "" : shell.cause);
    return shell.transport;
  }
  const char *body = shell.body == NULL ? "[{\"msgid\":\"m1\"}]" : shell.body;
  response->status = (uint16_t)shell.status;
  response->body_length = strnlen(body, sizeof response->body);
  memcpy(response->body, body, response->body_length);
  snprintf(response->retry_after, sizeof response->retry_after, "%s", shell.retry_after == NULL ? "" : shell.retry_after);
  return X2F_ANSWERED;
}

/* Reading. A field that is absent, or no text, is NULL. */

static const char *text(const json_t *from, const char *name)
{
  return json_string_value(json_object_get(from, name));
}

static const x2f_transaction *transaction(const json_t *from, x2f_transaction *paid)
{
  const json_t *own = json_object_get(from, "transaction");
  *paid = (x2f_transaction){sizeof *paid, text(own, "amount"), text(own, "currency"), text(own, "payee")};
  return own == NULL ? NULL : paid;
}

static x2f_binding binding(const json_t *from, x2f_transaction *paid)
{
  const json_t *own = json_object_get(from, "binding");
  return (x2f_binding){sizeof(x2f_binding), text(own, "recipient"), text(own, "subject"), text(own, "purpose"), text(own, "session"),
                       transaction(own, paid)};
}

static x2f_sending sending(const json_t *from)
{
  const json_t *own = json_object_get(from, "sending");
  return (x2f_sending){sizeof(x2f_sending), text(own, "channel"), text(own, "locale"), text(own, "client"),
                       json_is_true(json_object_get(own, "decoy"))};
}

/** A C string cannot hold U+0000: U+0001, which no argument may hold either, stands for it. */
static void without_zeros(json_t *node)
{
  const char *name;
  json_t *each;
  size_t at;
  if (json_is_string(node)) {
    char *own = (char *)json_string_value(node);
    for (at = 0; at < json_string_length(node); at++)
      if (own[at] == 0) own[at] = 1;
  } else if (json_is_array(node)) {
    json_array_foreach (node, at, each) without_zeros(each);
  } else if (json_is_object(node)) {
    json_object_foreach (node, name, each) without_zeros(each);
  }
}

/* Writing. What is absent is left out. */

static void put(json_t *to, const char *name, const char *value)
{
  if (value[0] != 0) json_object_set_new(to, name, json_string(value));
}

static void put_number(json_t *to, const char *name, int64_t value)
{
  if (value >= 0) json_object_set_new(to, name, json_integer(value));
}

static void put_audit(json_t *to, const x2f_audit *audit)
{
  json_t *own = json_pack("{s:b}", "decoy", (int)audit->decoy);
  if (audit->subject[0] != 0)
    json_object_set_new(own, "trail", json_pack("{s:s,s:s,s:s}", "subject", audit->subject, "recipient", audit->recipient,
                                                "calling_code", audit->calling_code));
  put(own, "challenge_id", audit->challenge_id);
  put(own, "message_id", audit->message_id);
  put(own, "cause", audit->cause);
  put(own, "alarm", audit->alarm);
  json_object_set_new(to, "audit", own);
}

static json_t *failure_of(const x2f_failure *failure)
{
  const char *blame = failure->blame == X2F_MISUSE ? "misuse" : failure->blame == X2F_REFUSE ? "refuse" : "upstream";
  json_t *own = json_pack("{s:s,s:s,s:s}", "blame", blame, "code", failure->code, "detail", failure->detail);
  put_number(own, "guesses_left", failure->guesses_left);
  put_number(own, "retry_after_seconds", failure->retry_after_seconds);
  put_number(own, "expires_in_seconds", failure->expires_in_seconds);
  put_audit(own, &failure->audit);
  return json_pack("{s:o}", "failure", own);
}

static json_t *misuse(const char *detail)
{
  return json_pack("{s:{s:s,s:s,s:s}}", "failure", "blame", "misuse", "code", "request", "detail", detail);
}

static json_t *challenged(const x2f_challenge *challenge)
{
  json_t *own = json_object();
  put(own, "token", challenge->token);
  put(own, "masked", challenge->masked);
  put_number(own, "expires_in_seconds", challenge->expires_in_seconds);
  put_number(own, "resend_after_seconds", challenge->resend_after_seconds);
  put(own, "delivery", challenge->delivery);
  put(own, "handle", challenge->handle);
  put_number(own, "parts", challenge->parts);
  put_audit(own, &challenge->audit);
  return json_pack("{s:o}", "challenged", own);
}

static json_t *claimed(const x2f_claims *claims)
{
  json_t *own = json_pack("{s:s,s:b,s:I,s:I}", "id", claims->id, "test", (int)claims->test, "issued_at_seconds",
                          (json_int_t)claims->issued_at_seconds, "expires_at_seconds", (json_int_t)claims->expires_at_seconds);
  put(own, "audience", claims->audience);
  put(own, "purpose", claims->purpose);
  if (claims->amount[0] != 0)
    json_object_set_new(own, "transaction", json_pack("{s:s,s:s,s:s}", "amount", claims->amount, "currency", claims->currency,
                                                      "payee", claims->payee));
  return json_pack("{s:o}", "claims", own);
}

/* Calls. */

static json_t *open_client(const json_t *from)
{
  const json_t *document = json_object_get(from, "document");
  char *json = json_is_string(document) ? strdup(json_string_value(document)) : json_dumps(document, JSON_COMPACT);
  json_t *read = json == NULL ? NULL : json_loads(json, 0, NULL);
  const char *scope = text(json_object_get(read, "guard"), "scope");
  const json_t *own = json_object_get(from, "own");
  const x2f_timer timer = {nanoseconds, NULL};
  x2f_failure failure = {.size = sizeof failure};
  x2f_close(shell.client);
  x2f_store_close(shell.store);
  shell.now = json_number_value(json_object_get(from, "now"));
  shell.ahead = 0;
  shell.client = NULL;
  shell.store = x2f_store_memory(0, &timer, &failure);
  shell.guard = X2F_ANSWERED;
  shell.transport = X2F_ANSWERED;
  shell.status = 201;
  free(shell.body);
  shell.body = NULL;
  free(shell.retry_after);
  shell.retry_after = NULL;
  x2f_options options = {
      .size = sizeof options,
      .settings = json,
      .guard = {add, NULL, scope != NULL && strcmp(scope, "shared") == 0 ? X2F_SHARED : X2F_PROCESS},
      .transport = {send, NULL},
      .clock = {seconds, NULL},
      .auditor = {event, NULL},
  };
  if (own != NULL) {
    x2f_store_close(shell.store);
    const char *redis = text(own, "redis");
    shell.store = redis == NULL ? x2f_store_memory(0, NULL, &failure) : x2f_store_open(redis, &failure);
    options = (x2f_options){.size = sizeof options, .settings = json, .store = shell.store};
  }
  if (shell.store != NULL) shell.client = x2f_open(&options, &failure);
  json_decref(read);
  free(json);
  if (shell.client == NULL) return failure_of(&failure);
  json_t *warnings = json_array();
  const char *warning;
  for (size_t at = 0; (warning = x2f_warning(shell.client, at)) != NULL; at++) json_array_append_new(warnings, json_string(warning));
  return json_pack("{s:{s:s,s:o}}", "prepared", "effective", x2f_effective(shell.client), "warnings", warnings);
}

static void set_cause(const json_t *from)
{
  const char *cause = text(from, "cause");
  free(shell.cause);
  shell.cause = cause == NULL ? NULL : strdup(cause);
}

static json_t *set_xoxzo(const json_t *from)
{
  const char *no_answer = text(from, "no_answer"), *body = text(from, "body"), *retry_after = text(from, "retry_after");
  const json_t *status = json_object_get(from, "status");
  shell.transport = no_answer == NULL ? X2F_ANSWERED : strcmp(no_answer, "not-sent") == 0 ? X2F_NOT_SENT : X2F_UNKNOWN;
  set_cause(from);
  shell.status = status == NULL ? 201 : (int)json_integer_value(status);
  free(shell.body);
  free(shell.retry_after);
  shell.body = body == NULL ? strdup("") : strdup(body);
  shell.retry_after = retry_after == NULL ? NULL : strdup(retry_after);
  return json_pack("{s:{}}", "done");
}

static json_t *set_guard(const json_t *how)
{
  const char *no_answer = text(how, "no_answer");
  shell.guard = X2F_ANSWERED;
  if (no_answer != NULL) shell.guard = strcmp(no_answer, "guard-full") == 0 ? X2F_GUARD_FULL : X2F_GUARD_UNREACHABLE;
  set_cause(how);
  return json_pack("{s:{}}", "done");
}

/** A name of 22 letters for any text. */
static const char *name_of(const json_t *from, const char *field, char name[23])
{
  const char *given = text(from, field);
  memset(name, 'A', 22);
  name[22] = 0;
  if (given != NULL) memcpy(name, given, strnlen(given, 21));
  return name;
}

static json_t *add_list(const json_t *list)
{
  x2f_charge charges[64];
  char names[64][2][23];
  x2f_total totals[64];
  x2f_totals made = {totals, 0, -1, ""};
  size_t at;
  const json_t *each;
  json_array_foreach (list, at, each) {
    if (at >= sizeof charges / sizeof *charges) return misuse("charges: more than 64");
    charges[at] = (x2f_charge){name_of(each, "counter", names[at][0]), name_of(each, "group", names[at][1]), (int32_t)json_integer_value(json_object_get(each, "amount")),
                               (uint32_t)json_integer_value(json_object_get(each, "limit")),
                               (uint32_t)json_integer_value(json_object_get(each, "ttl_seconds"))};
  }
  if (add(NULL, charges, json_array_size(list), &made) != X2F_ANSWERED) return misuse("the guard gave no answer");
  json_t *own = json_array(), *now = made.now_seconds < 0 ? json_null() : json_integer(made.now_seconds);
  for (at = 0; at < made.count; at++)
    json_array_append_new(own, json_pack("{s:I,s:I}", "total", (json_int_t)totals[at].total, "ends_in_seconds",
                                         (json_int_t)totals[at].ends_in_seconds));
  return json_pack("{s:{s:o,s:o}}", "counted", "totals", own, "now_seconds", now);
}

static json_t *check_receipt(const json_t *from)
{
  const char *keys[64];
  const json_t *list = json_object_get(from, "receipt_keys");
  size_t count = json_array_size(list) < 64 ? json_array_size(list) : 64;
  x2f_claims claims = {.size = sizeof claims};
  x2f_failure failure = {.size = sizeof failure};
  for (size_t at = 0; at < count; at++) keys[at] = json_string_value(json_array_get(list, at));
  const json_t *own = json_object_get(from, "expected");
  x2f_transaction paid;
  x2f_expected expected = {sizeof expected, text(own, "subject"), text(own, "purpose"), text(own, "recipient"), text(own, "session"),
                           transaction(own, &paid)};
  x2f_verdict verdict = x2f_check_receipt(shell.client, keys, count, text(from, "receipt"), &expected, &claims, &failure);
  return verdict.accepted ? claimed(&claims) : failure_of(&failure);
}

static json_t *explain(const json_t *from)
{
  const json_t *left = json_object_get(from, "guesses_left"), *wait = json_object_get(from, "retry_after_seconds");
  x2f_failure about = {
      .size = sizeof about,
      .guesses_left = left == NULL ? -1 : json_integer_value(left),
      .retry_after_seconds = wait == NULL ? -1 : json_integer_value(wait),
  };
  x2f_explanation told = {.size = sizeof told};
  x2f_failure failure = {.size = sizeof failure};
  snprintf(about.code, sizeof about.code, "%s", text(from, "code"));
  if (x2f_explain(&about, text(from, "locale"), &told, &failure) != X2F_OK) return failure_of(&failure);
  json_t *offers = json_array();
  static const char *const names[] = {"try-again", "resend", "start-again", "wait", "contact-support"};
  for (size_t at = 0; at < 5; at++)
    if (told.offers & 1u << at) json_array_append_new(offers, json_string(names[at]));
  return json_pack("{s:{s:s,s:o}}", "explanation", "text", told.text, "offers", offers);
}

static json_t *look(const json_t *from)
{
  x2f_limits limits = {.size = sizeof limits};
  x2f_failure failure = {.size = sizeof failure};
  x2f_outcome blame = x2f_look(shell.client, "conform", text(from, "subject"), text(from, "recipient"), text(from, "client"), &limits, &failure);
  if (blame != X2F_OK) return failure_of(&failure);
  json_t *own = json_object(), *list = json_array();
  for (size_t at = 0; at < limits.count; at++) {
    const x2f_limit *limit = &limits.limits[at];
    json_t *each = json_pack("{s:s,s:b,s:I,s:I,s:b}", "setting", limit->setting, "open", (int)limit->open, "total",
                             (json_int_t)limit->total, "most", (json_int_t)limit->most, "refuses", (int)limit->refuses);
    put_number(each, "ends_in_seconds", limit->ends_in_seconds);
    json_array_append_new(list, each);
  }
  json_object_set_new(own, "limits", list);
  put_audit(own, &limits.audit);
  return json_pack("{s:o}", "limits", own);
}

/** Makes one call of the client. */
static json_t *call(const char *name, const json_t *from)
{
  x2f_transaction paid;
  x2f_binding to = binding(from, &paid);
  x2f_sending how = sending(from);
  x2f_challenge challenge = {.size = sizeof challenge};
  x2f_acceptance acceptance = {.size = sizeof acceptance};
  x2f_report report = {.size = sizeof report};
  x2f_unlocked unlocked = {.size = sizeof unlocked};
  x2f_token_info token_info = {.size = sizeof token_info};
  x2f_failure failure = {.size = sizeof failure};
  if (strcmp(name, "start") == 0)
    return x2f_start(shell.client, &to, &how, &challenge, &failure) == X2F_OK ? challenged(&challenge) : failure_of(&failure);
  if (strcmp(name, "resend") == 0) {
    x2f_outcome blame = x2f_resend(shell.client, text(from, "token"), &to, &how, &challenge, &failure);
    return blame == X2F_OK ? challenged(&challenge) : failure_of(&failure);
  }
  if (strcmp(name, "verify") == 0) {
    const char *token = text(from, "token"), *pin = text(from, "pin"), *client = text(from, "client");
    if (!x2f_verify(shell.client, token, &to, pin, client, &acceptance, &failure).accepted) return failure_of(&failure);
    json_t *own = json_pack("{s:s}", "receipt", acceptance.receipt);
    put_number(own, "expires_in_seconds", acceptance.expires_in_seconds);
    put_audit(own, &acceptance.audit);
    return json_pack("{s:o}", "accepted", own);
  }
  if (strcmp(name, "status") == 0) {
    if (x2f_status(shell.client, text(from, "handle"), &report, &failure) != X2F_OK) return failure_of(&failure);
    json_t *own = json_pack("{s:s,s:s}", "delivery", report.delivery, "detail", report.detail);
    put_audit(own, &report.audit);
    return json_pack("{s:o}", "reported", own);
  }
  if (strcmp(name, "unlock") == 0) {
    x2f_outcome blame = x2f_unlock(shell.client, "conform", text(from, "subject"), text(from, "recipient"), &unlocked, &failure);
    if (blame != X2F_OK) return failure_of(&failure);
    json_t *own = json_pack("{s:I,s:I,s:I}", "failures", (json_int_t)unlocked.failures, "subject_failures",
                            (json_int_t)unlocked.subject_failures, "messages", (json_int_t)unlocked.messages);
    put_audit(own, &unlocked.audit);
    return json_pack("{s:o}", "unlocked", own);
  }
  if (strcmp(name, "ready") == 0) return x2f_ready(shell.client, &failure) == X2F_OK ? json_pack("{s:{}}", "ready") : failure_of(&failure);
  if (strcmp(name, "index_of") == 0) {
    char index[23];
    x2f_outcome blame = x2f_number_index(shell.client, text(from, "recipient"), &index, &failure);
    return blame == X2F_OK ? json_pack("{s:{s:s}}", "number_index", "index", index) : failure_of(&failure);
  }
  if (strcmp(name, "limits") == 0) return look(from);
  if (strcmp(name, "credits") == 0) {
    x2f_credits credits = {.size = sizeof credits};
    if (x2f_ask_credits(shell.client, "conform", &credits, &failure) != X2F_OK) return failure_of(&failure);
    json_t *own = json_pack("{s:I}", "credits", (json_int_t)credits.credits);
    put_audit(own, &credits.audit);
    return json_pack("{s:o}", "credits", own);
  }
  if (strcmp(name, "check_receipt") == 0) return check_receipt(from);
  if (strcmp(name, "explain") == 0) return explain(from);
  if (strcmp(name, "inspect") == 0) {
    if (x2f_inspect(text(from, "token"), &token_info, &failure) != X2F_OK) return failure_of(&failure);
    return json_pack("{s:{s:s,s:I,s:I,s:I}}", "token_info", "key_id", token_info.key_id, "digits", (json_int_t)token_info.digits,
                     "issued_at_seconds", (json_int_t)token_info.issued_at_seconds, "expires_at_seconds",
                     (json_int_t)token_info.expires_at_seconds);
  }
  return misuse("question: must be an object with one field, a function");
}

/** Asks what was asked, with an audit where there may be one. */
static json_t *called(const char *name, json_t *from)
{
  static const char *const audited[] = {"start", "resend", "verify", "status", "unlock", "limits", "credits"};
  for (size_t at = 0; at < sizeof audited / sizeof *audited; at++)
    if (strcmp(name, audited[at]) == 0) json_object_set_new(from, "audit", json_true());
  json_t *whole = json_pack("{s:O}", name, from);
  char *question = json_dumps(whole, JSON_COMPACT), *answer = x2f_call(shell.client, question);
  json_t *own = json_loads(answer, 0, NULL);
  x2f_free(answer);
  free(question);
  json_decref(whole);
  return own;
}

static json_t *answer(json_t *asked)
{
  if (json_object_size(asked) != 1) return misuse("question: must be an object with one field");
  const char *name = json_object_iter_key(json_object_iter(asked));
  json_t *from = json_object_iter_value(json_object_iter(asked));
  if (!shell.calls) without_zeros(from);
  if (strcmp(name, "open") == 0) return open_client(from);
  if (strcmp(name, "xoxzo") == 0) return set_xoxzo(from);
  if (strcmp(name, "guard") == 0) return set_guard(from);
  if (strcmp(name, "add") == 0) return add_list(json_object_get(from, "charges"));
  if (strcmp(name, "now") == 0) {
    shell.now = json_number_value(from);
    return json_pack("{s:{}}", "done");
  }
  if (strcmp(name, "ahead") == 0) {
    shell.ahead = json_integer_value(from);
    return json_pack("{s:{}}", "done");
  }
  shell.requests = json_array();
  shell.events = json_array();
  json_t *own = shell.calls ? called(name, from) : call(name, from);
  json_object_set_new(own, "requests", shell.requests);
  json_object_set_new(own, "events", shell.events);
  shell.requests = shell.events = NULL;
  return own;
}

int main(int count, char **arguments)
{
  char *line = NULL;
  size_t size = 0;
  ssize_t length;
  shell.calls = count == 2 && strcmp(arguments[1], "call") == 0;
  if (count != 1 && !shell.calls) {
    fprintf(stderr, "usage: %s [call]\n", arguments[0]);
    return 2;
  }
  while ((length = getline(&line, &size, stdin)) >= 0) {
    json_t *asked = json_loadb(line, (size_t)length, JSON_ALLOW_NUL, NULL);
    json_t *own = asked == NULL ? misuse("question: not JSON") : answer(asked);
    if (own == NULL || json_dumpf(own, stdout, JSON_COMPACT) != 0) return 1;
    putchar('\n');
    fflush(stdout);
    json_decref(own);
    json_decref(asked);
  }
  x2f_close(shell.client);
  x2f_store_close(shell.store);
  free(shell.body);
  free(shell.retry_after);
  free(shell.cause);
  free(line);
  return 0;
}
