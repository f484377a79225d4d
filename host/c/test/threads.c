/*
 * Start and verify, alone and from 16 threads at once: every right PIN is accepted, and never again.
 *
 *     build/threads COMPONENT [ROUNDS]
 *
 * Prints the counts.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "xoxzo_2fa.h"

#define THREADS 16
/** Users before there are threads, and their number of a thread. */
#define ALONE 99

/** Settings with keys of the test vectors, and caps that this test does not reach. */
static const char SETTINGS[] =
    "{\"version\":1,\"audience\":\"shop\",\"service\":\"Example Shop\","
    "\"keys\":[\"x2fk1_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEoVv1v\"],"
    "\"guard\":{\"key\":\"x2fk1_AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwPKj5lZ\"},"
    "\"xoxzo\":{\"sid\":\"sid\",\"auth_token\":\"token\",\"sender\":\"Example\"},\"destinations\":[\"JP-mobile\"],"
    "\"failures\":{\"per_audience\":{\"count\":1000000}},"
    "\"sends\":{\"per_range\":{\"count\":1000000},\"per_audience\":{\"count\":1000000}}}";

static x2f_client *client;
/** Longer than anything that is taken. */
static char longest[300 * 1024];
static unsigned rounds = 100;
/** The PIN of the message that this thread sent last. */
static _Thread_local char pin[7];

/** Takes the PIN out of the message, and answers as Xoxzo does. */
static x2f_no_answer send(void *none, const x2f_request *request, x2f_response *response)
{
  static const char body[] = "[{\"msgid\":\"m1\"}]";
  const char *at = strstr(request->body, "code+is+");
  (void)none;
  pin[0] = 0;
  if (at != NULL) memcpy(pin, at + 8, 6);
  response->status = 201;
  response->body_length = sizeof body - 1;
  memcpy(response->body, body, sizeof body - 1);
  return X2F_ANSWERED;
}

/** One user: a code, a wrong PIN now and then, the right one, and the right one again. */
static void user(unsigned thread, unsigned round)
{
  char recipient[17], subject[32], wrong[7];
  snprintf(recipient, sizeof recipient, "+8190%02u%06u", thread % 100, round % 1000000);
  snprintf(subject, sizeof subject, "user-%u-%u", thread, round);
  x2f_binding binding = {.recipient = recipient, .subject = subject, .purpose = "login"};
  x2f_challenge challenge;
  x2f_acceptance acceptance, again;
  x2f_failure failure;
  CHECK(x2f_start(client, &binding, NULL, &challenge, &failure) == X2F_OK);
  CHECK(strlen(challenge.token) == 80 && strcmp(challenge.delivery, "accepted") == 0);
  if (round % 8 == 0) {
    memcpy(wrong, pin, sizeof wrong);
    wrong[5] = wrong[5] == '9' ? '0' : (char)(wrong[5] + 1);
    CHECK(x2f_verify(client, challenge.token, &binding, wrong, NULL, NULL, &failure) == X2F_REFUSE);
    CHECK(strcmp(failure.code, "wrong-pin") == 0 && failure.guesses_left == 4);
  }
  CHECK(x2f_verify(client, challenge.token, &binding, pin, NULL, &acceptance, &failure) == X2F_OK && acceptance.receipt[0] != 0);
  CHECK(x2f_verify(client, challenge.token, &binding, pin, NULL, &again, &failure) == X2F_REFUSE);
  CHECK(strcmp(failure.code, "used") == 0 && again.receipt[0] == 0);
}

static void *users(void *context)
{
  for (unsigned round = 0; round < rounds; round++) user(*(unsigned *)context, round);
  return NULL;
}

static void together(void)
{
  pthread_t threads[THREADS];
  unsigned numbers[THREADS];
  for (unsigned at = 0; at < THREADS; at++) {
    numbers[at] = at;
    CHECK(pthread_create(&threads[at], NULL, users, &numbers[at]) == 0);
  }
  for (unsigned at = 0; at < THREADS; at++) pthread_join(threads[at], NULL);
}

