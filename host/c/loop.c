/* One loop for every operation: what the engine waits for is done, until it has come to an end. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "internal.h"

/** The most turns of one operation, charges of one list and headers of one request. Each takes far fewer. */
#define TURNS 16
#define CHARGES 48
#define HEADERS 16
/** The longest time of one request. */
#define LONGEST_MILLISECONDS 30000

/* What the engine waits for. Each answers the question to go on with. */

static x2f_question unanswered(const char *state, x2f_no_answer no_answer, char cause[X2F_CAUSE])
{
  static const char *const names[] = {"unknown", "not-sent", "unknown", "guard-unreachable", "guard-full"};
  x2f_question next = x2f_begin("unanswered");
  cause[X2F_CAUSE - 1] = 0;
  x2f_put_whole(&next, next.arguments, "state", state);
  x2f_put(&next, next.arguments, "no_answer", names[no_answer]);
  x2f_put(&next, next.arguments, "cause", cause);
  return next;
}

/** Lets the guard make the charges. */
static x2f_question count(const x2f_client *client, x2f_reader *in)
{
  x2f_charge charges[CHARGES];
  x2f_total places[CHARGES] = {0};
  x2f_totals totals = {places, 0, -1, ""};
  const char *state = x2f_read_borrowed(in, "state");
  const json_t *list = json_object_get(in->from, "charges");
  size_t most = json_array_size(list);
  if (!json_is_array(list) || most > CHARGES) in->unfit = true;
  for (size_t at = 0; at < most && !in->unfit; at++) {
    x2f_reader each = {json_array_get(list, at), false};
    charges[at].counter = x2f_read_borrowed(&each, "counter");
    charges[at].group = x2f_read_borrowed(&each, "group");
    charges[at].amount = (int32_t)x2f_read_number(&each, "amount", INT32_MIN, INT32_MAX, true);
    charges[at].limit = x2f_read_u32(&each, "limit");
    charges[at].ttl_seconds = (uint32_t)x2f_read_number(&each, "ttl_seconds", 1, UINT32_MAX, true);
    in->unfit |= each.unfit;
  }
  if (in->unfit) return (x2f_question){NULL, NULL, 1};
  x2f_no_answer no_answer = client->guard.add(client->guard.context, charges, most, &totals);
  if (no_answer == X2F_GUARD_FULL) {
    snprintf(totals.cause, sizeof totals.cause, "full: no room for a new counter");
    return unanswered(state, no_answer, totals.cause);
  }
  if (no_answer != X2F_ANSWERED) return unanswered(state, X2F_GUARD_UNREACHABLE, totals.cause);
  if (totals.count > most || totals.now_seconds > UINT32_MAX) {
    snprintf(totals.cause, sizeof totals.cause, "unfit: more totals than charges, or an impossible time");
    return unanswered(state, X2F_GUARD_UNREACHABLE, totals.cause);
  }
  x2f_question next = x2f_begin("counted");
  x2f_put_whole(&next, next.arguments, "state", state);
  json_t *out = x2f_attach(&next, next.arguments, "totals", json_array());
  for (size_t at = 0; at < totals.count; at++) {
    json_int_t total = places[at].total, ends = places[at].ends_in_seconds;
    next.lost |= json_array_append_new(out, json_pack("{s:I,s:I}", "total", total, "ends_in_seconds", ends));
  }
  if (totals.now_seconds >= 0) x2f_attach(&next, next.arguments, "now_seconds", json_integer(totals.now_seconds));
  return next;
}

static bool within_origin(const x2f_client *client, const char *url)
{
  size_t length = client->origin == NULL ? 0 : strlen(client->origin);
  return length > 0 && strncmp(url, client->origin, length) == 0 && url[length] == '/';
}

/** Whether a text can stand in the head of a request without ending its line. */
static bool one_line(const char *value)
{
  for (; *value != 0; value++)
    if ((unsigned char)*value < 0x20 || *value == 0x7f) return false;
  return true;
}

/** Reads a request. False if it must not be sent: to another origin, or with what could end a line of its head. */
static bool read_request(const x2f_client *client, x2f_reader *in, x2f_request *request, x2f_header *headers)
{
  const json_t *list = json_object_get(in->from, "headers");
  request->method = x2f_read_borrowed(in, "method");
  request->url = x2f_read_borrowed(in, "url");
  request->headers = headers;
  request->header_count = json_array_size(list);
  request->body = x2f_read_borrowed(in, "body");
  request->body_length = json_string_length(json_object_get(in->from, "body"));
  request->timeout_milliseconds = x2f_read_u32(in, "timeout_milliseconds");
  if (request->timeout_milliseconds > LONGEST_MILLISECONDS) request->timeout_milliseconds = LONGEST_MILLISECONDS;
  in->unfit |= !json_is_array(list) || request->header_count > HEADERS;
  if (in->unfit) return false;
  bool sendable = strcmp(request->method, "GET") == 0 || strcmp(request->method, "POST") == 0;
  sendable &= within_origin(client, request->url) && one_line(request->url) && strchr(request->url, ' ') == NULL;
  for (size_t at = 0; at < request->header_count && !in->unfit; at++) {
    x2f_reader each = {json_array_get(list, at), false};
    headers[at] = (x2f_header){x2f_read_borrowed(&each, "name"), x2f_read_borrowed(&each, "value")};
    in->unfit |= each.unfit;
    if (each.unfit) return false;
    sendable &= one_line(headers[at].name) && strpbrk(headers[at].name, ": ") == NULL && one_line(headers[at].value);
  }
  return sendable;
}

