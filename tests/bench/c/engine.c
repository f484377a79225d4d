/* The library, with counters in memory and the Xoxzo of xoxzo.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <xoxzo_2fa.h>

#include "login.h"
#include "xoxzo.h"

const bool login_locks = true;
const char *const login_altered = "invalid-token";

static x2f_client *client;
static x2f_failure failure = {.size = sizeof failure};

void login_open(const char *settings, char **arguments)
{
  (void)arguments;
  x2f_options options = {.size = sizeof options, .settings = settings, .store = x2f_store_memory(0, NULL, &failure)};
  client = x2f_open(&options, &failure);
  if (client != NULL) return;
  fprintf(stderr, "%s: %s\n", failure.code, failure.detail);
  exit(1);
}

static x2f_binding bound(const login_user *user)
{
  return (x2f_binding){.size = sizeof(x2f_binding), .recipient = user->phone, .subject = user->subject, .purpose = "login"};
}

const char *login_start(const login_user *user, char token[TOKEN])
{
  x2f_binding binding = bound(user);
  x2f_challenge challenge = {.size = sizeof challenge};
  bench_set_back((int64_t)time(NULL) - login_now());
  if (x2f_start(client, &binding, NULL, &challenge, &failure) != X2F_OK) return failure.code;
  login_sent(bench_sent());
  memcpy(token, challenge.token, sizeof challenge.token);
  return "";
}

const char *login_verify(const char *token, const login_user *user, const char *pin)
{
  x2f_binding binding = bound(user);
  x2f_acceptance acceptance = {.size = sizeof acceptance};
  bench_set_back((int64_t)time(NULL) - login_now());
  return x2f_verify(client, token, &binding, pin, NULL, &acceptance, &failure).accepted ? "" : failure.code;
}
