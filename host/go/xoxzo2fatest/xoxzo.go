// Package xoxzo2fatest is for tests of services that use xoxzo2fa: a Xoxzo on a loopback port, which sends nothing, and settings that lead to it.
package xoxzo2fatest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	xoxzo2fa "github.com/xoxzo/xoxzo-2fa/host/go"
)

// Message is one that arrived.
type Message struct {
	ID, Recipient string
	// Channel is sms or voice.
	Channel string
	// Text is that of an SMS, or the words of a call. For a template, whose text only Xoxzo has, it is the values of its variables, a line each.
	Text string
}

var (
	alone = regexp.MustCompile(`(?:^|[^0-9.,])([0-9]{6,10})(?:$|[^0-9.,]|[.,](?:$|[^0-9]))`)
	pause = strings.NewReplacer(",,", "")
)

// PIN returns the first six to ten digits that stand alone, or an empty text.
func (m Message) PIN() xoxzo2fa.PIN {
	found := alone.FindStringSubmatch(pause.Replace(m.Text))
	if found == nil {
		return ""
	}
	return xoxzo2fa.PIN(found[1])
}

// Xoxzo takes messages and keeps them. Any number of clients may use it.
type Xoxzo struct {
	mutex    sync.Mutex
	server   *httptest.Server
	messages []Message
	status   int
}

// New starts a Xoxzo, which ends with the test.
func New(t testing.TB) *Xoxzo {
	xoxzo := &Xoxzo{}
	xoxzo.server = httptest.NewServer(http.HandlerFunc(xoxzo.serve))
	t.Cleanup(xoxzo.server.Close)
	return xoxzo
}

// Settings returns settings in test mode whose messages come here, with keys of their own. The changes replace top-level fields.
func (x *Xoxzo) Settings(t testing.TB, changes map[string]any) string {
	t.Helper()
	document := map[string]any{
		"version": 1, "audience": "test", "service": "Test Shop", "destinations": []string{"JP-mobile"}, "test": true,
		"keys": []string{key(t)}, "guard": map[string]any{"key": key(t)},
		"xoxzo": map[string]any{"base_url": x.server.URL, "sid": "test-sid", "auth_token": "test-auth-token", "sender": "Test"},
	}
	for name, value := range changes {
		document[name] = value
	}
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func key(t testing.TB) string {
	t.Helper()
	made, err := xoxzo2fa.Offline.Keygen(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// Messages returns those that arrived, the last at the end.
func (x *Xoxzo) Messages() []Message {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	return append([]Message(nil), x.messages...)
}

// PIN returns that of the last message to a number. The test fails if there is none.
func (x *Xoxzo) PIN(t testing.TB, recipient string) xoxzo2fa.PIN {
	t.Helper()
	messages := x.Messages()
	for at := len(messages) - 1; at >= 0; at-- {
		if messages[at].Recipient == recipient && messages[at].PIN() != "" {
			return messages[at].PIN()
		}
	}
	t.Fatal("no message with a PIN arrived")
	return ""
}

// Fail answers each request with an HTTP status from now on, and nothing arrives. 0 ends that.
func (x *Xoxzo) Fail(status int) {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	x.status = status
}

func (x *Xoxzo) serve(answer http.ResponseWriter, request *http.Request) {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	body, err := io.ReadAll(io.LimitReader(request.Body, 1<<16))
	switch {
	case err != nil:
		answer.WriteHeader(http.StatusBadRequest)
	case x.status != 0:
		answer.WriteHeader(x.status)
		_, _ = io.WriteString(answer, `{"detail":"as the test wants"}`)
	case request.Method == http.MethodGet && strings.HasSuffix(request.URL.Path, "/you/credits/"):
		_, _ = io.WriteString(answer, `{"credits":1000}`)
	case request.Method == http.MethodGet:
		parts := strings.Split(strings.Trim(request.URL.Path, "/"), "/")
		_ = json.NewEncoder(answer).Encode(map[string]string{"msgid": parts[len(parts)-1], "status": "DELIVERED"})
	default:
		x.take(answer, request, body)
	}
}

func (x *Xoxzo) take(answer http.ResponseWriter, request *http.Request, body []byte) {
	message := Message{ID: fmt.Sprintf("m%d", len(x.messages)+1), Channel: "sms"}
	id := "msgid"
	if strings.Contains(request.URL.Path, "/voice/") {
		message.Channel, id = "voice", "callid"
	}
	var fields struct {
		Recipient string            `json:"recipient"`
		Variables map[string]string `json:"variables"`
	}
	if request.Header.Get("content-type") == "application/json" {
		if json.Unmarshal(body, &fields) != nil {
			answer.WriteHeader(http.StatusBadRequest)
			return
		}
		message.Recipient = fields.Recipient
		var values []string
		for _, value := range fields.Variables {
			values = append(values, value)
		}
		message.Text = strings.Join(values, "\n")
	} else {
		form, err := url.ParseQuery(string(body))
		if err != nil {
			answer.WriteHeader(http.StatusBadRequest)
			return
		}
		message.Recipient, message.Text = form.Get("recipient"), form.Get("message")+form.Get("tts_message")
	}
	x.messages = append(x.messages, message)
	answer.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(answer).Encode([]map[string]string{{id: message.ID}})
}
