/* The component: compiled once, a new instance for every question. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <wasmtime.h>

#include "internal.h"

/** Questions at one time. One more waits. */
#define RUNNING 256
/** Fuel of one question, about one unit an instruction. A question takes under 2 million; this is less than a second. */
#define FUEL 200000000u
/** The most memory of one instance, in bytes. */
#define MEMORY (2 * 1024 * 1024)
/** The most stack of one instance, on the stack of the thread that asks. */
#define STACK (256 * 1024)
/** The longest question that the component takes, in bytes. A longer one could fill its memory before it is refused. */
#define QUESTION (100 * 1024)
/** The largest file that is taken for a component. */
#define LARGEST (16 * 1024 * 1024)

struct x2f_engine {
  wasm_engine_t *engine;
  wasmtime_component_t *component;
  wasmtime_component_linker_t *linker;
  wasmtime_component_export_index_t *ask;
  /** Places to run that are free. */
  sem_t places;
  /** What was compiled, how many clients use it, and the next in the list of all. */
  uint8_t *content;
  size_t length, users;
  x2f_engine *next;
};

/** All that are open. Clients of one component share what was compiled. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static x2f_engine *all;
/** The first process that compiled. wasmtime has threads for that, which its children have not. */
static pid_t first;

/* Forks. A child has copies of all locks of wasmtime and none of the threads that hold them: so no thread asks while one forks. */

static void before_fork(void)
{
  pthread_mutex_lock(&lock);
  for (x2f_engine *each = all; each != NULL; each = each->next)
    for (int at = 0; at < RUNNING; at++)
      while (sem_wait(&each->places) != 0 && errno == EINTR) continue;
}

static void after_fork(void)
{
  for (x2f_engine *each = all; each != NULL; each = each->next)
    for (int at = 0; at < RUNNING; at++) sem_post(&each->places);
  pthread_mutex_unlock(&lock);
}

static void watch_forks(void)
{
  pthread_atfork(before_fork, after_fork, after_fork);
}

/** Writes what went wrong, with the cause that wasmtime names last: it holds nothing of the component's memory. */
static void explain(char fault[FAULT], const char *what, wasmtime_error_t *error)
{
  wasm_name_t message = {0, NULL};
  wasmtime_error_message(error, &message);
  size_t end = message.size;
  while (end > 0 && (message.data[end - 1] == '\n' || message.data[end - 1] == ' ')) end--;
  size_t begin = end;
  while (begin > 0 && message.data[begin - 1] != '\n') begin--;
  while (begin < end && message.data[begin] == ' ') begin++;
  snprintf(fault, FAULT, "%s: %.*s", what, end > begin ? (int)(end - begin) : 0, end > begin ? message.data + begin : "");
  wasm_byte_vec_delete(&message);
  wasmtime_error_delete(error);
}

/** `get-random-bytes` of wasi:random. An empty list is a failure there, with the code `randomness`. */
static wasmtime_error_t *random_bytes(void *none, wasmtime_context_t *context, const wasmtime_component_func_type_t *type,
                                      wasmtime_component_val_t *args, size_t count, wasmtime_component_val_t *results,
                                      size_t result_count)
{
  (void)none, (void)context, (void)type;
  if (count != 1 || result_count != 1) return wasmtime_error_new("get-random-bytes has another form");
  unsigned char bytes[256]; /* As many as getrandom() gives at once; 32 at most are asked for. */
  size_t length = args[0].of.u64 < sizeof bytes ? (size_t)args[0].of.u64 : sizeof bytes;
  ssize_t given;
  do given = getrandom(bytes, length, 0);
  while (given < 0 && errno == EINTR);
  if (given != (ssize_t)length) length = 0;
  results[0].kind = WASMTIME_COMPONENT_LIST;
  wasmtime_component_vallist_new_uninit(&results[0].of.list, length);
  for (size_t at = 0; at < length; at++) {
    results[0].of.list.data[at].kind = WASMTIME_COMPONENT_U8;
    results[0].of.list.data[at].of.u8 = bytes[at];
  }
  explicit_bzero(bytes, sizeof bytes);
  return NULL;
}

/** Gives the component its one import. */
static wasmtime_error_t *supply_random(wasmtime_component_linker_t *linker)
{
  static const char interface[] = "wasi:random/random@0.2.0", function[] = "get-random-bytes";
  wasmtime_component_linker_instance_t *root = wasmtime_component_linker_root(linker), *random = NULL;
  wasmtime_error_t *error = wasmtime_component_linker_instance_add_instance(root, interface, sizeof interface - 1, &random);
  if (error == NULL) {
    error = wasmtime_component_linker_instance_add_func(random, function, sizeof function - 1, random_bytes, NULL, NULL);
    wasmtime_component_linker_instance_delete(random);
  }
  wasmtime_component_linker_instance_delete(root);
  return error;
}

