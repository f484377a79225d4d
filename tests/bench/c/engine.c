/* The library, with counters in memory: `engine MODULE`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "login.h"
#include "xoxzo_2fa.h"

const bool login_locks = true;
const char *const login_altered = "invalid-token";

static x2f_client *client;
static x2f_failure failure;

/** A Xoxzo in memory that takes every message. */
static x2f_no_answer send(void *none, const x2f_request *request, x2f_response *response)
{
  static const char body[] = "[{\"msgid\":\"m1\"}]";
  const char *at = strstr(request->body, "code+is+");
  (void)none;
  if (at != NULL) login_sent(at + 8);
  response->status = 201;
  response->body_length = sizeof body - 1;
  memcpy(response->body, body, sizeof body - 1);
  return X2F_ANSWERED;
}

static int64_t seconds(void *none)
{
  (void)none;
  return login_now();
}

void login_open(const char *settings, char **arguments)
{
  x2f_options options = {.module = arguments[0],
                         .settings = settings,
                         .guard = x2f_memory_guard(x2f_memory_open(0, NULL)),
                         .transport = {send, NULL},
                         .clock = {seconds, NULL}};
  client = x2f_open(&options, &failure);
  if (client != NULL) return;
  fprintf(stderr, "%s: %s\n", failure.code, failure.detail);
  exit(1);
}

static x2f_binding bound(const login_user *user)
{
  return (x2f_binding){.recipient = user->phone, .subject = user->subject, .purpose = "login"};
}

const char *login_start(const login_user *user, char token[TOKEN])
{
  x2f_binding binding = bound(user);
  x2f_challenge challenge;
  if (x2f_start(client, &binding, NULL, &challenge, &failure) != X2F_OK) return failure.code;
  memcpy(token, challenge.token, sizeof challenge.token);
  return "";
}

const char *login_verify(const char *token, const login_user *user, const char *pin)
{
  x2f_binding binding = bound(user);
  x2f_acceptance acceptance;
  return x2f_verify(client, token, &binding, pin, NULL, &acceptance, &failure) == X2F_OK ? "" : failure.code;
}
