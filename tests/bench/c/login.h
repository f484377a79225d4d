/* A login with a code in a message: what each program brings, and measure.c times. */
#ifndef LOGIN_H
#define LOGIN_H

#include <stdbool.h>
#include <stdint.h>

/** Size of a token in bytes, with the zero byte at its end. */
enum { TOKEN = 128 };

typedef struct {
  char subject[32];
  /** In E.164. */
  char phone[17];
} login_user;

/** It locks out a user whose guesses at several challenges were wrong. */
extern const bool login_locks;
/** The code of a token that was altered. */
extern const char *const login_altered;

/** Opens it with a settings document and the program's own arguments. Ends the process if that fails. */
void login_open(const char *settings, char **arguments);

/** Sends a code. Returns the empty text, or the code of the refusal. */
const char *login_start(const login_user *user, char token[TOKEN]);

/** Checks a code. Returns the empty text, or the code of the refusal. */
const char *login_verify(const char *token, const login_user *user, const char *pin);

/* What measure.c has. */

/** The present, in seconds since 1970-01-01T00:00:00Z, or so many seconds before it as are asked for. */
int64_t login_now(void);

/** Takes the code of a message. */
void login_sent(const char pin[6]);

#endif