/**
 * Memory of a pool, which is zeroed when an instance ends. No signal handlers: those are the embedding program's, and so bounds
 * are checked by code.
 */
static wasm_config_t *configure(void)
{
  wasm_config_t *config = wasm_config_new();
  wasmtime_pooling_allocation_config_t *pool = wasmtime_pooling_allocation_config_new();
  if (config != NULL && pool != NULL) {
    /* The component is its module and two small ones that tie its import. */
    wasmtime_pooling_allocation_config_total_component_instances_set(pool, RUNNING);
    wasmtime_pooling_allocation_config_total_core_instances_set(pool, RUNNING * 4);
    wasmtime_pooling_allocation_config_total_memories_set(pool, RUNNING);
    wasmtime_pooling_allocation_config_total_tables_set(pool, RUNNING * 3);
    wasmtime_pooling_allocation_config_max_memory_size_set(pool, MEMORY);
    wasmtime_pooling_allocation_config_linear_memory_keep_resident_set(pool, MEMORY / 4);
    wasmtime_pooling_allocation_config_table_keep_resident_set(pool, 16 * 1024);
    wasmtime_pooling_allocation_strategy_set(config, pool);
    wasmtime_config_memory_reservation_set(config, MEMORY);
    wasmtime_config_memory_guard_size_set(config, 0);
    wasmtime_config_signals_based_traps_set(config, false);
    wasmtime_config_consume_fuel_set(config, true);
    wasmtime_config_parallel_compilation_set(config, first == getpid());
    wasmtime_config_max_wasm_stack_set(config, STACK);
  }
  if (pool != NULL) wasmtime_pooling_allocation_config_delete(pool);
  return config;
}

/** The content of a file of WebAssembly, malloc'ed. */
static uint8_t *read_file(const char *path, size_t *length)
{
  FILE *file = path == NULL ? NULL : fopen(path, "rb");
  if (file == NULL) return NULL;
  uint8_t *content = malloc(LARGEST);
  *length = content == NULL ? 0 : fread(content, 1, LARGEST, file);
  bool whole = content != NULL && !ferror(file) && *length < LARGEST && *length > 4 && memcmp(content, "\0asm", 4) == 0;
  fclose(file);
  if (whole) {
    uint8_t *fitting = realloc(content, *length);
    return fitting == NULL ? content : fitting;
  }
  free(content);
  return NULL;
}

/** The index of `ask` of the interface `text`. */
static wasmtime_component_export_index_t *find_ask(const wasmtime_component_t *component)
{
  static const char interface[] = "xoxzo:two-factor/text@0.1.0", function[] = "ask";
  wasmtime_component_export_index_t *text, *ask;
  text = wasmtime_component_get_export_index(component, NULL, interface, sizeof interface - 1);
  if (text == NULL) return NULL;
  ask = wasmtime_component_get_export_index(component, text, function, sizeof function - 1);
  wasmtime_component_export_index_delete(text);
  return ask;
}

static void discard(x2f_engine *own)
{
  if (own->ask != NULL) wasmtime_component_export_index_delete(own->ask);
  if (own->linker != NULL) wasmtime_component_linker_delete(own->linker);
  if (own->component != NULL) wasmtime_component_delete(own->component);
  if (own->engine != NULL) wasm_engine_delete(own->engine);
  sem_destroy(&own->places);
  free(own->content);
  free(own);
}

/** Compiles a component, whose content it takes. */
static x2f_engine *compile(uint8_t *content, size_t length, char fault[FAULT])
{
  x2f_engine *own = calloc(1, sizeof *own);
  if (own == NULL) {
    snprintf(fault, FAULT, "no memory");
    free(content);
    return NULL;
  }
  static pthread_once_t watched = PTHREAD_ONCE_INIT;
  pthread_once(&watched, watch_forks);
  if (first == 0) first = getpid();
  own->content = content;
  own->length = length;
  sem_init(&own->places, 0, RUNNING);
  wasm_config_t *config = configure();
  if (config != NULL) own->engine = wasm_engine_new_with_config(config);
  wasmtime_error_t *error = NULL;
  if (own->engine == NULL) {
    snprintf(fault, FAULT, "the WebAssembly engine does not start");
  } else if ((error = wasmtime_component_new(own->engine, content, length, &own->component)) != NULL) {
    explain(fault, "the component does not load", error);
  } else if ((own->ask = find_ask(own->component)) == NULL) {
    snprintf(fault, FAULT, "the component has no xoxzo:two-factor/text@0.1.0");
  } else {
    own->linker = wasmtime_component_linker_new(own->engine);
    error = supply_random(own->linker);
    if (error == NULL) return own;
    explain(fault, "the component's import cannot be supplied", error);
  }
  discard(own);
  return NULL;
}

