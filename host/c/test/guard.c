/* What the vectors do not say of the guard in memory: room, races, groups, and no more in a child. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "xoxzo_2fa.h"

#define SECOND 1000000000u
#define THREADS 64

static _Atomic uint64_t moment;

static uint64_t nanoseconds(void *none)
{
  (void)none;
  return moment;
}

/** Makes one charge. Without an answer the total is UINT32_MAX, and ends_in_seconds holds the reason. */
static x2f_total one(x2f_guard guard, const char *key, int32_t amount, uint32_t limit, uint32_t ttl)
{
  x2f_charge charge = {key, key, amount, limit, ttl};
  x2f_total total = {0, 0};
  x2f_totals made = {&total, 0, -1, ""};
  x2f_no_answer no_answer = guard.add(guard.context, &charge, 1, &made);
  return no_answer == X2F_ANSWERED && made.count == 1 ? total : (x2f_total){UINT32_MAX, (uint32_t)no_answer};
}

/** Charges numbers from `from` up to `to`, and gives how many were refused for want of room. */
static int charge_all(x2f_guard guard, const char *kind, int from, int to, uint32_t ttl, uint32_t expected)
{
  char key[24];
  int refused = 0;
  for (int at = from; at < to; at++) {
    snprintf(key, sizeof key, "%s %d", kind, at);
    x2f_total made = one(guard, key, 1, 9, ttl);
    if (made.total == UINT32_MAX && made.ends_in_seconds == X2F_GUARD_FULL) refused++;
    else CHECK(made.total == expected);
  }
  return refused;
}

/** Nothing live is forgotten for something new; what is over makes room, and what comes to 0 makes it at once. */
static void room(void)
{
  const x2f_timer timer = {nanoseconds, NULL};
  x2f_memory *memory = x2f_memory_open(300, &timer);
  x2f_guard guard = x2f_memory_guard(memory);
  CHECK(charge_all(guard, "room", 0, 100, 10, 1) == 0 && charge_all(guard, "room", 100, 300, 20, 1) == 0);
  CHECK(charge_all(guard, "more", 0, 10, 60, 0) == 10);
  CHECK(one(guard, "one more", 0, 9, 60).total == 0 && one(guard, "room 7", 1, 9, 60).total == 2);
  CHECK(one(guard, "room 7", -2, 9, 60).total == 0 && one(guard, "one more", 1, 9, 60).total == 1);
  CHECK(charge_all(guard, "more", 0, 10, 60, 0) == 10);
  moment += (uint64_t)10 * SECOND;
  /* A list sweeps a few, and all have their turn. */
  for (int times = 0; times < 20; times++) one(guard, "one more", 0, 9, 60);
  CHECK(charge_all(guard, "room", 100, 300, 20, 2) == 0);
  CHECK(charge_all(guard, "new", 0, 99, 60, 1) == 0 && charge_all(guard, "more", 0, 10, 60, 0) == 10);
  x2f_memory_close(memory);
}

static double seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/** The time of 200 charges of new counters, in a memory that is full or not. */
static double refusals(x2f_guard guard, int expected)
{
  double began = seconds();
  CHECK(charge_all(guard, "refused", 0, 200, 60, 1) == expected);
  return seconds() - began;
}

/** A full memory refuses without looking through all that it has, and one that is in use shrinks. */
static void constant(void)
{
  const x2f_timer timer = {nanoseconds, NULL};
  x2f_memory *full = x2f_memory_open(300000, &timer), *small = x2f_memory_open(1000, &timer);
  x2f_guard guard = x2f_memory_guard(full);
  CHECK(charge_all(guard, "full", 0, 300000, 60, 1) == 0);
  double slow = refusals(guard, 200), fast = refusals(x2f_memory_guard(small), 0);
  /* To look through them would take about a thousand times as long. */
  CHECK(slow < 100 * fast + 0.01);
  moment += (uint64_t)60 * SECOND;
  CHECK(charge_all(guard, "new", 0, 300000, 600, 1) < 300000 / 10);
  x2f_memory_close(full);
  x2f_memory_close(small);
}

#define ROUNDS 2000

/** Charges two counters of a group always together, or looks at both. */
static void *together(void *context)
{
  x2f_guard *guard = context;
  static atomic_int number;
  int32_t amount = atomic_fetch_add(&number, 1) % 2;
  x2f_charge both[] = {{"one", "group", amount, UINT32_MAX, 600}, {"other", "group", amount, UINT32_MAX, 600}};
  x2f_total made[2];
  unsigned apart = 0;
  for (int times = 0; times < ROUNDS; times++) {
    x2f_totals totals = {made, 0, -1, ""};
    if (guard->add(guard->context, both, 2, &totals) != X2F_ANSWERED || made[0].total != made[1].total) apart++;
  }
  CHECK(apart == 0);
  return NULL;
}

static void groups(x2f_guard guard)
{
  pthread_t threads[4];
  for (size_t at = 0; at < 4; at++) CHECK(pthread_create(&threads[at], NULL, together, &guard) == 0);
  for (size_t at = 0; at < 4; at++) pthread_join(threads[at], NULL);
  CHECK(one(guard, "one", 0, UINT32_MAX, 60).total == 2 * ROUNDS && one(guard, "other", 0, UINT32_MAX, 60).total == 2 * ROUNDS);
}

/** A child would count anew what is limited. */
static void forked(x2f_guard guard)
{
  int status = 1;
  CHECK(one(guard, "parent", 1, 9, 60).total == 1);
  pid_t child = fork();
  if (child == 0) _exit(one(guard, "parent", 1, 9, 60).ends_in_seconds == X2F_GUARD_UNREACHABLE ? 0 : 1);
  CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
  CHECK(one(guard, "parent", 1, 9, 60).total == 2);
}

static pthread_barrier_t barrier;
static atomic_uint won[THREADS + 1], refused;

static void *race(void *context)
{
  x2f_guard *guard = context;
  x2f_charge list[] = {{"race", "race", 1, THREADS / 2, 60}, {"wide", "wide", 1, UINT32_MAX, 60}};
  x2f_total made[2];
  x2f_totals totals = {made, 0, -1, ""};
  pthread_barrier_wait(&barrier);
  CHECK(guard->add(guard->context, list, 2, &totals) == X2F_ANSWERED);
  if (totals.count == 2 && made[0].total <= THREADS) atomic_fetch_add(&won[made[0].total], 1);
  if (totals.count == 1) atomic_fetch_add(&refused, 1);
  return NULL;
}

static void races(x2f_guard guard)
{
  pthread_t threads[THREADS];
  pthread_barrier_init(&barrier, NULL, THREADS);
  for (size_t at = 0; at < THREADS; at++) CHECK(pthread_create(&threads[at], NULL, race, &guard) == 0);
  for (size_t at = 0; at < THREADS; at++) pthread_join(threads[at], NULL);
  pthread_barrier_destroy(&barrier);
  for (size_t at = 0; at <= THREADS; at++) CHECK(won[at] == (at >= 1 && at <= THREADS / 2 ? 1u : 0u));
  CHECK(refused == THREADS / 2 && one(guard, "wide", 0, UINT32_MAX, 60).total == THREADS / 2);
}

int main(void)
{
  const x2f_timer timer = {nanoseconds, NULL};
  x2f_memory *memory = x2f_memory_open(0, &timer);
  x2f_guard guard = x2f_memory_guard(memory);
  CHECK(memory != NULL && guard.scope == X2F_PROCESS);
  room();
  constant();
  races(guard);
  groups(guard);
  forked(guard);
  x2f_memory_close(memory);
  return summary();
}
