/* The client: opening, and the operations. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

/* Opening. */

/** The settings as a question: with the guard's scope, where a readable document names none. */
static x2f_question prepare(const x2f_options *options)
{
  x2f_question asked = x2f_begin("prepare");
  json_t *document = options->guard.scope == X2F_PROCESS ? NULL : json_loads(options->settings, JSON_REJECT_DUPLICATES, NULL);
  json_t *guard = json_object_get(document, "guard");
  if (json_is_object(guard) && json_object_get(guard, "scope") == NULL) {
    x2f_attach(&asked, guard, "scope", json_string("shared"));
    size_t length = json_dumpb(document, NULL, 0, JSON_COMPACT);
    char *scoped = calloc(1, length + 1);
    if (scoped == NULL || json_dumpb(document, scoped, length, JSON_COMPACT) != length) asked.lost = -1;
    else x2f_put_whole(&asked, asked.arguments, "json", scoped);
    if (scoped != NULL) explicit_bzero(scoped, length);
    free(scoped);
  } else {
    x2f_put_whole(&asked, asked.arguments, "json", options->settings);
  }
  x2f_wipe(document);
  return asked;
}

/** Reads from the settings in effect where requests go, and whether the scope is that of the guard. Takes the question that prepares them. */
static x2f_blame settle(x2f_client *client, json_t *again, x2f_failure *failure)
{
  const char *scope = client->guard.scope == X2F_SHARED ? "shared" : "process", *in_effect = NULL, *base_url = NULL;
  const char *effective = x2f_effective(client);
  client->effective = effective == NULL ? NULL : json_loads(effective, 0, NULL);
  if (json_unpack(client->effective, "{s:{s:s},s:{s:s}}", "guard", "scope", &in_effect, "xoxzo", "base_url", &base_url) != 0 ||
      json_string_value(json_object_get(client->prepared, "settings")) == NULL) {
    x2f_wipe(again);
    return x2f_broken(failure, "what the engine prepared has not its form");
  }
  const char *settings = json_string_value(json_object_get(client->prepared, "settings"));
  if (client->guard.scope == X2F_PROCESS && again == NULL) return x2f_broken(failure, "no memory");
  client->current = x2f_current_open(settings, again);
  if (client->current == NULL) return x2f_broken(failure, "no memory");
  client->origin = base_url;
  char detail[80];
  snprintf(detail, sizeof detail, "settings, guard.scope: the store in use is of scope %s", scope);
  return strcmp(in_effect, scope) == 0 ? X2F_OK : x2f_fail(failure, X2F_MISUSE, "settings", detail);
}

x2f_client *x2f_open(const x2f_options *options, x2f_failure *failure)
{
  char fault[FAULT];
  if (failure != NULL) *failure = (x2f_failure){0};
  const char *missing = options == NULL || options->settings == NULL ? "settings" : options->guard.add == NULL ? "guard" : NULL;
  if (missing != NULL) {
    snprintf(fault, sizeof fault, "%s: is missing", missing);
    x2f_fail(failure, X2F_MISUSE, "settings", fault);
    return NULL;
  }
  x2f_client *client = calloc(1, sizeof *client);
  if (client == NULL) {
    x2f_broken(failure, "no memory");
    return NULL;
  }
  client->guard = options->guard;
  client->transport = options->transport;
  if (client->transport.send == NULL) client->transport.send = x2f_curl_send;
  client->clock = options->clock;
  client->process = getpid();
  client->engine = x2f_engine_open(options->module, fault);
  x2f_blame blame = client->engine == NULL ? x2f_broken(failure, fault) : X2F_OK;
  x2f_question asked = prepare(options);
  json_t *again = client->guard.scope == X2F_PROCESS && asked.lost == 0 ? json_deep_copy(asked.whole) : NULL;
  if (blame == X2F_OK) blame = x2f_operate(client, asked, "prepared", &client->prepared, failure);
  else x2f_wipe(asked.whole);
  if (blame == X2F_OK) blame = settle(client, again, failure);
  else x2f_wipe(again);
  if (blame == X2F_OK) return client;
  x2f_close(client);
  return NULL;
}

void x2f_close(x2f_client *client)
{
  if (client == NULL) return;
  x2f_current_close(client->current);
  x2f_wipe(client->prepared);
  json_decref(client->effective);
  x2f_engine_close(client->engine);
  free(client);
}

const char *x2f_effective(const x2f_client *client)
{
  return client == NULL ? NULL : json_string_value(json_object_get(client->prepared, "effective"));
}

const char *x2f_warning(const x2f_client *client, size_t at)
{
  return client == NULL ? NULL : json_string_value(json_array_get(json_object_get(client->prepared, "warnings"), at));
}

