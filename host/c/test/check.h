/* What the tests share: a count of checks, settings, and a Xoxzo that takes every message. */
#ifndef CHECK_H
#define CHECK_H

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <xoxzo_2fa.h>

static atomic_uint passed, failed;

/** Counts a check, and says where one failed. */
#define CHECK(right)                                                     \
  do {                                                                   \
    if (right) {                                                         \
      atomic_fetch_add(&passed, 1);                                      \
    } else {                                                             \
      atomic_fetch_add(&failed, 1);                                      \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #right); \
    }                                                                    \
  } while (0)

/** Prints the counts, and gives the exit status. */
static inline int summary(void)
{
  printf("%u passed, %u failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

/** Settings with keys of the test vectors, and caps that no test reaches. */
static const char SETTINGS[] __attribute__((unused)) =
    "{\"version\":1,\"audience\":\"shop\",\"service\":\"Example Shop\","
    "\"keys\":[\"x2fk1_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEoVv1v\"],"
    "\"guard\":{\"key\":\"x2fk1_AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwPKj5lZ\"},"
    "\"xoxzo\":{\"sid\":\"sid\",\"auth_token\":\"token\",\"sender\":\"Example\"},\"destinations\":[\"JP-mobile\"],"
    "\"failures\":{\"per_audience\":{\"count\":1000000}},"
    "\"sends\":{\"per_range\":{\"count\":1000000},\"per_audience\":{\"count\":1000000}}}";

/** The PIN of the message that this thread sent last. */
static _Thread_local char pin[7];

/** Takes the PIN out of the message, and answers as Xoxzo does. */
static inline uint32_t take(void *none, const x2f_request *request, x2f_response *response)
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

/** A client whose messages `take` takes, or NULL after saying why. */
static inline x2f_client *open_client(const x2f_store *store, x2f_guard guard)
{
  x2f_failure failure = {.size = sizeof failure};
  x2f_options options = {
      .size = sizeof options, .settings = SETTINGS, .store = store, .guard = guard, .transport = {take, NULL}};
  x2f_client *client = x2f_open(&options, &failure);
  if (client == NULL) fprintf(stderr, "%s: %s\n", failure.code, failure.detail);
  return client;
}

#endif
