/* What the files of the library share. */
#ifndef X2F_INTERNAL_H
#define X2F_INTERNAL_H

#include <jansson.h>
#include <sys/types.h>

#include "xoxzo_2fa.h"

/* engine.c */

/** Length of a line on what went wrong, its end included. */
#define FAULT 160

/** A compiled module. Many threads may ask at once. */
typedef struct x2f_engine x2f_engine;

/** Compiles the module at a path, unless a client that is open has. NULL with a line in `fault`. */
x2f_engine *x2f_engine_open(const char *path, char fault[FAULT]);

void x2f_engine_close(x2f_engine *engine);

/**
 * Asks the engine one question in an instance of its own, and wipes what held question and answer. The answer is the
 * caller's, to be wiped by x2f_wipe(). NULL with a line in `fault`.
 */
json_t *x2f_engine_ask(x2f_engine *engine, const char *settings, uint32_t now, const json_t *question, char fault[FAULT]);

/* text.c */

/**
 * A JSON text of bytes that should be UTF-8: what is not becomes U+FFFD, one for each longest part that could have begun a
 * character. At most `most` bytes; what does not fit whole is cut. NULL if there is no memory.
 */
json_t *x2f_text(const char *bytes, size_t length, size_t most);

/** Wipes every text in a tree that nobody else holds, and frees it. NULL is nothing. */
void x2f_wipe(json_t *tree);

/* record.c */

/** Fills a failure of this host's own, if there is a place for it, and gives `blame` back. */
x2f_blame x2f_fail(x2f_failure *failure, x2f_blame blame, const char *code, const char *detail);

/** The failure `plugin`. */
x2f_blame x2f_broken(x2f_failure *failure, const char *detail);

/** Reads a record. A field that does not fit its form is remembered, and makes the whole unfit. */
typedef struct {
  const json_t *from;
  bool unfit;
} x2f_reader;

/** Copies a text. An absent one is empty, and unfit if it is `needed`. */
void x2f_read_text(x2f_reader *in, const char *name, char *to, size_t size, bool needed);

/** A whole number from `least` to `most`, or -1 for an absent one that is not `needed`. */
int64_t x2f_read_number(x2f_reader *in, const char *name, int64_t least, int64_t most, bool needed);

/** A number that is needed. */
uint32_t x2f_read_u32(x2f_reader *in, const char *name);

/** A number, or -1 for an absent one. */
int64_t x2f_read_maybe(x2f_reader *in, const char *name);

/** A text that is needed, and lives as long as what is read. */
const char *x2f_read_borrowed(x2f_reader *in, const char *name);

/** Copies a text to a field that has its size. */
#define TEXT(in, from, to, needed) x2f_read_text(in, from, to, sizeof(to), needed)

/** Reads the audit of a record, if it has one. */
void x2f_read_audit(x2f_reader *in, x2f_audit *audit);

/** Passes a failure of the engine on. Its detail is cut where it is too long. */
x2f_blame x2f_pass_on(const json_t *from, x2f_failure *failure);

/** The most bytes of an argument that are passed on: longer than any that is right, so that what was cut is refused for its form. */
#define ARGUMENT ((size_t)4096)

/** A question, its arguments within it, and whether there was no memory for a part of it: then it must not be asked. */
typedef struct {
  json_t *whole, *arguments;
  int lost;
} x2f_question;

x2f_question x2f_begin(const char *function);

/** The question of an operation, whose answer comes with an audit. */
x2f_question x2f_begin_audited(const char *function);

/** Puts a new node into an object of the question, and gives it back; NULL if it did not get there. */
json_t *x2f_attach(x2f_question *asked, json_t *object, const char *name, json_t *node);

/** Puts an argument into an object of the question; NULL is an absent one. */
void x2f_put(x2f_question *asked, json_t *object, const char *name, const char *value);

/** Puts a text of any length into an object of the question. */
void x2f_put_whole(x2f_question *asked, json_t *object, const char *name, const char *value);

/* current.c */

typedef struct x2f_current x2f_current;

/** Takes prepared settings, and with a guard of one process the question that prepares them anew, which it wipes at the end. NULL: no memory. */
x2f_current *x2f_current_open(const char *settings, json_t *question);

void x2f_current_close(x2f_current *current);

/** Gives the settings for an operation that begins now; none before there are any. NULL if they could not be prepared anew. */
const char *x2f_current_get(x2f_current *current, x2f_engine *engine, uint32_t now, char fault[FAULT]);

/* loop.c */

struct x2f_client {
  x2f_engine *engine;
  x2f_guard guard;
  x2f_transport transport;
  x2f_clock clock;
  /** What `prepare` gave. Its `settings` are a secret. */
  json_t *prepared;
  /** The settings that operations take. */
  x2f_current *current;
  /** The settings in effect. */
  json_t *effective;
  /** Scheme and authority that requests may go to: a text within `effective`. */
  const char *origin;
  /** The process that opened it. */
  pid_t process;
};

/**
 * Asks a question, and what follows from it until an end, and wipes all of it. If the end is `wanted`, its record is put into
 * `result`, to be wiped; anything else is a failure.
 */
x2f_blame x2f_operate(const x2f_client *client, x2f_question asked, const char *wanted, json_t **result, x2f_failure *failure);

#endif
