/*
 * The library's own transport: against a sandbox, whose numbers answer in every way there is.
 *
 *     build/network URL SID AUTH_TOKEN      as `xoxzo-2fa sandbox` prints them
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "check.h"

static const char SANDBOX[] =
    "{\"version\":1,\"audience\":\"shop\",\"service\":\"Example Shop\",\"test\":true,"
    "\"keys\":[\"x2fk1_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEoVv1v\"],"
    "\"guard\":{\"key\":\"x2fk1_AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwPKj5lZ\"},"
    "\"xoxzo\":{\"sid\":\"%s\",\"auth_token\":\"%s\",\"sender\":\"Example\",\"base_url\":\"%s\",\"timeout_milliseconds\":1000},"
    "\"destinations\":[\"JP-mobile\"],\"sends\":{\"per_subject\":{\"count\":100}}}";

/** Numbers of the sandbox, and what a start must come to: a delivery, or the failure `provider` with so many seconds to wait. */
static const struct {
  const char *number, *delivery;
  int64_t retry_after;
} FATES[] = {
    {"+819000000010", "unknown", 0},  {"+819000000011", "unknown", 0}, {"+819000000012", "unknown", 0},
    {"+819000000013", "unknown", 0},  {"+819000000014", "unknown", 0}, {"+819000000015", "unknown", 0},
    {"+819000000016", "unknown", 0},  {"+819000000017", "unknown", 0}, {"+819000000018", "unknown", 0},
    {"+819000000019", "unknown", 0},  {"+819000000020", NULL, -1},     {"+819000000021", NULL, -1},
    {"+819000000022", NULL, -1},      {"+819000000023", NULL, -1},     {"+819000000024", NULL, -1},
    {"+819000000025", NULL, 7},       {"+819000000026", NULL, 7},      {"+819000000027", NULL, 30},
    {"+819012345678", "accepted", 0},
};

static void fates(const x2f_client *client)
{
  for (size_t at = 0; at < sizeof FATES / sizeof *FATES; at++) {
    x2f_binding binding = {.size = sizeof binding, .recipient = FATES[at].number, .subject = "user-1", .purpose = "login"};
    x2f_challenge challenge = {.size = sizeof challenge};
    x2f_failure failure = {.size = sizeof failure};
    x2f_outcome outcome = x2f_start(client, &binding, NULL, &challenge, &failure);
    unsigned before = failed;
    if (FATES[at].delivery != NULL) {
      CHECK(outcome == X2F_OK && strcmp(challenge.delivery, FATES[at].delivery) == 0);
    } else {
      CHECK(outcome == X2F_UPSTREAM && strcmp(failure.code, "provider") == 0 && failure.retry_after_seconds == FATES[at].retry_after);
    }
    if (failed != before) fprintf(stderr, "at %s: %s %s\n", FATES[at].number, challenge.delivery, failure.code);
    /* An answer ends the row of failures that would open the breaker. */
    char number[16];
    snprintf(number, sizeof number, "+8190%04zu5678", 5000 + at);
    binding.recipient = number;
    CHECK(x2f_start(client, &binding, NULL, &challenge, &failure) == X2F_OK);
  }
}

int main(int count, char **arguments)
{
  char settings[1024];
  x2f_failure failure = {.size = sizeof failure};
  if (count != 4) {
    fprintf(stderr, "usage: %s URL SID AUTH_TOKEN\n", arguments[0]);
    return 2;
  }
  snprintf(settings, sizeof settings, SANDBOX, arguments[2], arguments[3], arguments[1]);
  x2f_store *store = x2f_store_memory(0, NULL, &failure);
  x2f_options options = {.size = sizeof options, .settings = settings, .store = store};
  x2f_client *client = x2f_open(&options, &failure);
  if (client == NULL) {
    fprintf(stderr, "%s: %s\n", failure.code, failure.detail);
    return 1;
  }
  fates(client);
  x2f_close(client);
  x2f_store_close(store);
  return summary();
}
