/*
 * The transport by libcurl: against a sandbox, whose numbers answer in every way there is, and for places that it must not go to.
 *
 *     build/network COMPONENT URL SID AUTH_TOKEN      the last three as `xoxzo-2fa sandbox` prints them
 */
#define _GNU_SOURCE
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "xoxzo_2fa.h"

static const char SETTINGS[] =
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

static const char *sandbox;

/** The body of a GET below the sandbox's URL. */
static x2f_no_answer get(const char *path, x2f_response *response)
{
  char url[256];
  snprintf(url, sizeof url, "%s%s", sandbox, path);
  x2f_request request = {.method = "GET", .url = url, .body = "", .timeout_milliseconds = 1000};
  memset(response, 0, sizeof *response);
  return x2f_curl_send(NULL, &request, response);
}

/** The outcome of a POST. */
static x2f_no_answer post(const char *url)
{
  static x2f_response response;
  x2f_header header = {"content-type", "text/plain"};
  x2f_request request = {"POST", url, &header, 1, "body", 4, 1000};
  memset(&response, 0, sizeof response);
  return x2f_curl_send(NULL, &request, &response);
}

static void places(void)
{
  CHECK(post("http://192.0.2.1/") == X2F_NOT_SENT);
  CHECK(post("http://127.0.0.1.example.com/") == X2F_NOT_SENT);
  CHECK(post("http://127.0.0.1@192.0.2.1/") == X2F_NOT_SENT);
  CHECK(post("file:///etc/hosts") == X2F_NOT_SENT);
  CHECK(post("") == X2F_NOT_SENT);
  char url[256];
  snprintf(url, sizeof url, "%s/", sandbox);
  CHECK(post(url) == X2F_ANSWERED);
}

static void fates(const x2f_client *client)
{
  for (size_t at = 0; at < sizeof FATES / sizeof *FATES; at++) {
    x2f_binding binding = {.recipient = FATES[at].number, .subject = "user-1", .purpose = "login"};
    x2f_challenge challenge;
    x2f_failure failure;
    x2f_blame blame = x2f_start(client, &binding, NULL, &challenge, &failure);
    unsigned before = failed;
    if (FATES[at].delivery != NULL) {
      CHECK(blame == X2F_OK && strcmp(challenge.delivery, FATES[at].delivery) == 0);
    } else {
      CHECK(blame == X2F_UPSTREAM && strcmp(failure.code, "provider") == 0 && failure.retry_after_seconds == FATES[at].retry_after);
    }
    if (failed != before) fprintf(stderr, "at %s: %s %s\n", FATES[at].number, challenge.delivery, failure.code);
    /* An answer ends the row of failures that would open the breaker. */
    char number[16];
    snprintf(number, sizeof number, "+8190%04zu5678", 5000 + at);
    binding.recipient = number;
    CHECK(x2f_start(client, &binding, NULL, &challenge, &failure) == X2F_OK);
  }
}

/** What a user reads of a failure. */
static void explained(const x2f_client *client)
{
  x2f_explanation told;
  x2f_failure failure, about = {.code = "wrong-pin", .guesses_left = 2, .retry_after_seconds = -1};
  CHECK(x2f_explain(client, &about, "en", &told, &failure) == X2F_OK);
  CHECK(strcmp(told.text, "That is not the code. 2 tries are left.") == 0);
  CHECK(told.offers == (X2F_OFFER_TRY_AGAIN | X2F_OFFER_RESEND));
  CHECK(x2f_explain(client, &about, "fr", &told, &failure) == X2F_MISUSE && told.text[0] == 0 && told.offers == 0);
  CHECK(x2f_explain(client, &about, NULL, &told, &failure) == X2F_MISUSE && strcmp(failure.code, "request") == 0);
  CHECK(x2f_explain(client, NULL, "en", &told, &failure) == X2F_MISUSE);
  CHECK(x2f_explain(NULL, &about, "en", &told, &failure) == X2F_MISUSE);
  about = (x2f_failure){.code = "plugin", .guesses_left = -1, .retry_after_seconds = -1};
  CHECK(x2f_explain(client, &about, "en", &told, &failure) == X2F_OK);
  CHECK(strcmp(told.text, "Something went wrong on our side. Try again later.") == 0 && told.offers == X2F_OFFER_TRY_AGAIN);
}

/** The code that the phone shows, as anyone would read it. */
static void login(const x2f_client *client)
{
  static x2f_response response;
  x2f_binding binding = {.recipient = "+819012345679", .subject = "user-2", .purpose = "login"};
  x2f_challenge challenge;
  x2f_acceptance acceptance;
  x2f_report report;
  x2f_failure failure;
  CHECK(x2f_start(client, &binding, NULL, &challenge, &failure) == X2F_OK);
  CHECK(get("/_sandbox/inbox?recipient=%2B819012345679", &response) == X2F_ANSWERED && response.status == 200);
  json_t *inbox = json_loadb(response.body, response.body_length, 0, NULL);
  const json_t *newest = json_array_get(inbox, json_array_size(inbox) - 1);
  const char *text = json_string_value(json_object_get(newest, "body"));
  const char *shown = text == NULL ? NULL : strstr(text, "code is ");
  char pin[7] = "";
  if (shown != NULL) memcpy(pin, shown + 8, 6);
  CHECK(x2f_verify(client, challenge.token, &binding, pin, NULL, &acceptance, &failure) == X2F_OK);
  CHECK(x2f_verify(client, challenge.token, &binding, pin, NULL, &acceptance, &failure) == X2F_REFUSE);
  CHECK(x2f_status(client, challenge.handle, &report, &failure) == X2F_OK && report.detail[0] != 0);
  json_decref(inbox);
}

int main(int count, char **arguments)
{
  char settings[1024];
  x2f_failure failure;
  if (count != 5) {
    fprintf(stderr, "usage: %s COMPONENT URL SID AUTH_TOKEN\n", arguments[0]);
    return 2;
  }
  sandbox = arguments[2];
  snprintf(settings, sizeof settings, SETTINGS, arguments[3], arguments[4], sandbox);
  x2f_memory *memory = x2f_memory_open(0, NULL);
  x2f_options options = {.module = arguments[1], .settings = settings, .guard = x2f_memory_guard(memory)};
  x2f_client *client = x2f_open(&options, &failure);
  if (client == NULL) {
    fprintf(stderr, "%s: %s\n", failure.code, failure.detail);
    return 1;
  }
  places();
  fates(client);
  login(client);
  explained(client);
  x2f_close(client);
  x2f_memory_close(memory);
  return summary();
}
