/* Prepared settings in effect.
 *
 * Counters in memory end by a clock that nobody can set, and challenges by the host's. If that is set back, a challenge whose counter has
 * ended could be valid again. With a guard of one process the settings are then prepared anew: that ends every challenge of before, as a
 * restart of the process does. Other guards tell their time, which the engine compares.
 */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

/** How far a clock may be set back: the counter of a challenge outlives it by more. In seconds. */
#define BACK 120

/** Settings as one text, a secret. Threads may still use what was in effect before, so that it is kept until the end. */
typedef struct prepared {
  struct prepared *before;
  char text[];
} prepared;

struct x2f_current {
  _Atomic(prepared *) newest;
  /** What prepares them, with the keys; NULL for a guard that processes share. */
  json_t *question;
  /** The latest time that was read, in seconds since 1970. */
  _Atomic int64_t latest;
};

/** False if there was no memory. */
static bool put(x2f_current *current, const char *text)
{
  size_t length = text == NULL ? 0 : strlen(text);
  prepared *made = text == NULL ? NULL : malloc(sizeof *made + length + 1);
  if (made == NULL) return false;
  memcpy(made->text, text, length + 1);
  made->before = atomic_load(&current->newest);
  while (!atomic_compare_exchange_weak(&current->newest, &made->before, made)) continue;
  return true;
}

x2f_current *x2f_current_open(const char *settings, json_t *question)
{
  x2f_current *current = calloc(1, sizeof *current);
  if (current != NULL) {
    current->question = question;
    if (put(current, settings)) return current;
  } else {
    x2f_wipe(question);
  }
  x2f_current_close(current);
  return NULL;
}

void x2f_current_close(x2f_current *current)
{
  if (current == NULL) return;
  for (prepared *at = atomic_load(&current->newest), *before; at != NULL; at = before) {
    before = at->before;
    explicit_bzero(at->text, strlen(at->text));
    free(at);
  }
  x2f_wipe(current->question);
  free(current);
}

/** Prepares the settings anew. Who comes at the same time may do it too: then challenges of a moment ago end as well. */
static bool renew(x2f_current *current, x2f_engine *engine, uint32_t now, char fault[FAULT])
{
  json_t *question = json_deep_copy(current->question);
  json_t *answer = question == NULL ? NULL : x2f_engine_ask(engine, "", now, question, fault);
  json_t *made = json_object_get(json_object_get(answer, "prepared"), "settings");
  bool renewed = put(current, json_string_value(made));
  x2f_wipe(question);
  x2f_wipe(answer);
  return renewed;
}

const char *x2f_current_get(x2f_current *current, x2f_engine *engine, uint32_t now, char fault[FAULT])
{
  if (current == NULL) return "";
  if (current->question != NULL) {
    int64_t latest = atomic_load(&current->latest);
    while (now > latest && !atomic_compare_exchange_weak(&current->latest, &latest, (int64_t)now)) continue;
    if ((int64_t)now + BACK < latest) {
      if (!renew(current, engine, now, fault)) return NULL;
      atomic_store(&current->latest, (int64_t)now);
    }
  }
  return atomic_load(&current->newest)->text;
}
