/* The engine, as `wit/ASK.md` has it: compiled once, a new instance for every question. */
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
/** The part of its memory in which questions are asked and answered, in bytes. */
#define AREA (256 * 1024)
/** The largest file that is taken for a module. */
#define LARGEST (16 * 1024 * 1024)

struct x2f_engine {
  wasm_engine_t *engine;
  wasmtime_module_t *module;
  wasmtime_linker_t *linker;
  /** An instance but for its store. */
  wasmtime_instance_pre_t *instances;
  /** Places to run that are free. */
  sem_t places;
  /** What was compiled, how many clients use it, and the next in the list of all. */
  uint8_t *content;
  size_t length, users;
  x2f_engine *next;
};

/** All that are open. Clients of one module share what was compiled. */
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

/** Writes what went wrong, with the cause that wasmtime names last: it holds nothing of the engine's memory. */
static void explain(char fault[FAULT], const char *what, wasm_name_t *message)
{
  size_t end = message->size;
  while (end > 0 && (message->data[end - 1] == '\n' || message->data[end - 1] == ' ' || message->data[end - 1] == '\0')) end--;
  size_t begin = end;
  while (begin > 0 && message->data[begin - 1] != '\n') begin--;
  while (begin < end && message->data[begin] == ' ') begin++;
  snprintf(fault, FAULT, "%s: %.*s", what, (int)(end - begin), end > begin ? message->data + begin : "");
  wasm_byte_vec_delete(message);
}

/** Writes why a call gave nothing, and tells whether one of both is there. */
static bool failed(char fault[FAULT], const char *what, wasmtime_error_t *error, wasm_trap_t *trap)
{
  wasm_name_t message = {0, NULL};
  if (error != NULL) {
    wasmtime_error_message(error, &message);
    wasmtime_error_delete(error);
  } else if (trap != NULL) {
    wasm_trap_message(trap, &message);
    wasm_trap_delete(trap);
  } else {
    return false;
  }
  explain(fault, what, &message);
  return true;
}

/** `random_get` of WASI: fills bytes of the caller's memory, and answers 0, or the number of an error. */
static wasm_trap_t *random_get(void *none, wasmtime_caller_t *caller, const wasmtime_val_t *args, size_t count, wasmtime_val_t *results,
                               size_t result_count)
{
  enum { FAULT_OF_ADDRESS = 21, FAULT_OF_DEVICE = 29 };
  (void)none, (void)count, (void)result_count;
  results[0].kind = WASMTIME_I32;
  results[0].of.i32 = FAULT_OF_ADDRESS;
  wasmtime_extern_t memory;
  if (!wasmtime_caller_export_get(caller, "memory", 6, &memory) || memory.kind != WASMTIME_EXTERN_MEMORY) return NULL;
  wasmtime_context_t *context = wasmtime_caller_context(caller);
  size_t to = (uint32_t)args[0].of.i32, length = (uint32_t)args[1].of.i32;
  size_t size = wasmtime_memory_data_size(context, &memory.of.memory);
  if (to > size || length > size - to) return NULL;
  uint8_t *bytes = wasmtime_memory_data(context, &memory.of.memory) + to;
  while (length > 0) {
    ssize_t given = getrandom(bytes, length, 0);
    if (given < 0 && errno == EINTR) continue;
    if (given <= 0) {
      results[0].of.i32 = FAULT_OF_DEVICE;
      return NULL;
    }
    bytes += given;
    length -= (size_t)given;
  }
  results[0].of.i32 = 0;
  return NULL;
}

/** Gives the engine its one import. */
static wasmtime_error_t *supply_random(wasmtime_linker_t *linker)
{
  static const char module[] = "wasi_snapshot_preview1", name[] = "random_get";
  wasm_functype_t *type = wasm_functype_new_2_1(wasm_valtype_new_i32(), wasm_valtype_new_i32(), wasm_valtype_new_i32());
  wasmtime_error_t *error =
      wasmtime_linker_define_func(linker, module, sizeof module - 1, name, sizeof name - 1, type, random_get, NULL, NULL);
  wasm_functype_delete(type);
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
    wasmtime_pooling_allocation_config_total_core_instances_set(pool, RUNNING);
    wasmtime_pooling_allocation_config_total_memories_set(pool, RUNNING);
    wasmtime_pooling_allocation_config_total_tables_set(pool, RUNNING);
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

static void discard(x2f_engine *own)
{
  if (own->instances != NULL) wasmtime_instance_pre_delete(own->instances);
  if (own->linker != NULL) wasmtime_linker_delete(own->linker);
  if (own->module != NULL) wasmtime_module_delete(own->module);
  if (own->engine != NULL) wasm_engine_delete(own->engine);
  sem_destroy(&own->places);
  free(own->content);
  free(own);
}

static bool has_export(wasmtime_module_t *module, const char *name, wasm_externkind_t kind)
{
  wasm_exporttype_vec_t exports;
  wasmtime_module_exports(module, &exports);
  bool found = false;
  for (size_t at = 0; at < exports.size; at++) {
    const wasm_name_t *own = wasm_exporttype_name(exports.data[at]);
    found |= own->size == strlen(name) && memcmp(own->data, name, own->size) == 0 &&
             wasm_externtype_kind(wasm_exporttype_type(exports.data[at])) == kind;
  }
  wasm_exporttype_vec_delete(&exports);
  return found;
}

/** Compiles a module, whose content it takes. */
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
  if (own->engine == NULL) {
    snprintf(fault, FAULT, "the WebAssembly engine does not start");
  } else if (failed(fault, "the module does not load", wasmtime_module_new(own->engine, content, length, &own->module), NULL)) {
    /* It is told. */
  } else if (!has_export(own->module, "memory", WASM_EXTERN_MEMORY) || !has_export(own->module, "area", WASM_EXTERN_GLOBAL) ||
             !has_export(own->module, "ask", WASM_EXTERN_FUNC)) {
    snprintf(fault, FAULT, "the module does not load: it has not the exports memory, area and ask");
  } else {
    own->linker = wasmtime_linker_new(own->engine);
    static const char what[] = "the module's import cannot be supplied";
    if (!failed(fault, what, supply_random(own->linker), NULL) &&
        !failed(fault, what, wasmtime_linker_instantiate_pre(own->linker, own->module, &own->instances), NULL))
      return own;
  }
  discard(own);
  return NULL;
}

