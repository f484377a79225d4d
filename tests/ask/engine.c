#define _GNU_SOURCE
#include "engine.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "two-factor-ask.h"
#include "wasm-rt-impl.h"

/** Length of the area in bytes. */
#define AREA (256 * 1024)

/** What the import gets: the memory to fill. */
struct Z_wasi_snapshot_preview1_instance_t {
  wasm_rt_memory_t *memory;
};

u32 Z_wasi_snapshot_preview1Z_random_get(struct Z_wasi_snapshot_preview1_instance_t *own, u32 to, u32 length)
{
  if (to > own->memory->size || length > own->memory->size - to) return 21;
  uint8_t *bytes = own->memory->data + to;
  while (length > 0) {
    ssize_t given = getrandom(bytes, length, 0);
    if (given < 0 && errno == EINTR) continue;
    if (given <= 0) return 29;
    bytes += given;
    length -= (u32)given;
  }
  return 0;
}

static void begin(void)
{
  wasm_rt_init();
  Z_ask_init_module();
}

/** Calls the engine, and tells whether it did not trap. */
static bool call(Z_ask_instance_t *instance, u32 settings_length, u32 question_length, u32 now, u32 *length)
{
  if (wasm_rt_impl_try() != 0) return false;
  *length = Z_askZ_ask(instance, settings_length, question_length, now);
  return true;
}

bool ask(const uint8_t *settings, size_t settings_length, const uint8_t *question, size_t question_length, uint32_t now, uint8_t **answer,
         size_t *answer_length)
{
  static pthread_once_t begun = PTHREAD_ONCE_INIT;
  if (settings_length > AREA || question_length > AREA - settings_length) return false;
  pthread_once(&begun, begin);
  struct Z_wasi_snapshot_preview1_instance_t host;
  Z_ask_instance_t instance;
  Z_ask_instantiate(&instance, &host);
  host.memory = Z_askZ_memory(&instance);
  uint8_t *area = host.memory->data + *Z_askZ_area(&instance);
  memcpy(area, settings, settings_length);
  memcpy(area + settings_length, question, question_length);
  u32 length = 0;
  *answer = NULL;
  if (call(&instance, (u32)settings_length, (u32)question_length, now, &length) && length <= AREA && (*answer = malloc(length + 1)) != NULL) {
    memcpy(*answer, area, length);
    *answer_length = length;
  }
  explicit_bzero(host.memory->data, host.memory->size);
  Z_ask_free(&instance);
  return *answer != NULL;
}
