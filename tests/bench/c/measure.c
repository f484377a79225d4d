/* Prepares what an operation needs, times nothing but the operation, and checks what it answered. `../bench.py` says what is read and answered. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "login.h"

/** Answers, for one challenge or user that is refused again and again, to one setup. */
#define REPEATED 10u
/** Wrong guesses that a challenge takes. */
#define GUESSES 5
/** More seconds than a challenge of the settings lives. */
#define OUTLIVED 100

typedef struct {
  login_user user;
  char token[TOKEN], pin[7];
} challenge;

static const struct {
  const char *name, *code;
} OPERATIONS[] = {{"start", ""},           {"verify", ""},         {"wrong-pin", "wrong-pin"}, {"expired", "expired"},
                  {"exhausted", "exhausted"}, {"locked", "locked"}, {"malformed", "malformed"}, {"not-ours", "invalid-token"},
                  {"replay", "used"}};

static unsigned users;
static int64_t back;
static size_t messages;
static char last[7];

int64_t login_now(void)
{
  return (int64_t)time(NULL) - back;
}

void login_sent(const char pin[6])
{
  memcpy(last, pin, 6);
  messages++;
}

static void hold(bool right, const char *operation, const char *code)
{
  if (right) return;
  fprintf(stderr, "%s: answered \"%s\"\n", operation, code);
  exit(1);
}

static uint64_t nanoseconds(clockid_t clock)
{
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static login_user drawn(unsigned number, bool other)
{
  login_user user;
  snprintf(user.subject, sizeof user.subject, "user-%u", number);
  snprintf(user.phone, sizeof user.phone, "+81%s%08u", other ? "80" : "90", number % 100000000u);
  return user;
}

static void wrong(char pin[7])
{
  strcpy(pin, strcmp(pin, "000000") == 0 ? "000001" : "000000");
}

/** Starts a challenge. With `guessed`, five guesses at it were wrong. */
static void challenged(challenge *to, unsigned number, bool other, bool guessed)
{
  to->user = drawn(number, other);
  const char *code = login_start(&to->user, to->token);
  hold(*code == 0, "start", code);
  memcpy(to->pin, last, sizeof last);
  char pin[7];
  memcpy(pin, to->pin, sizeof pin);
  wrong(pin);
  for (int at = 0; guessed && at < GUESSES; at++) {
    code = login_verify(to->token, &to->user, pin);
    hold(strcmp(code, "wrong-pin") == 0 || strcmp(code, "locked") == 0, "wrong-pin", code);
  }
}

static void prepare(challenge *each, const char *operation)
{
  bool guessed = strcmp(operation, "exhausted") == 0, locked = strcmp(operation, "locked") == 0;
  unsigned number = users++;
  back = strcmp(operation, "expired") == 0 ? OUTLIVED : 0;
  challenged(each, number, false, guessed || locked);
  back = 0;
  if (locked) {
    challenge second;
    challenged(&second, number, true, true);
  }
  if (strcmp(operation, "wrong-pin") == 0) wrong(each->pin);
  if (strcmp(operation, "malformed") == 0) each->pin[5] = 'x';
  if (strcmp(operation, "not-ours") == 0) {
    char *end = each->token + strlen(each->token) - 1;
    *end = *end == '0' ? '1' : '0';
  }
  if (strcmp(operation, "replay") == 0) {
    const char *code = login_verify(each->token, &each->user, each->pin);
    hold(*code == 0, "verify", code);
  }
}

static void measure(const char *operation, const char *wanted, size_t count)
{
  bool starts = strcmp(operation, "start") == 0, locked = strcmp(operation, "locked") == 0;
  bool repeated = locked || strcmp(operation, "exhausted") == 0 || strcmp(operation, "malformed") == 0;
  size_t drawn_users = repeated ? (count + REPEATED - 1) / REPEATED : count;
  challenge *each = calloc(drawn_users, sizeof *each);
  if (each == NULL) exit(1);
  for (size_t at = 0; at < drawn_users; at++) {
    if (starts) each[at].user = drawn(users++, false);
    else prepare(&each[at], operation);
  }
  size_t before = messages;
  uint64_t wall = nanoseconds(CLOCK_MONOTONIC), cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) {
    challenge *it = &each[at % drawn_users];
    const char *code = starts || locked ? login_start(&it->user, it->token) : login_verify(it->token, &it->user, it->pin);
    hold(strcmp(code, wanted) == 0, operation, code);
  }
  cpu = nanoseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
  wall = nanoseconds(CLOCK_MONOTONIC) - wall;
  hold(messages - before == (starts ? count : 0), operation, "another number of messages");
  printf("{\"count\":%zu,\"wall_ns\":%" PRIu64 ",\"cpu_ns\":%" PRIu64 "}\n", count, wall, cpu);
  free(each);
}

static void answer(const char *name, size_t count)
{
  for (size_t at = 0; at < sizeof OPERATIONS / sizeof *OPERATIONS; at++) {
    if (strcmp(OPERATIONS[at].name, name) != 0) continue;
    bool altered = strcmp(name, "not-ours") == 0;
    if (strcmp(name, "locked") == 0 && !login_locks) printf("{\"absent\":true}\n");
    else measure(name, altered ? login_altered : OPERATIONS[at].code, count);
    fflush(stdout);
    return;
  }
  hold(false, name, "no such operation");
}

int main(int count, char **arguments)
{
  static char settings[4096];
  char name[32];
  size_t times;
  (void)count;
  if (fgets(settings, sizeof settings, stdin) == NULL) return 1;
  login_open(settings, arguments + 1);
  while (scanf("%31s %zu", name, &times) == 2) answer(name, times);
  return 0;
}
