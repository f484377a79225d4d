/* Counters in the memory of one process. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "xoxzo_2fa.h"

#define SECOND 1000000000u
#define MILLION 1000000
/** Lists of a new table. */
#define FIRST 64
/** Lists that are swept for each list of charges. More than it makes counters, so that a memory that is in use shrinks by what has ended. */
#define SWEPT 32

typedef struct counter {
  struct counter *next;
  /** Nanoseconds. Over from this one on. */
  uint64_t ends;
  uint32_t total;
  char name[];
} counter;

struct x2f_memory {
  pthread_mutex_t lock;
  x2f_timer timer;
  /** Lists by hash. Their number is a power of two. */
  counter **lists;
  size_t list_count;
  size_t used, room;
  /** The list that is swept next. */
  size_t hand;
  /** The process that opened it. */
  pid_t process;
};

/** FNV-1a. The engine's names are keyed hashes already: nobody can choose them to collide. */
static size_t hash(const char *name)
{
  uint64_t sum = 0xcbf29ce484222325u;
  for (; *name != 0; name++) sum = (sum ^ (unsigned char)*name) * 0x100000001b3u;
  return (size_t)(sum ^ sum >> 32);
}

static counter **list_of(const x2f_memory *memory, const char *name)
{
  return &memory->lists[hash(name) & (memory->list_count - 1)];
}

/** The link to a counter, or that at the end of its list. */
static counter **find(const x2f_memory *memory, const char *name)
{
  counter **link = list_of(memory, name);
  while (*link != NULL && strcmp((*link)->name, name) != 0) link = &(*link)->next;
  return link;
}

static void forget(x2f_memory *memory, counter **link)
{
  counter *gone = *link;
  *link = gone->next;
  free(gone);
  memory->used--;
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
      counter **list = list_of(memory, each->name);
      next = each->next;
      each->next = *list;
      *list = each;
    }
  }
  free(narrow);
}

/** Forgets the counters of a list whose life is over, and only those. */
static void sweep(x2f_memory *memory, size_t at, uint64_t now)
{
  for (counter **link = &memory->lists[at]; *link != NULL;) {
    if ((*link)->ends <= now) forget(memory, link);
    else link = &(*link)->next;
  }
}

/** Sweeps the next few lists. */
static void sweep_few(x2f_memory *memory, uint64_t now)
{
  for (int times = 0; times < SWEPT; times++) {
    sweep(memory, memory->hand, now);
    memory->hand = (memory->hand + 1) & (memory->list_count - 1);
  }
}

/** A new counter. NULL if there is no room for it. */
static counter *insert(x2f_memory *memory, const char *name)
{
  if (memory->used >= memory->room) return NULL;
  if (memory->used >= memory->list_count) grow(memory);
  size_t size = strlen(name) + 1;
  counter *made = malloc(sizeof *made + size);
  if (made == NULL) return NULL;
  memcpy(made->name, name, size);
  counter **list = list_of(memory, name);
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
static x2f_no_answer charge_one(x2f_memory *memory, const x2f_charge *charge, uint64_t now, x2f_total *total, bool *stop)
{
  counter **link = find(memory, charge->counter), *found = *link;
  bool live = found != NULL && found->ends > now;
  uint64_t ends = live ? found->ends : now + (uint64_t)charge->ttl_seconds * SECOND;
  uint32_t next = apply(live ? found->total : 0, charge->amount);
  *stop = charge->amount >= 0 && next > charge->limit;
  if (!*stop && next == 0) {
    if (found != NULL) forget(memory, link);
  } else if (!*stop) {
    if (found == NULL) found = insert(memory, charge->counter);
    if (found == NULL) return X2F_GUARD_FULL;
    found->total = next;
    found->ends = ends;
  }
  *total = (x2f_total){next, (uint32_t)((ends - now + SECOND - 1) / SECOND)};
  return X2F_ANSWERED;
}

static uint64_t time_of(const x2f_timer *timer)
{
  if (timer->nanoseconds != NULL) return timer->nanoseconds(timer->context);
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

/** Groups need no more than this one lock: nothing comes between the charges of a list. */
static x2f_no_answer add(void *context, const x2f_charge *charges, size_t count, x2f_totals *totals)
{
  x2f_memory *memory = context;
  x2f_no_answer no_answer = X2F_ANSWERED;
  bool stop = false;
  /* Before the lock: a thread that a child has not may hold it there for ever. */
  if (getpid() != memory->process) {
    snprintf(totals->cause, sizeof totals->cause, "forked: the counters are another process's");
    return X2F_GUARD_UNREACHABLE;
  }
  pthread_mutex_lock(&memory->lock);
  uint64_t now = time_of(&memory->timer);
  sweep_few(memory, now);
  for (totals->count = 0; totals->count < count && !stop && no_answer == X2F_ANSWERED; totals->count++)
    no_answer = charge_one(memory, &charges[totals->count], now, &totals->totals[totals->count], &stop);
  pthread_mutex_unlock(&memory->lock);
  return no_answer;
}

x2f_memory *x2f_memory_open(size_t counters, const x2f_timer *timer)
{
  x2f_memory *memory = calloc(1, sizeof *memory);
  if (memory == NULL) return NULL;
  memory->lists = calloc(FIRST, sizeof *memory->lists);
  memory->list_count = FIRST;
  memory->room = counters == 0 ? MILLION : counters;
  memory->process = getpid();
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
  for (size_t at = 0; at < memory->list_count; at++) sweep(memory, at, UINT64_MAX);
  pthread_mutex_destroy(&memory->lock);
  free(memory->lists);
  free(memory);
}
