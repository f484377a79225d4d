/*
 * A login at the command line: sends a code, asks for it, and says whether it was right.
 *
 *     login SETTINGS PHONE USER [STORE]
 *
 * SETTINGS is a file with the document that wit/settings.schema.json describes, PHONE a number such as +819012345678, USER the
 * service's own id of the user. STORE is where counters are, as for x2f_store_open(); by default in memory. Exit status: 0 let in, 1 not, 2 something is wrong on our side.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xoxzo_2fa.h>

#define LARGEST (64 * 1024)

/** The language that the user reads. */
#define LANGUAGE "en"

/** Tells the user why and what to do, and the operator what happened. Gives what the user can do: x2f_offer bits. */
static uint32_t tell(const x2f_failure *failure)
{
  x2f_explanation told = {.size = sizeof told};
  x2f_failure fault = {.size = sizeof fault};
  if (failure->audit.alarm[0] != 0) fprintf(stderr, "alarm: %s\n", failure->audit.alarm);
  if (failure->blame != X2F_REFUSE)
    fprintf(stderr, "%s: %s\n", failure->code, failure->detail);
  if (x2f_explain(failure, LANGUAGE, &told, &fault) != X2F_OK) {
    fprintf(stderr, "%s: %s\n", fault.code, fault.detail);
    return 0;
  }
  puts(told.text);
  return told.offers;
}

/** The exit status for a user who is not let in. */
static int outside(const x2f_failure *failure)
{
  return failure->blame == X2F_REFUSE ? 1 : 2;
}

/** The settings, to be wiped and freed. */
static char *read_settings(const char *path)
{
  FILE *file = fopen(path, "rb");
  char *text = calloc(1, LARGEST + 1);
  if (file != NULL && text != NULL && fread(text, 1, LARGEST, file) > 0 && feof(file)) {
    fclose(file);
    return text;
  }
  if (file != NULL) fclose(file);
  free(text);
  return NULL;
}

/** Asks for a code, of any length. False at the end of the input. */
static bool ask(char **line, size_t *size)
{
  fputs("Code: ", stdout);
  fflush(stdout);
  ssize_t length = getline(line, size, stdin);
  if (length < 0) return false;
  while (length > 0 && strchr("\r\n", (*line)[length - 1]) != NULL) length--;
  /* What has a zero byte in it is no code, and would end there. */
  if (memchr(*line, 0, (size_t)length) != NULL) length = 0;
  (*line)[length] = 0;
  return true;
}

static int login(const x2f_client *client, const x2f_binding *binding)
{
  x2f_challenge challenge = {.size = sizeof challenge};
  x2f_failure failure = {.size = sizeof failure};
  char *pin = NULL;
  size_t size = 0;
  int status = 1;
  if (x2f_start(client, binding, NULL, &challenge, &failure) != X2F_OK) {
    (void)tell(&failure);
    return outside(&failure);
  }
  if (challenge.audit.alarm[0] != 0) fprintf(stderr, "alarm: %s\n", challenge.audit.alarm);
  const char *sent = strcmp(challenge.delivery, "accepted") == 0 ? "A code was sent to" : "A code may come to";
  printf("%s %s. It works for %u minutes.\n", sent, challenge.masked, challenge.expires_in_seconds / 60);
  while (ask(&pin, &size)) {
    x2f_verdict verdict = x2f_verify(client, challenge.token, binding, pin, NULL, NULL, &failure);
    explicit_bzero(pin, size);
    if (verdict.accepted) {
      puts("Welcome.");
      status = 0;
      break;
    }
    status = outside(&failure);
    if ((tell(&failure) & X2F_OFFER_TRY_AGAIN) == 0) break;
  }
  free(pin);
  return status;
}

int main(int count, char **arguments)
{
  if (count != 4 && count != 5) {
    fprintf(stderr, "usage: %s SETTINGS PHONE USER [STORE]\n", arguments[0]);
    return 2;
  }
  char *settings = read_settings(arguments[1]);
  if (settings == NULL) {
    fprintf(stderr, "%s: cannot be read\n", arguments[1]);
    return 2;
  }
  x2f_failure failure = {.size = sizeof failure};
  x2f_store *store = x2f_store_open(count == 5 ? arguments[4] : "memory", &failure);
  x2f_options options = {.size = sizeof options, .settings = settings, .store = store};
  x2f_client *client = store == NULL ? NULL : x2f_open(&options, &failure);
  explicit_bzero(settings, LARGEST);
  free(settings);
  int status = 2;
  if (client == NULL) {
    fprintf(stderr, "%s: %s\n", failure.code, failure.detail);
  } else {
    const char *warning;
    for (size_t at = 0; (warning = x2f_warning(client, at)) != NULL; at++) fprintf(stderr, "warning: %s\n", warning);
    const x2f_binding binding = {.size = sizeof binding, .recipient = arguments[2], .subject = arguments[3], .purpose = "login"};
    status = login(client, &binding);
  }
  x2f_close(client);
  x2f_store_close(store);
  return status;
}
