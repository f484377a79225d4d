/*
 * A login by hand-written HMAC, for comparison: a keyed hash of the user, the phone, the expiry and the code is the token.
 *
 * It has no limit across challenges, of messages or of cost, and forgets its counters with the process.
 */
#define _GNU_SOURCE
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "login.h"

enum { LIFE = 90, GUESSES = 5, USED = 1 << 20, HASH = 32 };

const bool login_locks = false;
/** An altered token looks like a wrong PIN. */
const char *const login_altered = "wrong-pin";

static unsigned char key[32];
/** Guesses at each token, by a table that grows as a tree does. */
static void *guesses;

typedef struct {
  char token[TOKEN];
  unsigned count;
} tried;

static int by_token(const void *one, const void *other)
{
  return strcmp(((const tried *)one)->token, ((const tried *)other)->token);
}

/** The counter of a token, a new one if there is none. */
static unsigned *counter(const char *token)
{
  tried *own = calloc(1, sizeof *own);
  if (own == NULL) abort();
  snprintf(own->token, sizeof own->token, "%s", token);
  tried **found = tsearch(own, &guesses, by_token);
  if (found == NULL) abort();
  if (*found != own) free(own);
  return &(*found)->count;
}

static void hash(const login_user *user, int64_t expiry, const char *pin, char hex[2 * HASH + 1])
{
  char text[128];
  unsigned char bytes[HASH];
  int length = snprintf(text, sizeof text, "%s|%s|%lld|%s", user->subject, user->phone, (long long)expiry, pin);
  if (HMAC(EVP_sha256(), key, sizeof key, (unsigned char *)text, (size_t)length, bytes, NULL) == NULL) abort();
  for (int at = 0; at < HASH; at++) snprintf(hex + 2 * at, 3, "%02x", bytes[at]);
}

void login_open(const char *settings, char **arguments)
{
  (void)settings, (void)arguments;
  if (getrandom(key, sizeof key, 0) != sizeof key) abort();
}

const char *login_start(const login_user *user, char token[TOKEN])
{
  uint64_t drawn;
  char pin[7], hex[2 * HASH + 1];
  if (getrandom(&drawn, sizeof drawn, 0) != sizeof drawn) abort();
  snprintf(pin, sizeof pin, "%06u", (unsigned)(drawn % 1000000));
  int64_t expiry = login_now() + LIFE;
  hash(user, expiry, pin, hex);
  login_sent(pin);
  snprintf(token, TOKEN, "%lld.%s", (long long)expiry, hex);
  return "";
}

const char *login_verify(const char *token, const login_user *user, const char *pin)
{
  char *end, hex[2 * HASH + 1];
  int64_t expiry = strtoll(token, &end, 10);
  if (*end != '.' || strlen(end + 1) != 2 * HASH) return "invalid-token";
  if (strlen(pin) != 6 || strspn(pin, "0123456789") != 6) return "malformed";
  if (login_now() >= expiry) return "expired";
  unsigned *count = counter(token);
  if (*count >= GUESSES) return *count >= USED ? "used" : "exhausted";
  ++*count;
  hash(user, expiry, pin, hex);
  if (CRYPTO_memcmp(hex, end + 1, 2 * HASH) != 0) return "wrong-pin";
  *count = USED;
  return "";
}
