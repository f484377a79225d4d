/* What the tests share: a count of checks, and settings for tests. */
#ifndef CHECK_H
#define CHECK_H

#include <stdatomic.h>
#include <stdio.h>

static atomic_uint passed, failed;

/** Counts a check, and says where one failed. */
#define CHECK(right)                                                     \
  do {                                                                   \
    if (right) {                                                         \
      atomic_fetch_add(&passed, 1);                                      \
    } else {                                                             \
      atomic_fetch_add(&failed, 1);                                      \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #right); \
    }                                                                    \
  } while (0)

/** Prints the counts, and gives the exit status. */
static inline int summary(void)
{
  printf("%u passed, %u failed\n", passed, failed);
  return failed == 0 && passed > 0 ? 0 : 1;
}

#endif
