/*
 * Start and verify, alone and from 16 threads at once: every right PIN is accepted, and never again.
 *
 *     build/threads [ROUNDS]
 *
 * Prints the median of a start and a verify without network, then what all threads do in a second, then the counts.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "check.h"

#define THREADS 16
#define ALONE 300

static x2f_client *client;
static unsigned rounds = 100;
static double seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/** One user: a code, a wrong PIN now and then, the right one, and the right one again. Gives the time of start and verify. */
static double user(unsigned thread, unsigned round)
{
  char recipient[17], subject[32], wrong[7];
  snprintf(recipient, sizeof recipient, "+8190%02u%06u", thread % 100, round % 1000000);
  snprintf(subject, sizeof subject, "user-%u-%u", thread, round);
  x2f_binding binding = {.size = sizeof binding, .recipient = recipient, .subject = subject, .purpose = "login"};
  x2f_challenge challenge = {.size = sizeof challenge};
  x2f_acceptance acceptance = {.size = sizeof acceptance}, again = acceptance;
  x2f_failure failure = {.size = sizeof failure};
  double began = seconds();
  x2f_outcome started = x2f_start(client, &binding, NULL, &challenge, &failure);
  CHECK(started == X2F_OK && strlen(challenge.token) == 80 && strcmp(challenge.delivery, "accepted") == 0);
  double took = seconds() - began;
  if (round % 8 == 0) {
    memcpy(wrong, pin, sizeof wrong);
    wrong[5] = wrong[5] == '9' ? '0' : (char)(wrong[5] + 1);
    CHECK(x2f_verify(client, challenge.token, &binding, wrong, NULL, NULL, &failure).outcome == X2F_REFUSE);
    CHECK(strcmp(failure.code, "wrong-pin") == 0 && failure.guesses_left == 4);
  }
  began = seconds();
  x2f_verdict verified = x2f_verify(client, challenge.token, &binding, pin, NULL, &acceptance, &failure);
  took += seconds() - began;
  CHECK(verified.accepted && acceptance.receipt[0] != 0);
  CHECK(!x2f_verify(client, challenge.token, &binding, pin, NULL, &again, &failure).accepted);
  CHECK(strcmp(failure.code, "used") == 0 && again.receipt[0] == 0);
  return took;
}

static void *users(void *context)
{
  for (unsigned round = 0; round < rounds; round++) user(*(unsigned *)context, round);
  return NULL;
}

static int by_time(const void *one, const void *other)
{
  double left = *(const double *)one, right = *(const double *)other;
  return (left > right) - (left < right);
}

static void alone(void)
{
  static double took[ALONE];
  for (unsigned round = 0; round < ALONE; round++) took[round] = user(99, round);
  qsort(took, ALONE, sizeof *took, by_time);
  printf("one thread: start and verify take %.0f us (median of %d)\n", took[ALONE / 2] * 1e6, ALONE);
}

static void together(void)
{
  pthread_t threads[THREADS];
  unsigned numbers[THREADS];
  double began = seconds();
  for (unsigned at = 0; at < THREADS; at++) {
    numbers[at] = at;
    CHECK(pthread_create(&threads[at], NULL, users, &numbers[at]) == 0);
  }
  for (unsigned at = 0; at < THREADS; at++) pthread_join(threads[at], NULL);
  double users_a_second = THREADS * rounds / (seconds() - began);
  printf("%d threads: %.0f users a second, each with a start and two verifies or three\n", THREADS, users_a_second);
}

/** The main thread, and the one that stops guests: no thread that compiles. */
static unsigned threads(void)
{
  unsigned count = 0;
  char line[128];
  FILE *status = fopen("/proc/self/status", "r");
  while (status != NULL && fgets(line, sizeof line, status) != NULL) (void)sscanf(line, "Threads: %u", &count);
  if (status != NULL) fclose(status);
  return count;
}

/** The signals that have another handler than before. */
static unsigned handlers_changed(struct sigaction before[32], bool first)
{
  unsigned changed = 0;
  for (int number = 1; number < 32; number++) {
    struct sigaction now;
    memset(&now, 0, sizeof now);
    sigaction(number, NULL, &now);
    if (first) before[number] = now;
    if (now.sa_sigaction != before[number].sa_sigaction) changed++;
  }
  return changed;
}

int main(int count, char **arguments)
{
  static struct sigaction handlers[32];
  handlers_changed(handlers, true);
  if (count > 1) rounds = (unsigned)strtoul(arguments[1], NULL, 10);
  unsigned before = threads();
  CHECK(strcmp(x2f_version(), X2F_VERSION) == 0 && threads() == before);
  x2f_store *store = x2f_store_memory(0, NULL, NULL);
  double began = seconds();
  client = open_client(store, (x2f_guard){NULL, NULL, 0});
  if (client == NULL) return 1;
  printf("open: %.1f ms\n", (seconds() - began) * 1e3);
  CHECK(threads() == before + 1);
  alone();
  together();
  CHECK(threads() == before + 1);
  CHECK(handlers_changed(handlers, false) == 0);
  x2f_close(client);
  x2f_store_close(store);
  return summary();
}