/** What is missing, too long, or not UTF-8 is refused and nothing else. */
static void misused(void)
{
  x2f_binding binding = {.recipient = "+819012345678", .subject = "user-1", .purpose = "login"}, odd = binding;
  x2f_challenge challenge;
  x2f_acceptance acceptance;
  x2f_failure failure;
  CHECK(x2f_start(NULL, &binding, NULL, &challenge, &failure) == X2F_MISUSE && challenge.token[0] == 0);
  CHECK(x2f_start(client, NULL, NULL, &challenge, NULL) == X2F_MISUSE);
  odd.subject = "user-\xff\xfe";
  CHECK(x2f_start(client, &odd, NULL, &challenge, &failure) == X2F_MISUSE && strcmp(failure.code, "request") == 0);
  odd.subject = longest;
  CHECK(x2f_start(client, &odd, NULL, &challenge, &failure) == X2F_MISUSE && strcmp(failure.code, "request") == 0);
  odd.subject = NULL;
  CHECK(x2f_start(client, &odd, NULL, &challenge, &failure) == X2F_MISUSE && strcmp(failure.code, "request") == 0);
  CHECK(x2f_start(client, &binding, NULL, &challenge, &failure) == X2F_OK);
  memset(&acceptance, 1, sizeof acceptance);
  CHECK(x2f_verify(client, challenge.token, &binding, "12345\xe3\x81", NULL, &acceptance, &failure) == X2F_REFUSE);
  CHECK(strcmp(failure.code, "malformed") == 0 && acceptance.receipt[0] == 0 && acceptance.expires_in_seconds == 0);
  CHECK(x2f_verify(client, challenge.token, &binding, NULL, NULL, &acceptance, &failure) == X2F_MISUSE);
  CHECK(x2f_verify(client, challenge.token, &binding, longest, NULL, &acceptance, &failure) == X2F_REFUSE);
  CHECK(strcmp(failure.code, "malformed") == 0);
  CHECK(x2f_verify(client, longest, &binding, longest, longest, &acceptance, &failure) == X2F_REFUSE);
  CHECK(strcmp(failure.code, "invalid-token") == 0);
  CHECK(x2f_verify(client, challenge.token, &binding, pin, NULL, NULL, NULL) == X2F_OK);
}

int main(int count, char **arguments)
{
  x2f_failure failure;
  if (count < 2) {
    fprintf(stderr, "usage: %s COMPONENT [ROUNDS]\n", arguments[0]);
    return 2;
  }
  if (count > 2) rounds = (unsigned)strtoul(arguments[2], NULL, 10);
  memset(longest, 1, sizeof longest - 1);
  x2f_memory *memory = x2f_memory_open(0, NULL);
  x2f_options options = {
      .module = arguments[1], .settings = SETTINGS, .guard = x2f_memory_guard(memory), .transport = {send, NULL}};
  client = x2f_open(&options, &failure);
  if (client == NULL) {
    fprintf(stderr, "%s: %s\n", failure.code, failure.detail);
    return 1;
  }
  for (unsigned round = 0; round < ALONE; round++) user(ALONE, round);
  together();
  misused();
  options.settings = longest;
  CHECK(x2f_open(&options, &failure) == NULL && failure.blame == X2F_MISUSE);
  options.settings = "{";
  CHECK(x2f_open(&options, &failure) == NULL && failure.blame == X2F_MISUSE && strcmp(failure.code, "settings") == 0);
  options.settings = SETTINGS;
  options.module = arguments[0];
  CHECK(x2f_open(&options, &failure) == NULL && failure.blame == X2F_UPSTREAM && strcmp(failure.code, "plugin") == 0);
  options.module = arguments[1];
  options.guard.scope = X2F_SHARED;
  x2f_client *shared = x2f_open(&options, &failure);
  CHECK(shared != NULL && strstr(x2f_effective(shared), "\"scope\":\"shared\"") != NULL);
  x2f_close(shared);
  x2f_close(client);
  x2f_memory_close(memory);
  return summary();
}