x2f_engine *x2f_engine_open(const char *path, char fault[FAULT])
{
  size_t length = 0;
  uint8_t *content = read_file(path, &length);
  if (content == NULL) {
    snprintf(fault, FAULT, "the module's file cannot be read, or is none");
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

/** An instance, and where its memory begins and the area in it. */
struct instance {
  wasmtime_instance_t instance;
  wasmtime_func_t ask;
  wasmtime_memory_t memory;
  size_t area;
};

/** Makes an instance whose area is in its memory. */
static bool make_instance(const x2f_engine *own, wasmtime_context_t *context, struct instance *made, char fault[FAULT])
{
  wasm_trap_t *trap = NULL;
  wasmtime_error_t *error = wasmtime_context_set_fuel(context, FUEL);
  if (error == NULL) error = wasmtime_instance_pre_instantiate(own->instances, context, &made->instance, &trap);
  if (failed(fault, "no instance", error, trap)) return false;
  wasmtime_extern_t memory, area, ask;
  wasmtime_val_t address = {0};
  if (wasmtime_instance_export_get(context, &made->instance, "memory", 6, &memory) &&
      wasmtime_instance_export_get(context, &made->instance, "area", 4, &area) &&
      wasmtime_instance_export_get(context, &made->instance, "ask", 3, &ask)) {
    made->memory = memory.of.memory;
    made->ask = ask.of.func;
    wasmtime_global_get(context, &area.of.global, &address);
    made->area = (uint32_t)address.of.i32;
    size_t size = wasmtime_memory_data_size(context, &made->memory);
    if (address.kind == WASMTIME_I32 && size >= AREA && made->area <= size - AREA) return true;
  }
  snprintf(fault, FAULT, "the module's area is not in its memory");
  return false;
}

/** Calls `ask` in an instance of its own, and parses the answer. */
static json_t *call(const x2f_engine *own, wasmtime_context_t *context, const char *settings, uint32_t now, const char *question,
                    size_t length, char fault[FAULT])
{
  struct instance made;
  if (!make_instance(own, context, &made, fault)) return NULL;
  size_t prepared = strlen(settings);
  uint8_t *area = wasmtime_memory_data(context, &made.memory) + made.area;
  memcpy(area, settings, prepared);
  memcpy(area + prepared, question, length);
  wasmtime_val_t args[3] = {
      {.kind = WASMTIME_I32, .of.i32 = (int32_t)prepared},
      {.kind = WASMTIME_I32, .of.i32 = (int32_t)length},
      {.kind = WASMTIME_I32, .of.i32 = (int32_t)now},
  };
  wasmtime_val_t result = {0};
  wasm_trap_t *trap = NULL;
  wasmtime_error_t *error = wasmtime_func_call(context, &made.ask, args, 3, &result, 1, &trap);
  if (failed(fault, "the module trapped", error, trap)) return NULL;
  /* A memory that grew may have moved. */
  area = wasmtime_memory_data(context, &made.memory) + made.area;
  json_t *answer = NULL;
  if (result.kind == WASMTIME_I32 && (uint32_t)result.of.i32 <= AREA)
    answer = json_loadb((const char *)area, (uint32_t)result.of.i32, JSON_REJECT_DUPLICATES, NULL);
  if (answer == NULL) snprintf(fault, FAULT, "the module's answer is not JSON");
  return answer;
}

json_t *x2f_engine_ask(x2f_engine *own, const char *settings, uint32_t now, const json_t *question, char fault[FAULT])
{
  size_t length = json_dumpb(question, NULL, 0, JSON_COMPACT), prepared = strlen(settings);
  if (prepared > AREA || length > AREA - prepared)
    return json_pack("{s:{s:s,s:s,s:s}}", "failure", "blame", "misuse", "code", "request", "detail", "question: longer than 100 KiB");
  char *asked = malloc(length + 1);
  json_t *answer = NULL;
  if (asked == NULL || length == 0 || json_dumpb(question, asked, length, JSON_COMPACT) != length) {
    snprintf(fault, FAULT, "no memory");
  } else {
    while (sem_wait(&own->places) != 0 && errno == EINTR) continue;
    wasmtime_store_t *store = wasmtime_store_new(own->engine, NULL, NULL);
    wasmtime_store_limiter(store, MEMORY, 10000, 1, 1, 1);
    answer = call(own, wasmtime_store_context(store), settings, now, asked, length, fault);
    wasmtime_store_delete(store);
    sem_post(&own->places);
  }
  if (asked != NULL) explicit_bzero(asked, length);
  free(asked);
  return answer;
}