x2f_engine *x2f_engine_open(const char *path, char fault[FAULT])
{
  size_t length = 0;
  uint8_t *content = read_file(path, &length);
  if (content == NULL) {
    snprintf(fault, FAULT, "the component's file cannot be read, or is none");
    return NULL;
  }
  pthread_mutex_lock(&lock);
  x2f_engine *own = all;
  while (own != NULL && (own->length != length || memcmp(own->content, content, length) != 0)) own = own->next;
  if (own != NULL) {
    free(content);
  } else if ((own = compile(content, length, fault)) != NULL) {
    own->next = all;
    all = own;
  }
  if (own != NULL) own->users++;
  pthread_mutex_unlock(&lock);
  return own;
}

void x2f_engine_close(x2f_engine *own)
{
  if (own == NULL) return;
  pthread_mutex_lock(&lock);
  if (--own->users == 0) {
    x2f_engine **link = &all;
    while (*link != own) link = &(*link)->next;
    *link = own->next;
    discard(own);
  }
  pthread_mutex_unlock(&lock);
}

/** Calls `ask` in a new store. The texts are UTF-8: wasmtime aborts on others. */
static wasmtime_error_t *call(const x2f_engine *own, wasmtime_context_t *context, wasm_name_t settings, uint32_t now,
                              wasm_name_t question, wasmtime_component_val_t *result)
{
  wasmtime_component_instance_t instance;
  wasmtime_component_func_t ask;
  wasmtime_error_t *error = wasmtime_context_set_fuel(context, FUEL);
  if (error != NULL) return error;
  error = wasmtime_component_linker_instantiate(own->linker, context, own->component, &instance);
  if (error != NULL) return error;
  if (!wasmtime_component_instance_get_func(&instance, context, own->ask, &ask)) return wasmtime_error_new("no function ask");
  wasmtime_component_val_t args[3] = {
      {.kind = WASMTIME_COMPONENT_STRING, .of.string = settings},
      {.kind = WASMTIME_COMPONENT_U32, .of.u32 = now},
      {.kind = WASMTIME_COMPONENT_STRING, .of.string = question},
  };
  return wasmtime_component_func_call(&ask, context, args, 3, result, 1);
}

/** Parses an answer and wipes its text. */
static json_t *read_answer(wasmtime_component_val_t *result, char fault[FAULT])
{
  json_t *answer = NULL;
  if (result->kind == WASMTIME_COMPONENT_STRING) {
    wasm_name_t *said = &result->of.string;
    answer = json_loadb(said->data, said->size, JSON_REJECT_DUPLICATES, NULL);
    explicit_bzero(said->data, said->size);
  }
  if (answer == NULL) snprintf(fault, FAULT, "the component's answer is not JSON");
  wasmtime_component_val_delete(result);
  return answer;
}

json_t *x2f_engine_ask(x2f_engine *own, const char *settings, uint32_t now, const json_t *question, char fault[FAULT])
{
  size_t length = json_dumpb(question, NULL, 0, JSON_COMPACT);
  if (length > QUESTION)
    return json_pack("{s:{s:s,s:s,s:s}}", "failure", "blame", "misuse", "code", "request", "detail", "question: longer than 100 KiB");
  char *asked = malloc(length + 1);
  json_t *answer = NULL;
  if (asked == NULL || length == 0 || json_dumpb(question, asked, length, JSON_COMPACT) != length) {
    snprintf(fault, FAULT, "no memory");
  } else {
    while (sem_wait(&own->places) != 0 && errno == EINTR) continue;
    wasmtime_store_t *store = wasmtime_store_new(own->engine, NULL, NULL);
    wasmtime_store_limiter(store, MEMORY, 10000, 8, 4, 1);
    wasmtime_component_val_t result = {0}; /* The call drops what was in it. */
    wasm_name_t given = {strlen(settings), (char *)settings}, text = {length, asked};
    wasmtime_error_t *error = call(own, wasmtime_store_context(store), given, now, text, &result);
    wasmtime_store_delete(store);
    sem_post(&own->places);
    if (error != NULL) explain(fault, "the component trapped", error);
    else answer = read_answer(&result, fault);
  }
  if (asked != NULL) explicit_bzero(asked, length);
  free(asked);
  return answer;
}
