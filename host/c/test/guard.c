/* What a guard must do, on the guard in memory: totals, limits, ends, room, and races. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

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

/** Makes one charge; the loss is put into the total. */
static x2f_total one(x2f_guard guard, const char *key, int32_t amount, uint32_t limit, uint32_t ttl)
{
  x2f_charge charge = {key, amount, limit, ttl};
  x2f_total total = {0, 0};
  size_t made = 0;
  x2f_loss loss = guard.add(guard.context, &charge, 1, &total, &made);
  return loss == X2F_NOT_LOST && made == 1 ? total : (x2f_total){UINT32_MAX, (uint32_t)loss};
}

static void totals(x2f_guard guard)
{
  static const struct {
    int32_t amount;
    uint32_t total;
  } steps[] = {{0, 0}, {-3, 0}, {1, 1}, {2, 3}, {0, 3}, {-2, 1}, {-5, 0}, {4, 4}};
  for (size_t at = 0; at < sizeof steps / sizeof *steps; at++)
    CHECK(one(guard, "totals", steps[at].amount, UINT32_MAX, 60).total == steps[at].total);
  static const uint32_t high[] = {INT32_MAX, UINT32_MAX - 1, UINT32_MAX, UINT32_MAX};
  for (size_t at = 0; at < 4; at++) CHECK(one(guard, "saturates", INT32_MAX, UINT32_MAX, 60).total == high[at]);
  one(guard, "absent", 0, 9, 5);
  one(guard, "absent", -1, 9, 5);
  x2f_total begun = one(guard, "absent", 1, 9, 500);
  CHECK(begun.total == 1 && begun.ends_in_seconds == 500);
}

static void limits(x2f_guard guard)
{
  x2f_charge list[] = {{"first", 1, 9, 60}, {"second", 1, 1, 60}, {"third", 1, 9, 60}};
  x2f_total made[3];
  size_t count = 0;
  CHECK(guard.add(guard.context, list, 3, made, &count) == X2F_NOT_LOST && count == 3);
  CHECK(guard.add(guard.context, list, 3, made, &count) == X2F_NOT_LOST && count == 2);
  CHECK(made[0].total == 2 && made[1].total == 2);
  CHECK(one(guard, "first", 0, 9, 60).total == 2 && one(guard, "second", 0, 9, 60).total == 1);
  CHECK(one(guard, "third", 0, 9, 60).total == 1);
  x2f_charge read[] = {{"first", 0, 1, 60}, {"third", 1, 9, 60}};
  CHECK(guard.add(guard.context, read, 2, made, &count) == X2F_NOT_LOST && count == 1 && made[0].total == 2);
  x2f_charge back[] = {{"first", -1, 0, 60}, {"third", 1, 9, 60}};
  CHECK(guard.add(guard.context, back, 2, made, &count) == X2F_NOT_LOST && count == 2);
  CHECK(made[0].total == 1 && made[1].total == 2);
  CHECK(guard.add(guard.context, list, 0, made, &count) == X2F_NOT_LOST && count == 0);
  x2f_charge twice[] = {{"first", 1, 9, 60}, {"first", 1, 2, 60}, {"first", 1, 9, 60}};
  CHECK(guard.add(guard.context, twice, 3, made, &count) == X2F_NOT_LOST && count == 2);
  CHECK(made[0].total == 2 && made[1].total == 3);
}

static void ends(x2f_guard guard)
{
  moment += SECOND / 3;
  CHECK(one(guard, "short", 1, 9, 2).ends_in_seconds == 2 && one(guard, "long", 1, 9, 600).ends_in_seconds == 600);
  moment += SECOND + 1;
  x2f_total kept = one(guard, "short", 1, 9, 600);
  CHECK(kept.total == 2 && kept.ends_in_seconds == 1);
  moment += SECOND - 1;
  x2f_total begun = one(guard, "short", 1, 9, 600);
  CHECK(begun.total == 1 && begun.ends_in_seconds == 600);
  kept = one(guard, "long", 1, 9, 9);
  CHECK(kept.total == 2 && kept.ends_in_seconds == 598);
  CHECK(one(guard, "forever", 1, 9, UINT32_MAX).ends_in_seconds == UINT32_MAX);
}

/** Nothing live is forgotten for something new; what is over makes room. */
static void room(void)
{
  const x2f_timer timer = {nanoseconds, NULL};
  x2f_memory *memory = x2f_memory_open(300, &timer);
  x2f_guard guard = x2f_memory_guard(memory);
  char key[24];
  for (int at = 0; at < 300; at++) {
    snprintf(key, sizeof key, "room %d", at);
    CHECK(one(guard, key, 1, 9, at < 100 ? 10 : 20).total == 1);
  }
  CHECK(one(guard, "one more", 1, 9, 60).ends_in_seconds == X2F_GUARD_FULL);
  CHECK(one(guard, "one more", 0, 9, 60).total == 0 && one(guard, "room 7", 1, 9, 60).total == 2);
  moment += (uint64_t)10 * SECOND;
  CHECK(one(guard, "one more", 1, 9, 60).total == 1);
  for (int at = 100; at < 300; at++) {
    snprintf(key, sizeof key, "room %d", at);
    CHECK(one(guard, key, 1, 9, 20).total == 2);
  }
  for (int at = 0; at < 99; at++) {
    snprintf(key, sizeof key, "new %d", at);
    CHECK(one(guard, key, 1, 9, 60).total == 1);
  }
  CHECK(one(guard, "yet one more", 1, 9, 60).ends_in_seconds == X2F_GUARD_FULL);
  x2f_memory_close(memory);
}

static pthread_barrier_t barrier;
static atomic_uint won[THREADS + 1], refused;

static void *race(void *context)
{
  x2f_guard *guard = context;
  x2f_charge list[] = {{"race", 1, THREADS / 2, 60}, {"wide", 1, UINT32_MAX, 60}};
  x2f_total made[2];
  size_t count;
  pthread_barrier_wait(&barrier);
  CHECK(guard->add(guard->context, list, 2, made, &count) == X2F_NOT_LOST);
  if (count == 2 && made[0].total <= THREADS) atomic_fetch_add(&won[made[0].total], 1);
  if (count == 1) atomic_fetch_add(&refused, 1);
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
  totals(guard);
  limits(guard);
  ends(guard);
  room();
  races(guard);
  x2f_memory_close(memory);
  return summary();
}