/* The operations. */

static void put_transaction(x2f_question *asked, json_t *to, const x2f_transaction *paid)
{
  if (paid == NULL) return;
  to = x2f_attach(asked, to, "transaction", json_object());
  x2f_put(asked, to, "amount", paid->amount);
  x2f_put(asked, to, "currency", paid->currency);
  x2f_put(asked, to, "payee", paid->payee);
}

static void put_binding(x2f_question *asked, const x2f_binding *binding)
{
  if (binding == NULL) return;
  json_t *to = x2f_attach(asked, asked->arguments, "binding", json_object());
  x2f_put(asked, to, "recipient", binding->recipient);
  x2f_put(asked, to, "subject", binding->subject);
  x2f_put(asked, to, "purpose", binding->purpose);
  x2f_put(asked, to, "session", binding->session);
  put_transaction(asked, to, binding->transaction);
}

static void put_expected(x2f_question *asked, const x2f_expected *expected)
{
  if (expected == NULL) return;
  json_t *to = x2f_attach(asked, asked->arguments, "expected", json_object());
  x2f_put(asked, to, "subject", expected->subject);
  x2f_put(asked, to, "purpose", expected->purpose);
  x2f_put(asked, to, "recipient", expected->recipient);
  x2f_put(asked, to, "session", expected->session);
  put_transaction(asked, to, expected->transaction);
}

static void put_sending(x2f_question *asked, const x2f_sending *sending)
{
  if (sending == NULL) return;
  json_t *to = x2f_attach(asked, asked->arguments, "sending", json_object());
  x2f_put(asked, to, "channel", sending->channel);
  x2f_put(asked, to, "locale", sending->locale);
  x2f_put(asked, to, "client", sending->client);
  x2f_attach(asked, to, "decoy", json_boolean(sending->decoy));
}

/** Reads a result into its struct. */
typedef void fill(x2f_reader *in, void *to);

/** Runs an operation: its result, of `size` bytes, is either whole or zero. The question is wiped. */
static x2f_blame run(const x2f_client *client, x2f_question asked, const char *wanted, fill *read, void *result, size_t size,
                     x2f_failure *failure)
{
  union {
    x2f_challenge challenge;
    x2f_acceptance acceptance;
    x2f_report report;
    x2f_unlocked unlocked;
    x2f_limits limits;
    x2f_credits credits;
    x2f_claims claims;
    x2f_token_info token_info;
    x2f_explanation explanation;
  } made;
  json_t *record = NULL;
  x2f_blame blame;
  memset(&made, 0, sizeof made);
  if (result != NULL) memset(result, 0, size);
  if (failure != NULL) memset(failure, 0, sizeof *failure);
  if (client == NULL) {
    x2f_wipe(asked.whole);
    return x2f_fail(failure, X2F_MISUSE, "request", "client: is missing");
  }
  if (client->guard.scope == X2F_PROCESS && client->process != getpid()) {
    x2f_wipe(asked.whole);
    return x2f_fail(failure, X2F_UPSTREAM, "guard", "forked: use a guard that processes share");
  }
  blame = x2f_operate(client, asked, wanted, &record, failure);
  if (blame != X2F_OK) return blame;
  x2f_reader in = {record, false};
  read(&in, &made);
  x2f_wipe(record);
  if (in.unfit) blame = x2f_broken(failure, "the engine's result has not its form");
  else if (result != NULL) memcpy(result, &made, size);
  explicit_bzero(&made, sizeof made);
  return blame;
}

static void read_challenge(x2f_reader *in, void *to)
{
  x2f_challenge *challenge = to;
  TEXT(in, "token", challenge->token, true);
  TEXT(in, "masked", challenge->masked, true);
  challenge->expires_in_seconds = x2f_read_u32(in, "expires_in_seconds");
  challenge->resend_after_seconds = x2f_read_u32(in, "resend_after_seconds");
  TEXT(in, "delivery", challenge->delivery, true);
  TEXT(in, "handle", challenge->handle, false);
  challenge->parts = x2f_read_maybe(in, "parts");
  x2f_read_audit(in, &challenge->audit);
}

static void read_acceptance(x2f_reader *in, void *to)
{
  x2f_acceptance *acceptance = to;
  TEXT(in, "receipt", acceptance->receipt, true);
  acceptance->expires_in_seconds = x2f_read_u32(in, "expires_in_seconds");
  x2f_read_audit(in, &acceptance->audit);
}

static void read_report(x2f_reader *in, void *to)
{
  x2f_report *report = to;
  TEXT(in, "delivery", report->delivery, true);
  TEXT(in, "detail", report->detail, true);
  x2f_read_audit(in, &report->audit);
}

