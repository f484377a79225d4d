/* Records of the contract: failures that are made here, what is read of answers, what is written into questions. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* Failures. */

x2f_blame x2f_fail(x2f_failure *failure, x2f_blame blame, const char *code, const char *detail)
{
  x2f_failure made = {.blame = blame, .guesses_left = -1, .retry_after_seconds = -1, .expires_in_seconds = -1};
  snprintf(made.code, sizeof made.code, "%s", code);
  snprintf(made.detail, sizeof made.detail, "%s", detail);
  if (failure != NULL) *failure = made;
  return blame;
}

x2f_blame x2f_broken(x2f_failure *failure, const char *detail)
{
  return x2f_fail(failure, X2F_UPSTREAM, "plugin", detail);
}

const char *x2f_blame_name(x2f_blame blame)
{
  static const char *const names[] = {"ok", "misuse", "refuse", "upstream"};
  return blame >= X2F_OK && blame <= X2F_UPSTREAM ? names[blame] : "upstream";
}

const char *x2f_offer_name(x2f_offer offer)
{
  switch (offer) {
  case X2F_OFFER_TRY_AGAIN: return "try-again";
  case X2F_OFFER_RESEND: return "resend";
  case X2F_OFFER_START_AGAIN: return "start-again";
  case X2F_OFFER_WAIT: return "wait";
  case X2F_OFFER_CONTACT_SUPPORT: return "contact-support";
  }
  return NULL;
}

/* Reading what the engine answered. */

void x2f_read_text(x2f_reader *in, const char *name, char *to, size_t size, bool needed)
{
  const json_t *field = json_object_get(in->from, name);
  to[0] = 0;
  if (field == NULL && !needed) return;
  if (!json_is_string(field) || json_string_length(field) >= size) {
    in->unfit = true;
    return;
  }
  memcpy(to, json_string_value(field), json_string_length(field) + 1);
}

int64_t x2f_read_number(x2f_reader *in, const char *name, int64_t least, int64_t most, bool needed)
{
  const json_t *field = json_object_get(in->from, name);
  if (field == NULL && !needed) return -1;
  if (json_is_integer(field) && json_integer_value(field) >= least && json_integer_value(field) <= most)
    return json_integer_value(field);
  in->unfit = true;
  return 0;
}

uint32_t x2f_read_u32(x2f_reader *in, const char *name)
{
  return (uint32_t)x2f_read_number(in, name, 0, UINT32_MAX, true);
}

int64_t x2f_read_maybe(x2f_reader *in, const char *name)
{
  return x2f_read_number(in, name, 0, UINT32_MAX, false);
}

const char *x2f_read_borrowed(x2f_reader *in, const char *name)
{
  const char *value = json_string_value(json_object_get(in->from, name));
  if (value == NULL) in->unfit = true;
  return value;
}

void x2f_read_audit(x2f_reader *in, x2f_audit *audit)
{
  const json_t *from = json_object_get(in->from, "audit");
  memset(audit, 0, sizeof *audit);
  if (from == NULL) return;
  x2f_reader of = {from, false}, trail = {json_object_get(from, "trail"), false};
  if (trail.from != NULL) {
    TEXT(&trail, "subject", audit->subject, true);
    TEXT(&trail, "recipient", audit->recipient, true);
    TEXT(&trail, "calling_code", audit->calling_code, true);
  }
  TEXT(&of, "challenge_id", audit->challenge_id, false);
  TEXT(&of, "message_id", audit->message_id, false);
  TEXT(&of, "cause", audit->cause, false);
  TEXT(&of, "alarm", audit->alarm, false);
  const json_t *decoy = json_object_get(from, "decoy");
  audit->decoy = json_is_true(decoy);
  in->unfit |= of.unfit || trail.unfit || !json_is_boolean(decoy);
}

x2f_blame x2f_pass_on(const json_t *from, x2f_failure *failure)
{
  x2f_reader in = {from, false};
  char blame[12];
  x2f_failure told = {.blame = X2F_OK};
  x2f_read_text(&in, "blame", blame, sizeof blame, true);
  x2f_read_text(&in, "code", told.code, sizeof told.code, true);
  x2f_read_audit(&in, &told.audit);
  const char *detail = x2f_read_borrowed(&in, "detail");
  told.guesses_left = x2f_read_maybe(&in, "guesses_left");
  told.retry_after_seconds = x2f_read_maybe(&in, "retry_after_seconds");
  told.expires_in_seconds = x2f_read_maybe(&in, "expires_in_seconds");
  for (x2f_blame each = X2F_MISUSE; each <= X2F_UPSTREAM; each++)
    if (strcmp(blame, x2f_blame_name(each)) == 0) told.blame = each;
  if (in.unfit || told.blame == X2F_OK) return x2f_broken(failure, "the engine's failure has not its form");
  json_t *cut = x2f_text(detail, strlen(detail), sizeof told.detail - 1);
  snprintf(told.detail, sizeof told.detail, "%s", cut == NULL ? "" : json_string_value(cut));
  json_decref(cut);
  if (failure != NULL) *failure = told;
  return told.blame;
}

/* Writing questions. */

json_t *x2f_attach(x2f_question *asked, json_t *object, const char *name, json_t *node)
{
  if (json_object_set_new(object, name, node) == 0) return node;
  asked->lost = -1;
  return NULL;
}

x2f_question x2f_begin(const char *function)
{
  x2f_question asked = {json_object(), NULL, 0};
  asked.arguments = x2f_attach(&asked, asked.whole, function, json_object());
  return asked;
}

x2f_question x2f_begin_audited(const char *function)
{
  x2f_question asked = x2f_begin(function);
  x2f_attach(&asked, asked.arguments, "audit", json_true());
  return asked;
}

void x2f_put(x2f_question *asked, json_t *object, const char *name, const char *value)
{
  if (value != NULL) x2f_attach(asked, object, name, x2f_text(value, strlen(value), ARGUMENT));
}

void x2f_put_whole(x2f_question *asked, json_t *object, const char *name, const char *value)
{
  x2f_attach(asked, object, name, x2f_text(value, strlen(value), SIZE_MAX));
}
