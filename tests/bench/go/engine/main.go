// Command engine is the client of the package, over the library behind ../../c/xoxzo.c. Loaded first by LD_PRELOAD, that gives it Xoxzo in memory.
package main

/*
#cgo CFLAGS: -I../../c
#cgo LDFLAGS: -lxoxzo
#include "xoxzo.h"
*/
import "C"

import (
	"context"
	"errors"
	"log"

	"bench/measure"

	xoxzo2fa "github.com/xoxzo/xoxzo-2fa/host/go"
)

type engine struct{ client *xoxzo2fa.Client }

func (engine) Locks() bool { return true }

func (engine) Altered() string { return "invalid-token" }

func (e engine) Start(user measure.User) (string, string) {
	challenge, err := e.client.Start(context.Background(), bound(user), xoxzo2fa.Sending{})
	return string(challenge.Token), code(err)
}

func (e engine) Verify(token string, user measure.User, pin string) string {
	_, err := e.client.Verify(context.Background(), xoxzo2fa.Token(token), bound(user), xoxzo2fa.PIN(pin))
	return code(err)
}

func (engine) Sent() []string {
	all := C.GoString(C.bench_sent())
	codes := make([]string, 0, len(all)/6)
	for at := 0; at < len(all); at += 6 {
		codes = append(codes, all[at:at+6])
	}
	return codes
}

func (engine) SetBack(seconds int64) { C.bench_set_back(C.int64_t(seconds)) }

func bound(user measure.User) xoxzo2fa.Binding {
	return xoxzo2fa.Binding{Recipient: user.Phone, Subject: user.Subject, Purpose: "login"}
}

func code(err error) string {
	if err == nil {
		return ""
	}
	var failed *xoxzo2fa.Failure
	if !errors.As(err, &failed) {
		log.Fatal(err)
	}
	return string(failed.Code)
}

func main() {
	measure.Answer(func(settings string) measure.Login {
		client, err := xoxzo2fa.Open(xoxzo2fa.Options{Settings: settings, Store: "memory"})
		if err != nil {
			log.Fatal(err)
		}
		return engine{client}
	})
}
