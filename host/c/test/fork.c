/*
 * Children that are forked off: from threads that use a client all the time, with counters in memory, and with a file.
 *
 *     build/fork
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

/** Threads that are busy while another forks. None with AddressSanitizer, whose own allocator a child may find locked. */
#if defined(__SANITIZE_ADDRESS__)
#define THREADS 0
#else
#define THREADS 6
#endif
#define CHILDREN 40
/** Seconds that a child may take. */
#define PATIENCE 20

static atomic_bool stop;
/** Stands for a guard that processes share: each of them has a memory of its own here, made when it is first asked. */
static uint32_t add(void *none, const x2f_charge *charges, size_t count, x2f_totals *totals)
{
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static x2f_store *store;
  static pid_t process;
  (void)none;
  if (process != getpid()) {
    process = getpid();
    pthread_mutex_init(&lock, NULL);
    store = x2f_store_memory(0, NULL, NULL);
  }
  pthread_mutex_lock(&lock);
  uint32_t no_answer = x2f_store_add(store, charges, count, totals);
  pthread_mutex_unlock(&lock);
  return no_answer;
}

/** A login of a user. 7 if it went as it should. */
static int login(const x2f_client *client, unsigned thread, unsigned number)
{
  char recipient[17], subject[32];
  snprintf(recipient, sizeof recipient, "+8190%02u%06u", thread % 100, number % 1000000);
  snprintf(subject, sizeof subject, "user-%u-%u", thread, number);
  x2f_binding binding = {.size = sizeof binding, .recipient = recipient, .subject = subject, .purpose = "login"};
  x2f_challenge challenge = {.size = sizeof challenge};
  x2f_failure failure = {.size = sizeof failure};
  if (x2f_start(client, &binding, NULL, &challenge, &failure) != X2F_OK) return 1;
  if (!x2f_verify(client, challenge.token, &binding, pin, NULL, NULL, &failure).accepted) return 2;
  return x2f_verify(client, challenge.token, &binding, pin, NULL, NULL, &failure).outcome == X2F_REFUSE ? 7 : 3;
}

static void *logins(void *client)
{
  static atomic_uint threads;
  unsigned thread = atomic_fetch_add(&threads, 1);
  for (unsigned number = 0; !stop; number++) CHECK(login(client, thread, number) == 7);
  return NULL;
}

/** The exit status of a child, or -1 if it had to be killed. */
static int ended(pid_t child)
{
  int status = 0;
  for (int times = 0; times < PATIENCE * 100; times++) {
    if (waitpid(child, &status, WNOHANG) == child) return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
    nanosleep(&(struct timespec){0, 10000000}, NULL);
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return -1;
}

/** Each child of busy threads uses the client, and so does one of its own. */
static void busy(void)
{
  x2f_client *client = open_client(NULL, (x2f_guard){add, NULL, X2F_SHARED});
  pthread_t threads[THREADS + 1];
  CHECK(client != NULL);
  if (client == NULL) return;
  for (int at = 0; at < THREADS; at++) CHECK(pthread_create(&threads[at], NULL, logins, client) == 0);
  for (unsigned at = 0; at < CHILDREN; at++) {
    pid_t child = fork();
    if (child == 0) {
      pid_t grandchild = fork();
      if (grandchild == 0) _exit(login(client, 98, at));
      int status = login(client, 99, at);
      _exit(ended(grandchild) == 7 ? status : 4);
    }
    CHECK(ended(child) == 7);
  }
  stop = true;
  for (int at = 0; at < THREADS; at++) pthread_join(threads[at], NULL);
  x2f_close(client);
}

/** In a child, counters in memory would count anew what is limited. */
static void alone(void)
{
  x2f_store *store = x2f_store_memory(0, NULL, NULL);
  x2f_client *client = open_client(store, (x2f_guard){NULL, NULL, 0});
  CHECK(client != NULL && login(client, 1, 1) == 7);
  pid_t child = fork();
  if (child == 0) {
    x2f_binding binding = {.size = sizeof binding, .recipient = "+819012345678", .subject = "user-1", .purpose = "login"};
    x2f_failure failure = {.size = sizeof failure};
    x2f_outcome outcome = x2f_start(client, &binding, NULL, NULL, &failure);
    bool refused = outcome == X2F_UPSTREAM && strcmp(failure.code, "guard") == 0;
    _exit(refused && strncmp(failure.audit.cause, "forked", 6) == 0 ? 7 : 1);
  }
  CHECK(ended(child) == 7);
  /* A child may open a client of its own. */
  child = fork();
  if (child == 0) {
    x2f_close(client);
    x2f_client *opened = open_client(x2f_store_memory(0, NULL, NULL), (x2f_guard){NULL, NULL, 0});
    _exit(opened == NULL ? 1 : login(opened, 2, 2));
  }
  CHECK(ended(child) == 7);
  CHECK(login(client, 1, 2) == 7);
  x2f_close(client);
  x2f_store_close(store);
}

/** Parent and children count in one file: of the ten messages that a user gets, all of them together send ten. */
static void together(void)
{
  char folder[] = "/tmp/x2f-fork-XXXXXX", name[64];
  CHECK(mkdtemp(folder) != NULL);
  snprintf(name, sizeof name, "sqlite:%s/guard.sqlite", folder);
  x2f_store *store = x2f_store_open(name, NULL);
  x2f_client *client = open_client(store, (x2f_guard){NULL, NULL, 0});
  CHECK(client != NULL);
  int accepted = 0, refused = 0;
  for (unsigned at = 0; at < 12; at++) {
    pid_t child = fork();
    if (child == 0) _exit(login(client, 50, 1));
    int status = ended(child);
    if (status == 7) accepted++;
    /* No message. */
    if (status == 1) refused++;
  }
  CHECK(accepted == 10 && refused == 2 && login(client, 50, 1) == 1 && login(client, 51, 1) == 7);
  x2f_close(client);
  x2f_store_close(store);
  snprintf(name, sizeof name, "%s/guard.sqlite", folder);
  unlink(name);
  rmdir(folder);
}

int main(void)
{
  alone();
  together();
  busy();
  return summary();
}
