package main

/*
#cgo pkg-config: xoxzo_2fa
#include <stdlib.h>
#include <string.h>
#include <xoxzo_2fa.h>

uint64_t conformNanoseconds(void);
int64_t conformSeconds(void);
uint32_t conformAdd(x2f_charge *charges, size_t count, x2f_totals *totals);
uint32_t conformSend(x2f_request *request, x2f_response *response);

static uint64_t nanoseconds(void *none) { return conformNanoseconds(); }
static int64_t seconds(void *none) { return conformSeconds(); }
static uint32_t add(void *none, const x2f_charge *charges, size_t count, x2f_totals *totals)
{
  return conformAdd((x2f_charge *)charges, count, totals);
}
static uint32_t send(void *none, const x2f_request *request, x2f_response *response)
{
  return conformSend((x2f_request *)request, response);
}

static x2f_store *open_memory(x2f_failure *failure)
{
  x2f_timer timer = {nanoseconds, NULL};
  return x2f_store_memory(0, &timer, failure);
}

static x2f_client *open_hooked(const char *settings, uint32_t scope, x2f_failure *failure)
{
  x2f_options options = {.size = sizeof options, .settings = settings, .guard = {add, NULL, scope}, .transport = {send, NULL}, .clock = {seconds, NULL}};
  return x2f_open(&options, failure);
}

static uint32_t add_to(x2f_store *store, x2f_charge *charges, size_t count, x2f_total *found, x2f_totals *totals)
{
  totals->totals = found;
  return x2f_store_add(store, charges, count, totals);
}
*/
import "C"

import (
	"context"
	"encoding/json"
	"errors"
	"unsafe"

	"github.com/xoxzo/xoxzo-2fa/host/go/internal/events"
)

// hooked is a backend whose guard, transport and clock are those of the shell.
type hooked struct{ client *C.x2f_client }

func (h hooked) Ask(_ context.Context, function string, arguments map[string]any) ([]byte, error) {
	if arguments["audit"] == true {
		arguments["event"] = true
	}
	question, err := json.Marshal(map[string]any{function: arguments})
	if err != nil {
		return nil, err
	}
	text := C.CString(string(question))
	defer C.free(unsafe.Pointer(text))
	answer := C.x2f_call(h.client, text)
	if answer == nil {
		return nil, errors.New("no memory")
	}
	defer C.x2f_free(answer)
	told := []byte(C.GoString(answer))
	events.Tell(func(line []byte) { shell.events = append(shell.events, json.RawMessage(line)) }, told)
	return told, nil
}

func (h hooked) Close() { C.x2f_close(h.client) }

// prepared is what a client was opened with, or why it was not.
type prepared struct {
	effective           string
	warnings            []string
	blame, code, detail string
}

var store *C.x2f_store

// hook opens a client with the shell around it, and a new guard in memory.
func hook(settings string, shared bool) (hooked, prepared) {
	text := C.CString(settings)
	defer C.free(unsafe.Pointer(text))
	failure := C.x2f_failure{size: C.sizeof_x2f_failure}
	C.x2f_store_close(store)
	store = C.open_memory(&failure)
	scope := C.uint32_t(C.X2F_PROCESS)
	if shared {
		scope = C.X2F_SHARED
	}
	client := C.open_hooked(text, scope, &failure)
	if client == nil {
		blame := map[C.uint32_t]string{C.X2F_MISUSE: "misuse", C.X2F_REFUSE: "refuse", C.X2F_UPSTREAM: "upstream"}[failure.blame]
		return hooked{}, prepared{blame: blame, code: C.GoString(&failure.code[0]), detail: C.GoString(&failure.detail[0])}
	}
	ready := prepared{effective: C.GoString(C.x2f_effective(client)), warnings: []string{}}
	for {
		warning := C.x2f_warning(client, C.size_t(len(ready.warnings)))
		if warning == nil {
			return hooked{client}, ready
		}
		ready.warnings = append(ready.warnings, C.GoString(warning))
	}
}

//export conformNanoseconds
func conformNanoseconds() C.uint64_t { return C.uint64_t(shell.now * 1e9) }

