/* The library's engine without a WebAssembly runtime: what wasm2c makes of the module, in place of `host/c/engine.c`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "internal.h"

struct x2f_engine {
  char none;
};

x2f_engine *x2f_engine_open(const char *path, char fault[FAULT])
{
  static x2f_engine only;
  (void)path, (void)fault;
  return &only;
}

void x2f_engine_close(x2f_engine *engine)
{
  (void)engine;
}

json_t *x2f_engine_ask(x2f_engine *engine, const char *settings, uint32_t now, const json_t *question, char fault[FAULT])
{
  char *text = json_dumps(question, JSON_COMPACT);
  uint8_t *bytes = NULL;
  size_t length = 0;
  json_t *answer = NULL;
  (void)engine;
  if (text != NULL && ask((const uint8_t *)settings, strlen(settings), (const uint8_t *)text, strlen(text), now, &bytes, &length))
    answer = json_loadb((const char *)bytes, length, 0, NULL);
  if (answer == NULL) snprintf(fault, FAULT, "the engine gave no answer");
  free(text);
  free(bytes);
  return answer;
}