static void read_unlocked(x2f_reader *in, void *to)
{
  x2f_unlocked *unlocked = to;
  unlocked->failures = x2f_read_u32(in, "failures");
  unlocked->subject_failures = x2f_read_u32(in, "subject_failures");
  unlocked->messages = x2f_read_u32(in, "messages");
  x2f_read_audit(in, &unlocked->audit);
}

static void read_index(x2f_reader *in, void *to)
{
  x2f_read_text(in, "index", to, 23, true);
}

static void read_limits(x2f_reader *in, void *to)
{
  x2f_limits *limits = to;
  const json_t *list = json_object_get(in->from, "limits");
  limits->count = json_array_size(list);
  if (!json_is_array(list) || limits->count > sizeof limits->limits / sizeof *limits->limits) {
    limits->count = 0;
    in->unfit = true;
  }
  for (size_t at = 0; at < limits->count; at++) {
    x2f_limit *limit = &limits->limits[at];
    x2f_reader of = {json_array_get(list, at), false};
    const json_t *open = json_object_get(of.from, "open"), *refuses = json_object_get(of.from, "refuses");
    TEXT(&of, "setting", limit->setting, true);
    limit->total = x2f_read_u32(&of, "total");
    limit->most = x2f_read_u32(&of, "most");
    limit->ends_in_seconds = x2f_read_maybe(&of, "ends_in_seconds");
    limit->open = json_is_true(open);
    limit->refuses = json_is_true(refuses);
    in->unfit |= of.unfit || !json_is_boolean(open) || !json_is_boolean(refuses);
  }
  x2f_read_audit(in, &limits->audit);
}

static void read_credits(x2f_reader *in, void *to)
{
  x2f_credits *credits = to;
  credits->credits = x2f_read_number(in, "credits", INT64_MIN, INT64_MAX, true);
  x2f_read_audit(in, &credits->audit);
}

static void read_claims(x2f_reader *in, void *to)
{
  x2f_claims *claims = to;
  TEXT(in, "id", claims->id, true);
  TEXT(in, "audience", claims->audience, true);
  TEXT(in, "purpose", claims->purpose, true);
  const json_t *test = json_object_get(in->from, "test"), *paid = json_object_get(in->from, "transaction");
  in->unfit |= !json_is_boolean(test);
  claims->test = json_is_true(test);
  claims->issued_at_seconds = x2f_read_u32(in, "issued_at_seconds");
  claims->expires_at_seconds = x2f_read_u32(in, "expires_at_seconds");
  if (paid == NULL) return;
  x2f_reader of = {paid, false};
  TEXT(&of, "amount", claims->amount, true);
  TEXT(&of, "currency", claims->currency, true);
  TEXT(&of, "payee", claims->payee, true);
  in->unfit |= of.unfit;
}

static void read_token_info(x2f_reader *in, void *to)
{
  x2f_token_info *token_info = to;
  TEXT(in, "key_id", token_info->key_id, true);
  token_info->digits = x2f_read_u32(in, "digits");
  token_info->issued_at_seconds = x2f_read_u32(in, "issued_at_seconds");
  token_info->expires_at_seconds = x2f_read_u32(in, "expires_at_seconds");
}

static void read_explanation(x2f_reader *in, void *to)
{
  x2f_explanation *explanation = to;
  const json_t *offers = json_object_get(in->from, "offers"), *each;
  size_t at;
  TEXT(in, "text", explanation->text, true);
  in->unfit |= !json_is_array(offers);
  json_array_foreach (offers, at, each) {
    const char *name = json_string_value(each);
    uint32_t known = 0;
    for (x2f_offer offer = X2F_OFFER_TRY_AGAIN; offer <= X2F_OFFER_CONTACT_SUPPORT; offer <<= 1)
      if (name != NULL && strcmp(name, x2f_offer_name(offer)) == 0) known = offer;
    in->unfit |= known == 0;
    explanation->offers |= known;
  }
}

x2f_blame x2f_start(const x2f_client *client, const x2f_binding *binding, const x2f_sending *sending, x2f_challenge *challenge,
                    x2f_failure *failure)
{
  x2f_question asked = x2f_begin_audited("start");
  put_binding(&asked, binding);
  put_sending(&asked, sending);
  return run(client, asked, "challenged", read_challenge, challenge, sizeof *challenge, failure);
}

x2f_blame x2f_resend(const x2f_client *client, const char *token, const x2f_binding *binding, const x2f_sending *sending,
                     x2f_challenge *challenge, x2f_failure *failure)
{
  x2f_question asked = x2f_begin_audited("resend");
  x2f_put(&asked, asked.arguments, "token", token);
  put_binding(&asked, binding);
  put_sending(&asked, sending);
  return run(client, asked, "challenged", read_challenge, challenge, sizeof *challenge, failure);
}