//export conformSeconds
func conformSeconds() C.int64_t { return C.int64_t(shell.now) + C.int64_t(shell.ahead) }

//export conformAdd
func conformAdd(charges *C.x2f_charge, count C.size_t, totals *C.x2f_totals) C.uint32_t {
	switch shell.guard {
	case "":
		return C.uint32_t(C.x2f_store_add(store, charges, count, totals))
	case "guard-full":
		write(totals.cause[:], shell.cause)
		return C.X2F_GUARD_FULL
	default:
		write(totals.cause[:], shell.cause)
		return C.X2F_GUARD_UNREACHABLE
	}
}

//export conformSend
func conformSend(request *C.x2f_request, response *C.x2f_response) C.uint32_t {
	headers := map[string]string{}
	for _, header := range unsafe.Slice(request.headers, request.header_count) {
		headers[C.GoString(header.name)] = C.GoString(header.value)
	}
	shell.requests = append(shell.requests, map[string]any{
		"method": C.GoString(request.method), "url": C.GoString(request.url), "headers": headers,
		"body": C.GoStringN(request.body, C.int(request.body_length)), "timeout_milliseconds": uint32(request.timeout_milliseconds),
	})
	switch shell.xoxzo.NoAnswer {
	case "":
		response.status = C.uint16_t(shell.xoxzo.Status)
		write(response.retry_after[:], shell.xoxzo.RetryAfter)
		response.body_length = C.size_t(write(response.body[:], shell.xoxzo.Body))
		return C.X2F_ANSWERED
	case "not-sent":
		write(response.cause[:], shell.cause)
		return C.X2F_NOT_SENT
	default:
		write(response.cause[:], shell.cause)
		return C.X2F_UNKNOWN
	}
}

// write copies a text as far as there is room, and returns its length.
func write(to []C.char, text string) int {
	at := 0
	for ; at < len(text) && at < len(to)-1; at++ {
		to[at] = C.char(text[at])
	}
	to[at] = 0
	return at
}

// charge is one of a list.
type charge struct {
	Counter string `json:"counter"`
	Group   string `json:"group"`
	Amount  int32  `json:"amount"`
	Limit   uint32 `json:"limit"`
	TTL     uint32 `json:"ttl_seconds"`
}

// add makes a list's charges in the guard, and returns its totals.
func add(list []charge) ([]map[string]any, any, bool) {
	if len(list) > 64 {
		return nil, nil, false
	}
	size := C.size_t(len(list))
	charges := (*C.x2f_charge)(C.calloc(size+1, C.sizeof_x2f_charge))
	found := (*C.x2f_total)(C.calloc(size+1, C.sizeof_x2f_total))
	defer C.free(unsafe.Pointer(charges))
	defer C.free(unsafe.Pointer(found))
	for at, each := range list {
		counter, group := C.CString(name(each.Counter)), C.CString(name(each.Group))
		defer C.free(unsafe.Pointer(counter))
		defer C.free(unsafe.Pointer(group))
		unsafe.Slice(charges, size)[at] = C.x2f_charge{
			counter: counter, group: group, amount: C.int32_t(each.Amount), limit: C.uint32_t(each.Limit), ttl_seconds: C.uint32_t(each.TTL),
		}
	}
	made := C.x2f_totals{now_seconds: -1}
	if shell.guard != "" || C.add_to(store, charges, size, found, &made) != C.X2F_ANSWERED {
		return nil, nil, false
	}
	totals := []map[string]any{}
	for _, each := range unsafe.Slice(found, made.count) {
		totals = append(totals, map[string]any{"total": uint32(each.total), "ends_in_seconds": uint32(each.ends_in_seconds)})
	}
	if made.now_seconds < 0 {
		return totals, nil, true
	}
	return totals, int64(made.now_seconds), true
}

// name is one of 22 letters for any text.
func name(text string) string {
	if len(text) > 21 {
		text = text[:21]
	}
	return text + "AAAAAAAAAAAAAAAAAAAAAA"[len(text):]
}
