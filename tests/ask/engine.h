/* The engine in C, without a WebAssembly runtime: `wit/ASK.md` over what Debian's wasm2c makes of the module. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Asks one question. The answer is malloc'ed, and holds secrets: wipe it before you free it. False if the engine trapped, if settings and question are too
 * long, or without memory. Any number of threads may ask at once.
 */
bool ask(const uint8_t *settings, size_t settings_length, const uint8_t *question, size_t question_length, uint32_t now, uint8_t **answer,
         size_t *answer_length);
