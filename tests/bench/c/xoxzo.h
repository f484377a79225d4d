/* A Xoxzo in memory that takes every message, and a clock that can be set back: what the clients of every package on the library for C have here. */
#ifndef XOXZO_H
#define XOXZO_H

#include <stdint.h>

/** Sets the clock of the clients to so many seconds before the present. */
void bench_set_back(int64_t seconds);

/** Writes the codes that were sent since this was last asked, six digits each, into a text that lives until it is asked again. */
const char *bench_sent(void);

#endif