x2f_blame x2f_verify(const x2f_client *client, const char *token, const x2f_binding *binding, const char *pin,
                     const char *client_address, x2f_acceptance *acceptance, x2f_failure *failure)
{
  x2f_question asked = x2f_begin_audited("verify");
  x2f_put(&asked, asked.arguments, "token", token);
  put_binding(&asked, binding);
  x2f_put(&asked, asked.arguments, "pin", pin);
  x2f_put(&asked, asked.arguments, "client", client_address);
  return run(client, asked, "accepted", read_acceptance, acceptance, sizeof *acceptance, failure);
}

x2f_blame x2f_status(const x2f_client *client, const char *handle, x2f_report *report, x2f_failure *failure)
{
  x2f_question asked = x2f_begin_audited("status");
  x2f_put(&asked, asked.arguments, "handle", handle);
  return run(client, asked, "reported", read_report, report, sizeof *report, failure);
}

x2f_blame x2f_unlock(const x2f_client *client, const char *subject, const char *recipient, x2f_unlocked *unlocked,
                     x2f_failure *failure)
{
  x2f_question asked = x2f_begin_audited("unlock");
  x2f_put(&asked, asked.arguments, "subject", subject);
  x2f_put(&asked, asked.arguments, "recipient", recipient);
  return run(client, asked, "unlocked", read_unlocked, unlocked, sizeof *unlocked, failure);
}

x2f_blame x2f_number_index(const x2f_client *client, const char *recipient, char index[23], x2f_failure *failure)
{
  x2f_question asked = x2f_begin("index_of");
  x2f_put(&asked, asked.arguments, "recipient", recipient);
  return run(client, asked, "number_index", read_index, index, 23, failure);
}

x2f_blame x2f_look(const x2f_client *client, const char *subject, const char *recipient, const char *client_address,
                   x2f_limits *limits, x2f_failure *failure)
{
  x2f_question asked = x2f_begin_audited("limits");
  x2f_put(&asked, asked.arguments, "subject", subject);
  x2f_put(&asked, asked.arguments, "recipient", recipient);
  x2f_put(&asked, asked.arguments, "client", client_address);
  return run(client, asked, "limits", read_limits, limits, sizeof *limits, failure);
}

x2f_blame x2f_ask_credits(const x2f_client *client, x2f_credits *credits, x2f_failure *failure)
{
  return run(client, x2f_begin_audited("credits"), "credits", read_credits, credits, sizeof *credits, failure);
}

x2f_blame x2f_check_receipt(const x2f_client *client, const char *const *receipt_keys, size_t count, const char *receipt,
                            const x2f_expected *expected, x2f_claims *claims, x2f_failure *failure)
{
  x2f_question asked = x2f_begin("check_receipt");
  json_t *keys = x2f_attach(&asked, asked.arguments, "receipt_keys", json_array());
  for (size_t at = 0; at < count && receipt_keys != NULL && asked.lost == 0; at++) {
    const char *key = receipt_keys[at] == NULL ? "" : receipt_keys[at];
    asked.lost |= json_array_append_new(keys, x2f_text(key, strlen(key), ARGUMENT));
  }
  x2f_put(&asked, asked.arguments, "receipt", receipt);
  put_expected(&asked, expected);
  return run(client, asked, "claims", read_claims, claims, sizeof *claims, failure);
}

x2f_blame x2f_inspect(const x2f_client *client, const char *token, x2f_token_info *token_info, x2f_failure *failure)
{
  x2f_question asked = x2f_begin("inspect");
  x2f_put(&asked, asked.arguments, "token", token);
  return run(client, asked, "token_info", read_token_info, token_info, sizeof *token_info, failure);
}

x2f_blame x2f_explain(const x2f_client *client, const x2f_failure *about, const char *locale, x2f_explanation *explanation,
                      x2f_failure *failure)
{
  x2f_question asked = x2f_begin("explain");
  if (about != NULL) {
    /* A fault of the engine is of this host, and explained like any other. */
    const char *code = strcmp(about->code, "plugin") == 0 ? "guard" : about->code;
    x2f_put(&asked, asked.arguments, "code", code);
    if (about->guesses_left >= 0) x2f_attach(&asked, asked.arguments, "guesses_left", json_integer(about->guesses_left));
    if (about->retry_after_seconds >= 0)
      x2f_attach(&asked, asked.arguments, "retry_after_seconds", json_integer(about->retry_after_seconds));
  }
  x2f_put(&asked, asked.arguments, "locale", locale);
  return run(client, asked, "explanation", read_explanation, explanation, sizeof *explanation, failure);
}
