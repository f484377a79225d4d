//go:build go1.21

package xoxzo2fa_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	xoxzo2fa "github.com/xoxzo/xoxzo-2fa/host/go"
	"github.com/xoxzo/xoxzo-2fa/host/go/xoxzo2fatest"
)

func TestALoggerShowsNothingSecret(t *testing.T) {
	xoxzo := xoxzo2fatest.New(t)
	settings := xoxzo.Settings(t, nil)
	options := xoxzo2fa.Options{Settings: settings, Store: "memory"}
	client, err := xoxzo2fa.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	paid := xoxzo2fa.Transaction{Amount: "12.50", Currency: "EUR", Payee: "Some Payee"}
	bound := user.InSession("s3ssion")
	bound.Transaction = &paid
	challenge := start(t, client)
	pin := xoxzo.PIN(t, user.Recipient)
	acceptance, err := client.Verify(ctx, challenge.Token, user, pin)
	if err != nil {
		t.Fatal(err)
	}
	_, refused := client.Verify(ctx, challenge.Token, user, pin)
	values := []any{
		challenge, &challenge, challenge.Token, challenge.Handle, acceptance, &acceptance, acceptance.Receipt, pin, bound, &bound, client, options, refused,
		xoxzo2fa.Sending{Address: "192.0.2.77"}, xoxzo2fa.Expected{Recipient: user.Recipient}, xoxzo2fa.StepUp{Subject: "u", Transaction: paid}, paid, &paid,
		xoxzo2fa.Claims{Transaction: &paid},
		xoxzo2fa.Service{URL: "http://127.0.0.1:1", Key: "s3cret"}, []any{pin}, map[string]xoxzo2fa.PIN{"typed": pin},
	}
	secrets := []string{
		string(challenge.Token), string(challenge.Handle), string(acceptance.Receipt), string(pin), user.Recipient[1:], "s3ssion", "Some Payee", "192.0.2.77",
		"s3cret", "test-auth-token",
	}
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(to *bytes.Buffer) slog.Handler { return slog.NewTextHandler(to, nil) },
		"JSON": func(to *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(to, nil) },
	} {
		for _, value := range values {
			var lines bytes.Buffer
			logger := slog.New(handler(&lines))
			logger.Info("logged", "value", value, slog.Group("within", "value", value))
			logger.With("value", value).WithGroup("within").Info("logged")
			if strings.Count(lines.String(), "logged") != 2 {
				t.Errorf("%s: %T was not logged", name, value)
			}
			for _, secret := range secrets {
				if strings.Contains(lines.String(), secret) {
					t.Errorf("%s: %T shows a secret", name, value)
				}
			}
		}
	}
}

func TestALoggerTakesEvents(t *testing.T) {
	xoxzo := xoxzo2fatest.New(t)
	var lines bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&lines, nil))
	client, err := xoxzo2fa.Open(xoxzo2fa.Options{Settings: xoxzo.Settings(t, nil), Store: "memory", Events: xoxzo2fa.Slog(logger)})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	challenge := start(t, client)
	pin := xoxzo.PIN(t, user.Recipient)
	_, _ = client.Verify(ctx, challenge.Token, user, wrong(pin))
	if _, err := client.Verify(ctx, challenge.Token, user, pin); err != nil {
		t.Fatal(err)
	}
	xoxzo.Fail(401)
	other := user
	other.Recipient, other.Subject = "+819087654321", "user-2"
	_, _ = client.Start(ctx, other, sms)
	var seen []string
	for _, line := range strings.Split(strings.TrimSpace(lines.String()), "\n") {
		var event map[string]any
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatal(err)
		}
		code, _ := event["code"].(string)
		seen = append(seen, strings.Join([]string{event["level"].(string), event["operation"].(string), event["outcome"].(string), code}, " "))
		if event["msg"] != "xoxzo-2fa" || event["calling_code"] != "81" {
			t.Error(line)
		}
	}
	wanted := []string{"INFO start ok ", "INFO verify refuse wrong-pin", "INFO verify ok ", "WARN start upstream provider"}
	if strings.Join(seen, "\n") != strings.Join(wanted, "\n") {
		t.Error(seen)
	}
}
