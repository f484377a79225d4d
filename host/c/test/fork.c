/*
 * Children that are forked off: from threads that ask the engine all the time, with a guard in memory, and with a guest that never ends.
 *
 *     build/fork COMPONENT
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <wasmtime.h>

#include "check.h"
#include "internal.h"

/** Threads that are busy while another forks. None with AddressSanitizer, whose own allocator a child may find locked. */
#if defined(__SANITIZE_ADDRESS__)
#define THREADS 0
#else
#define THREADS 6
#endif
#define CHILDREN 40
/** Seconds that a child may take. */
#define PATIENCE 20

static const char SETTINGS[] =
    "{\"version\":1,\"audience\":\"shop\",\"service\":\"Example Shop\","
    "\"keys\":[\"x2fk1_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEoVv1v\"],"
    "\"guard\":{\"key\":\"x2fk1_AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwPKj5lZ\"},"
    "\"xoxzo\":{\"sid\":\"sid\",\"auth_token\":\"token\",\"sender\":\"Example\"},\"destinations\":[\"JP-mobile\"],"
    "\"failures\":{\"per_audience\":{\"count\":1000000}},"
    "\"sends\":{\"per_range\":{\"count\":1000000},\"per_audience\":{\"count\":1000000}}}";

/** A module whose `ask` never returns. */
static const char ENDLESS[] =
    "(module (memory (export \"memory\") 5) (global (export \"area\") i32 (i32.const 1024))"
    " (func (export \"ask\") (param i32 i32 i32) (result i32) (loop $l br $l) unreachable))";

static atomic_bool stop;
/** The PIN of the message that this thread sent last. */
static _Thread_local char pin[7];

static x2f_no_answer send(void *none, const x2f_request *request, x2f_response *response)
{
  static const char body[] = "[{\"msgid\":\"m1\"}]";
  const char *at = strstr(request->body, "code+is+");
  (void)none;
  if (at != NULL) memcpy(pin, at + 8, 6);
  response->status = 201;
  response->body_length = sizeof body - 1;
  memcpy(response->body, body, sizeof body - 1);
  return X2F_ANSWERED;
}

/** Stands for a guard that processes share: each of them has a memory of its own here, made when it is first asked. */
static x2f_no_answer add(void *none, const x2f_charge *charges, size_t count, x2f_totals *totals)
{
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  static x2f_memory *memory;
  static pid_t process;
  (void)none;
  if (process != getpid()) {
    process = getpid();
    pthread_mutex_init(&lock, NULL);
    memory = x2f_memory_open(0, NULL);
  }
  pthread_mutex_lock(&lock);
  x2f_guard guard = x2f_memory_guard(memory);
  x2f_no_answer no_answer = guard.add(guard.context, charges, count, totals);
  pthread_mutex_unlock(&lock);
  return no_answer;
}

/** A login of a user. 7 if it went as it should. */
static int login(const x2f_client *client, unsigned thread, unsigned number)
{
  char recipient[17], subject[32];
  snprintf(recipient, sizeof recipient, "+8190%02u%06u", thread % 100, number % 1000000);
  snprintf(subject, sizeof subject, "user-%u-%u", thread, number);
  x2f_binding binding = {.recipient = recipient, .subject = subject, .purpose = "login"};
  x2f_challenge challenge;
  x2f_failure failure;
  if (x2f_start(client, &binding, NULL, &challenge, &failure) != X2F_OK) return 1;
  if (x2f_verify(client, challenge.token, &binding, pin, NULL, NULL, &failure) != X2F_OK) return 2;
  return x2f_verify(client, challenge.token, &binding, pin, NULL, NULL, &failure) == X2F_REFUSE ? 7 : 3;
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

static x2f_client *open_client(const char *module, x2f_guard guard)
{
  x2f_failure failure;
  x2f_options options = {.module = module, .settings = SETTINGS, .guard = guard, .transport = {send, NULL}};
  x2f_client *client = x2f_open(&options, &failure);
  if (client == NULL) fprintf(stderr, "%s: %s\n", failure.code, failure.detail);
  return client;
}

/** Each child of busy threads asks the engine, and so does one of its own. */
static void busy(const char *module)
{
  x2f_client *client = open_client(module, (x2f_guard){add, NULL, X2F_SHARED});
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

/** In a child, a guard in memory would count anew what is limited. */
static void alone(const char *module)
{
  x2f_memory *memory = x2f_memory_open(0, NULL);
  x2f_client *client = open_client(module, x2f_memory_guard(memory));
  CHECK(client != NULL && login(client, 1, 1) == 7);
  pid_t child = fork();
  if (child == 0) {
    x2f_binding binding = {.recipient = "+819012345678", .subject = "user-1", .purpose = "login"};
    x2f_failure failure;
    x2f_blame blame = x2f_start(client, &binding, NULL, NULL, &failure);
    _exit(blame == X2F_UPSTREAM && strcmp(failure.code, "guard") == 0 && strncmp(failure.detail, "forked", 6) == 0 ? 7 : 1);
  }
  CHECK(ended(child) == 7);
  /* A child that opens a client of its own compiles the module anew. */
  child = fork();
  if (child == 0) {
    x2f_close(client);
    x2f_memory *own = x2f_memory_open(0, NULL);
    x2f_client *opened = open_client(module, x2f_memory_guard(own));
    _exit(opened == NULL ? 1 : login(opened, 2, 2));
  }
  CHECK(ended(child) == 7);
  CHECK(login(client, 1, 2) == 7);
  x2f_close(client);
  x2f_memory_close(memory);
}

static bool asks_without_end(x2f_engine *engine)
{
  char fault[FAULT] = "";
  json_t *question = json_pack("{s:{}}", "keygen"), *answer = x2f_engine_ask(engine, "", 0, question, fault);
  bool stopped = answer == NULL && strstr(fault, "fuel") != NULL;
  json_decref(answer);
  json_decref(question);
  return stopped;
}

/** A guest that never ends is stopped in a child too. */
static void endless(void)
{
  char path[] = "/tmp/x2f-endless-XXXXXX", fault[FAULT] = "";
  wasm_byte_vec_t binary;
  wasmtime_error_t *error = wasmtime_wat2wasm(ENDLESS, sizeof ENDLESS - 1, &binary);
  int file = mkstemp(path);
  CHECK(error == NULL && file >= 0);
  if (error != NULL || file < 0) return;
  CHECK(write(file, binary.data, binary.size) == (ssize_t)binary.size);
  close(file);
  x2f_engine *engine = x2f_engine_open(path, fault);
  CHECK(engine != NULL);
  unlink(path);
  wasm_byte_vec_delete(&binary);
  if (engine == NULL) return;
  CHECK(asks_without_end(engine));
  pid_t child = fork();
  if (child == 0) _exit(asks_without_end(engine) ? 7 : 1);
  CHECK(ended(child) == 7);
  x2f_engine_close(engine);
}

int main(int count, char **arguments)
{
  if (count != 2) {
    fprintf(stderr, "usage: %s COMPONENT\n", arguments[0]);
    return 2;
  }
  endless();
  alone(arguments[1]);
  busy(arguments[1]);
  return summary();
}
