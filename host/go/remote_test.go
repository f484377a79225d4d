package xoxzo2fa_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	xoxzo2fa "github.com/xoxzo/xoxzo-2fa/host/go"
	"github.com/xoxzo/xoxzo-2fa/host/go/xoxzo2fatest"
)

const callerKey = "a-key-of-a-caller-with-32-letters"

// serve starts xoxzo-2fa-serve rest with the settings of a Xoxzo, and returns a client of it.
func serve(t *testing.T, xoxzo *xoxzo2fatest.Xoxzo, rights ...string) *xoxzo2fa.Client {
	t.Helper()
	program := os.Getenv("XOXZO_2FA_SERVE")
	if program == "" {
		t.Fatal("XOXZO_2FA_SERVE must be the program xoxzo-2fa-serve")
	}
	caller := map[string]any{"name": "shop", "rights": rights, "key": map[string]string{"env": "CALLER_KEY"}}
	document, err := json.Marshal(map[string]any{"two_factor": json.RawMessage(xoxzo.Settings(t, nil)), "rest": map[string]any{"keys": []any{caller}}})
	if err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(t.TempDir(), "rest.json")
	if err := os.WriteFile(settings, document, 0o600); err != nil {
		t.Fatal(err)
	}
	server := exec.Command(program, "rest", "--settings", settings, "--listen", "127.0.0.1:0")
	server.Env = append(os.Environ(), "CALLER_KEY="+callerKey)
	told, err := server.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	line, err := bufio.NewReader(told).ReadString('\n')
	address := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(line)
	if err != nil || address == "" {
		t.Fatal("the server did not start: ", line, err)
	}
	client := xoxzo2fa.Remote(xoxzo2fa.Service{URL: "http://" + address, Key: callerKey})
	t.Cleanup(client.Close)
	return client
}

func TestALoginByAServer(t *testing.T) {
	xoxzo := xoxzo2fatest.New(t)
	login(t, xoxzo, serve(t, xoxzo, "send", "verify"))
}

func TestWhatAUserTypesIsAtMostRefusedByAServer(t *testing.T) {
	xoxzo := xoxzo2fatest.New(t)
	typed(t, xoxzo, serve(t, xoxzo, "send", "verify"))
}

func TestOfManyGoroutinesOneIsAcceptedByAServer(t *testing.T) {
	xoxzo := xoxzo2fatest.New(t)
	many(t, xoxzo, serve(t, xoxzo, "send", "verify"), 64)
}

func TestOperatorsOfAServerNeedTheirRight(t *testing.T) {
	xoxzo := xoxzo2fatest.New(t)
	operators(t, xoxzo, serve(t, xoxzo, "send", "verify", "operate"))
	_, err := serve(t, xoxzo, "send", "verify").Credits(ctx, "ann")
	if !errors.Is(err, xoxzo2fa.Misuse) {
		t.Error(err)
	}
}

func TestNoAnswerOfAServerIsUpstreamAndNamesNoKey(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := `{"accepted":{"receipt":"r","expires_in_seconds":60}}`
	asked := 0
	for _, each := range []struct {
		status int
		answer string
	}{
		{200, ""},
		{200, "<h1>Bad Gateway</h1>"},
		{200, `{"accepted":{"receipt":7}}`},
		{200, `{"challenged":{}}`},
		{200, `[]`},
		{200, `{"accepted":null}`},
		{200, `{"accepted":{}}`},
		{302, accepted},
		{500, accepted},
		{201, accepted},
	} {
		answer, status := each.answer, each.status
		handler := func(writer http.ResponseWriter, _ *http.Request) {
			asked++
			if answer == "" {
				panic(http.ErrAbortHandler)
			}
			writer.WriteHeader(status)
			_, _ = writer.Write([]byte(answer))
		}
		server := &http.Server{Handler: http.HandlerFunc(handler)}
		go func() { _ = server.Serve(listener) }()
		client := xoxzo2fa.Remote(xoxzo2fa.Service{URL: "http://" + listener.Addr().String(), Key: callerKey})
		acceptance, err := client.Verify(ctx, "token", user, "123456")
		if !errors.Is(err, xoxzo2fa.Upstream) || acceptance.Subject != "" || strings.Contains(err.Error(), callerKey) {
			t.Errorf("%d %q: %v", status, answer, err)
		}
		_ = server.Close()
		if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	}
	if asked != 10 {
		t.Error("a question was asked more than once: ", asked)
	}
	_ = listener.Close()
	client := xoxzo2fa.Remote(xoxzo2fa.Service{URL: "http://" + listener.Addr().String(), Key: callerKey})
	if _, err := client.Start(ctx, user, sms); !errors.Is(err, xoxzo2fa.Upstream) {
		t.Error(err)
	}
}

func TestAServerSaysWhetherItIsReady(t *testing.T) {
	status, authorized := http.StatusOK, false
	server := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		authorized = authorized || request.Header.Get("Authorization") != "" || request.URL.Path != "/ready"
		writer.WriteHeader(status)
	}))
	client := xoxzo2fa.Remote(xoxzo2fa.Service{URL: server.URL, Key: callerKey})
	if err := client.Ready(ctx); err != nil {
		t.Error(err)
	}
	for _, each := range []struct {
		status int
		code   xoxzo2fa.Code
	}{{503, "guard"}, {500, "plugin"}, {404, "plugin"}} {
		status = each.status
		var failure *xoxzo2fa.Failure
		if err := client.Ready(ctx); !errors.Is(err, xoxzo2fa.Upstream) || !errors.As(err, &failure) || failure.Code != each.code {
			t.Error(each.status, err)
		}
	}
	server.Close()
	if err := client.Ready(ctx); !errors.Is(err, xoxzo2fa.Upstream) {
		t.Error(err)
	}
	if authorized {
		t.Error("the key went to a path that takes none")
	}
}

func TestAServerIsSentNoKeyOfTheSettings(t *testing.T) {
	asked := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer server.Close()
	client := xoxzo2fa.Remote(xoxzo2fa.Service{URL: server.URL, Key: callerKey})
	_, made := client.Keygen(ctx)
	_, receipt := client.ReceiptKey(ctx, "key", "shop", false)
	_, request := client.RequestKey(ctx, "key", "shop", false)
	_, signed := client.SignRequest(ctx, "key", xoxzo2fa.StepUp{Subject: "user-1"})
	for _, err := range []error{made, receipt, request, signed} {
		if !errors.Is(err, xoxzo2fa.Misuse) {
			t.Error(err)
		}
	}
	if asked {
		t.Error("a server was asked")
	}
}
