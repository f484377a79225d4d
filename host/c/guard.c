/* Counters in the memory of one process. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "xoxzo_2fa.h"

#define SECOND 1000000000u
#define MILLION 1000000
/** Lists of a new table. */
#define FIRST 64

typedef struct counter {
  struct counter *next;
  /** Nanoseconds. Over from this one on. */
  uint64_t ends;
  uint32_t total;
  char key[];
} counter;

struct x2f_memory {
  pthread_mutex_t lock;
  x2f_timer timer;
  /** Lists by hash. Their number is a power of two. */
  counter **lists;
  size_t list_count;
  size_t used, room;
  /** No counter ends before this: until then a full table cannot be swept. */
  uint64_t first_end;
};

/** FNV-1a. The component's keys are keyed hashes already: nobody can choose them to collide. */
static size_t hash(const char *key)
{
  uint64_t sum = 0xcbf29ce484222325u;
  for (; *key != 0; key++) sum = (sum ^ (unsigned char)*key) * 0x100000001b3u;
  return (size_t)(sum ^ sum >> 32);
}

static counter **list_of(const x2f_memory *memory, const char *key)
{
  return &memory->lists[hash(key) & (memory->list_count - 1)];
}

static counter *find(const x2f_memory *memory, const char *key)
{
  counter *each = *list_of(memory, key);
  while (each != NULL && strcmp(each->key, key) != 0) each = each->next;
  return each;
}

/** Twice as many lists, if there is memory. Without, the lists get longer. */
static void grow(x2f_memory *memory)
{
  size_t count = memory->list_count;
  counter **wide = calloc(count * 2, sizeof *wide), **narrow = memory->lists;
  if (wide == NULL) return;
  memory->lists = wide;
  memory->list_count = count * 2;
  for (size_t at = 0; at < count; at++) {
    for (counter *each = narrow[at], *next; each != NULL; each = next) {
      counter **list = list_of(memory, each->key);
      next = each->next;
      each->next = *list;
      *list = each;
    }
  }
  free(narrow);
}

/** Forgets the counters whose life is over, and only those. */
static void sweep(x2f_memory *memory, uint64_t now)
{
  if (now < memory->first_end) return;
  memory->first_end = UINT64_MAX;
  for (size_t at = 0; at < memory->list_count; at++) {
    for (counter **link = &memory->lists[at]; *link != NULL;) {
      counter *each = *link;
      if (each->ends <= now) {
        *link = each->next;
        free(each);
        memory->used--;
      } else {
        if (each->ends < memory->first_end) memory->first_end = each->ends;
        link = &each->next;
      }
    }
  }
}

/** A new counter. NULL if there is no room for it. */
static counter *insert(x2f_memory *memory, const char *key, uint64_t now)
{
  if (memory->used >= memory->room) sweep(memory, now);
  if (memory->used >= memory->room) return NULL;
  if (memory->used >= memory->list_count) grow(memory);
  size_t size = strlen(key) + 1;
  counter *made = malloc(sizeof *made + size);
  if (made == NULL) return NULL;
  memcpy(made->key, key, size);
  counter **list = list_of(memory, key);
  made->next = *list;
  *list = made;
  memory->used++;
  return made;
}

/** What a charge makes of a total: from 0 to the largest there is. */
static uint32_t apply(uint32_t total, int32_t amount)
{
  int64_t sum = (int64_t)total + amount;
  return sum < 0 ? 0 : sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
}

/** Makes one charge. `stop` is set if its limit refuses it. */
static x2f_loss charge_one(x2f_memory *memory, const x2f_charge *charge, uint64_t now, x2f_total *total, bool *stop)
{
  counter *found = find(memory, charge->key);
  bool live = found != NULL && found->ends > now;
  uint64_t ends = live ? found->ends : now + (uint64_t)charge->ttl_seconds * SECOND;
  uint32_t next = apply(live ? found->total : 0, charge->amount);
  *stop = charge->amount >= 0 && next > charge->limit;
  if (!*stop && (live || charge->amount > 0)) {
    if (found == NULL) found = insert(memory, charge->key, now);
    if (found == NULL) return X2F_GUARD_FULL;
    found->total = next;
    found->ends = ends;
    if (ends < memory->first_end) memory->first_end = ends;
  }
  *total = (x2f_total){next, (uint32_t)((ends - now + SECOND - 1) / SECOND)};
  return X2F_NOT_LOST;
}

static uint64_t time_of(const x2f_timer *timer)
{
  if (timer->nanoseconds != NULL) return timer->nanoseconds(timer->context);
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static x2f_loss add(void *context, const x2f_charge *charges, size_t count, x2f_total *totals, size_t *made)
{
  x2f_memory *memory = context;
  x2f_loss loss = X2F_NOT_LOST;
  bool stop = false;
  pthread_mutex_lock(&memory->lock);
  uint64_t now = time_of(&memory->timer);
  for (*made = 0; *made < count && !stop && loss == X2F_NOT_LOST; ++*made)
    loss = charge_one(memory, &charges[*made], now, &totals[*made], &stop);
  pthread_mutex_unlock(&memory->lock);
  return loss;
}

x2f_memory *x2f_memory_open(size_t counters, const x2f_timer *timer)
{
  x2f_memory *memory = calloc(1, sizeof *memory);
  if (memory == NULL) return NULL;
  memory->lists = calloc(FIRST, sizeof *memory->lists);
  memory->list_count = FIRST;
  memory->room = counters == 0 ? MILLION : counters;
  memory->first_end = UINT64_MAX;
  if (timer != NULL) memory->timer = *timer;
  if (memory->lists != NULL && pthread_mutex_init(&memory->lock, NULL) == 0) return memory;
  free(memory->lists);
  free(memory);
  return NULL;
}

x2f_guard x2f_memory_guard(x2f_memory *memory)
{
  return (x2f_guard){memory == NULL ? NULL : add, memory, X2F_PROCESS};
}

void x2f_memory_close(x2f_memory *memory)
{
  if (memory == NULL) return;
  memory->first_end = 0;
  sweep(memory, UINT64_MAX);
  pthread_mutex_destroy(&memory->lock);
  free(memory->lists);
  free(memory);
}