/** Lets the transport make the request. */
static x2f_question post(const x2f_client *client, x2f_reader *in)
{
  x2f_header headers[HEADERS];
  x2f_request request;
  const char *state = x2f_read_borrowed(in, "state");
  x2f_reader of = {json_object_get(in->from, "request"), false};
  bool sendable = read_request(client, &of, &request, headers);
  in->unfit |= of.unfit;
  if (in->unfit) return (x2f_question){NULL, NULL, 1};
  x2f_response *response = calloc(1, sizeof *response);
  if (response == NULL) return (x2f_question){NULL, NULL, 1};
  x2f_no_answer no_answer = X2F_NOT_SENT;
  if (sendable) no_answer = client->transport.send(client->transport.context, &request, response);
  else snprintf(response->cause, sizeof response->cause, "plugin: the engine made no valid request");
  x2f_question next;
  if (no_answer == X2F_NOT_SENT) {
    next = unanswered(state, no_answer, response->cause);
  } else if (no_answer != X2F_ANSWERED) {
    next = unanswered(state, X2F_UNKNOWN, response->cause);
  } else if (response->status < 100 || response->status > 999 || response->body_length > X2F_BODY) {
    snprintf(response->cause, sizeof response->cause, "http: no readable answer");
    next = unanswered(state, X2F_UNKNOWN, response->cause);
  } else {
    next = x2f_begin("sent");
    x2f_put_whole(&next, next.arguments, "state", state);
    json_t *out = x2f_attach(&next, next.arguments, "response", json_object());
    x2f_attach(&next, out, "status", json_integer(response->status));
    x2f_attach(&next, out, "body", x2f_text(response->body, response->body_length, X2F_BODY));
    response->retry_after[sizeof response->retry_after - 1] = 0;
    if (response->retry_after[0] != 0) {
      json_t *header = json_pack("{s:s}", "name", "retry-after");
      x2f_put(&next, header, "value", response->retry_after);
      x2f_attach(&next, out, "headers", json_pack("[o]", header));
    }
  }
  free(response);
  return next;
}

/* The loop. */

static uint32_t now(const x2f_clock *clock)
{
  int64_t seconds = clock->seconds == NULL ? (int64_t)time(NULL) : clock->seconds(clock->context);
  return seconds < 0 ? 0 : seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

x2f_blame x2f_operate(const x2f_client *client, x2f_question asked, const char *wanted, json_t **result, x2f_failure *failure)
{
  char fault[FAULT];
  const char *settings = x2f_current_get(client->current, client->engine, now(&client->clock), fault);
  if (settings == NULL) {
    x2f_wipe(asked.whole);
    return x2f_broken(failure, "the settings could not be prepared anew");
  }
  for (int turn = 0; turn < TURNS && asked.lost == 0; turn++) {
    json_t *answer = x2f_engine_ask(client->engine, settings, now(&client->clock), asked.whole, fault);
    x2f_wipe(asked.whole);
    if (answer == NULL) return x2f_broken(failure, fault);
    void *field = json_object_iter(answer);
    const char *name = json_object_size(answer) == 1 ? json_object_iter_key(field) : "";
    x2f_reader in = {json_object_iter_value(field), false};
    x2f_blame blame = X2F_OK;
    if (strcmp(name, "count") == 0) {
      asked = count(client, &in);
    } else if (strcmp(name, "send") == 0) {
      asked = post(client, &in);
    } else if (strcmp(name, wanted) == 0) {
      *result = json_incref((json_t *)in.from);
      json_decref(answer);
      return X2F_OK;
    } else if (strcmp(name, "failure") == 0) {
      blame = x2f_pass_on(in.from, failure);
    } else {
      blame = x2f_broken(failure, "the engine gave something else than was asked");
    }
    if (in.unfit) blame = x2f_broken(failure, "what the engine waits for has not its form");
    x2f_wipe(answer);
    if (blame != X2F_OK) return blame;
  }
  x2f_wipe(asked.whole);
  return x2f_broken(failure, asked.lost == 0 ? "the engine asks without end" : "no memory");
}

