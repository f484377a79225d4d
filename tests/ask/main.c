/*
 * Answers questions from the standard input: `main`, or `main THREADS` to ask for keys on so many threads at once.
 *
 *     in:  length of the settings, length of the question, time, each in 4 bytes, the first the most significant; settings; question
 *     out: length of the answer in 4 bytes, 0 after a trap; answer
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"

/** Questions of each thread. */
enum { QUESTIONS = 2000 };

static bool read_number(uint32_t *number)
{
  uint8_t bytes[4];
  if (fread(bytes, 1, 4, stdin) != 4) return false;
  *number = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
  return true;
}

static bool answer_one(void)
{
  uint32_t settings_length, question_length, now;
  if (!read_number(&settings_length) || !read_number(&question_length) || !read_number(&now)) return false;
  size_t asked = (size_t)settings_length + question_length, length = 0;
  uint8_t *bytes = malloc(asked + 1), *answer = NULL;
  if (bytes == NULL || fread(bytes, 1, asked, stdin) != asked) exit(1);
  if (!ask(bytes, settings_length, bytes + settings_length, question_length, now, &answer, &length)) length = 0;
  uint8_t head[4] = {(uint8_t)(length >> 24), (uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length};
  fwrite(head, 1, 4, stdout);
  if (length > 0) fwrite(answer, 1, length, stdout);
  fflush(stdout);
  free(bytes);
  free(answer);
  return true;
}

/** Counts answers that are no key. */
static void *work(void *none)
{
  static const uint8_t keygen[] = "{\"keygen\":{}}", *const head = (const uint8_t *)"{\"written_key\":{\"key\":\"x2fk1_";
  size_t wrong = 0, length = 0;
  (void)none;
  for (int at = 0; at < QUESTIONS; at++) {
    uint8_t *answer = NULL;
    if (!ask(NULL, 0, keygen, sizeof keygen - 1, 0, &answer, &length) || length < 29 || memcmp(answer, head, 29) != 0) wrong++;
    free(answer);
    /* A refusal beside it: this is longer than the area. */
    if (at % 8 == 0 && ask(keygen, SIZE_MAX, keygen, 1, 0, &answer, &length)) wrong++;
  }
  return (void *)wrong;
}

int main(int count, char **arguments)
{
  int threads = count > 1 ? atoi(arguments[1]) : 0;
  if (threads < 1 || threads > 64) {
    while (answer_one()) continue;
    return 0;
  }
  pthread_t running[64];
  size_t wrong = 0;
  for (int at = 0; at < threads; at++) pthread_create(&running[at], NULL, work, NULL);
  for (int at = 0; at < threads; at++) {
    void *result = NULL;
    pthread_join(running[at], &result);
    wrong += (size_t)result;
  }
  printf("wasm2c: %d threads asked for %d keys each, %zu wrong\n", threads, QUESTIONS, wrong);
  return wrong != 0;
}
