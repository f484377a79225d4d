package xoxzo2fa

/*
#cgo pkg-config: xoxzo_2fa
#include <stdlib.h>
#include <string.h>
#include <xoxzo_2fa.h>

static x2f_client *x2f_go_open(const char *settings, const x2f_store *store, x2f_failure *failure)
{
  x2f_options options = {.size = sizeof options, .settings = settings, .store = store};
  return x2f_open(&options, failure);
}

static void x2f_go_wipe(volatile char *text)
{
  for (; *text != 0; text++) *text = 0;
}
*/
import "C"

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"github.com/xoxzo/xoxzo-2fa/host/go/internal/events"
)

// Options are what a client of the C library needs.
type Options struct {
	// Settings is the JSON text that settings.schema.json describes. For a secret there may stand {"env": NAME} or {"file": PATH}.
	Settings string
	// Store holds the counters: memory, for one process; sqlite:PATH, for all processes of one machine; or the URL of a Redis or Valkey
	// server, redis:// or rediss://
	Store string
	// Events takes each operation that ended, as one JSON object on one line, and may be nil. It is called before the operation returns, so it should
	// be quick. The fields are those of SPEC.md, "Events". Nothing in it is personal. From Go 1.21 on, [Slog] makes one of a logger.
	Events func(line []byte)
}

// Format prints the type's name in place of keys and passwords.
func (Options) Format(state fmt.State, _ rune) { hide(state, "Options") }

// Operations at the same time, each of which holds a thread of the system. Those that wait for Xoxzo have places of their own, so that slow messages
// delay no check of a code.
const (
	sending = 64
	others  = 64
)

// library is the backend of the C library.
type library struct {
	// ending is held for writing by Close.
	ending sync.RWMutex
	client *C.x2f_client
	store  *C.x2f_store
	events func([]byte)
	// sending and others hold a value for each operation under way.
	sending, others chan struct{}
}

// Open checks the settings, tests the store and sets up the engine, which takes some milliseconds where `make install` compiled it, and otherwise about a
// second. One client is enough for a process.
func Open(options Options) (*Client, error) {
	settings, name := C.CString(options.Settings), C.CString(options.Store)
	defer forget(settings)
	defer forget(name)
	opened := &library{events: options.Events, sending: make(chan struct{}, sending), others: make(chan struct{}, others)}
	failure := C.x2f_failure{size: C.sizeof_x2f_failure}
	if opened.store = C.x2f_store_open(name, &failure); opened.store == nil {
		return nil, refused(&failure)
	}
	opened.client = C.x2f_go_open(settings, opened.store, &failure)
	if opened.client == nil {
		opened.Close()
		return nil, refused(&failure)
	}
	return New(opened), nil
}

// Effective returns the settings in effect, defaults filled in, as JSON without secrets, of a client that [Open] opened.
func (c *Client) Effective() string {
	own, _ := c.backend.(*library)
	if own == nil {
		return ""
	}
	own.ending.RLock()
	defer own.ending.RUnlock()
	return C.GoString(C.x2f_effective(own.client))
}

// Warnings returns a sentence each on settings that are allowed but unwise, of a client that [Open] opened.
func (c *Client) Warnings() []string {
	own, _ := c.backend.(*library)
	if own == nil {
		return nil
	}
	own.ending.RLock()
	defer own.ending.RUnlock()
	var warnings []string
	for {
		warning := C.x2f_warning(own.client, C.size_t(len(warnings)))
		if warning == nil {
			return warnings
		}
		warnings = append(warnings, C.GoString(warning))
	}
}

func (l *library) Ask(ctx context.Context, function string, arguments map[string]any) ([]byte, error) {
	places := l.others
	switch function {
	case "start", "resend", "status", "credits":
		places = l.sending
	}
	select {
	case places <- struct{}{}:
		defer func() { <-places }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.ending.RLock()
	defer l.ending.RUnlock()
	if l.events == nil || arguments["audit"] != true {
		return call(l.client, function, arguments)
	}
	// What has an audit is an operation, and has an event.
	arguments["event"] = true
	answer, err := call(l.client, function, arguments)
	events.Tell(l.events, answer)
	return answer, err
}

func (l *library) Close() {
	l.ending.Lock()
	defer l.ending.Unlock()
	C.x2f_close(l.client)
	C.x2f_store_close(l.store)
	l.client, l.store = nil, nil
}

// Offline is a client without settings, for what needs none: [Client.CheckReceipt], [Client.Inspect], [Client.SignRequest], and to make keys. Every
// other operation of it fails with [Misuse].
var Offline = New(offline{})

type offline struct{}

func (offline) Ask(_ context.Context, function string, arguments map[string]any) ([]byte, error) {
	return call(nil, function, arguments)
}

func (offline) Close() {}

func call(client *C.x2f_client, function string, arguments map[string]any) ([]byte, error) {
	question, err := json.Marshal(map[string]any{function: arguments})
	if err != nil {
		return nil, err
	}
	text := C.CString(string(question))
	defer forget(text)
	answer := C.x2f_call(client, text)
	if answer == nil {
		return nil, errors.New("no memory for the answer")
	}
	defer C.x2f_free(answer)
	return []byte(C.GoString(answer)), nil
}

func forget(text *C.char) {
	C.x2f_go_wipe(text)
	C.free(unsafe.Pointer(text))
}

// refused is the failure to open a client.
func refused(failure *C.x2f_failure) error {
	blames := map[C.uint32_t]Blame{C.X2F_MISUSE: Misuse, C.X2F_REFUSE: Refuse}
	blame, known := blames[failure.blame]
	if !known {
		blame = Upstream
	}
	told := &Failure{Blame: blame, Code: Code(C.GoString(&failure.code[0])), Detail: C.GoString(&failure.detail[0])}
	told.Audit.Cause = C.GoString(&failure.audit.cause[0])
	return told
}
