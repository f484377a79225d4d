package xoxzo2fa_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	xoxzo2fa "github.com/xoxzo/xoxzo-2fa/host/go"
	"github.com/xoxzo/xoxzo-2fa/host/go/xoxzo2fatest"
)

var (
	ctx  = context.Background()
	user = xoxzo2fa.Binding{Recipient: "+819012345678", Subject: "user-1", Purpose: "login"}
	sms  = xoxzo2fa.Sending{}
)

func open(t *testing.T, xoxzo *xoxzo2fatest.Xoxzo, changes map[string]any) *xoxzo2fa.Client {
	t.Helper()
	client, err := xoxzo2fa.Open(xoxzo2fa.Options{Settings: xoxzo.Settings(t, changes), Store: "memory"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func start(t *testing.T, client *xoxzo2fa.Client) xoxzo2fa.Challenge {
	t.Helper()
	challenge, err := client.Start(ctx, user, sms)
	if err != nil {
		t.Fatal(err)
	}
	return challenge
}

func wrong(pin xoxzo2fa.PIN) xoxzo2fa.PIN {
	digits := []byte(string(pin))
	digits[0] = '0' + (digits[0]-'0'+1)%10
	return xoxzo2fa.PIN(digits)
}

func failure(t *testing.T, err error) *xoxzo2fa.Failure {
	t.Helper()
	var failed *xoxzo2fa.Failure
	if !errors.As(err, &failed) {
		t.Fatalf("no failure: %v", err)
	}
	return failed
}

func TestALoginIsAcceptedOnceAndForItsUserOnly(t *testing.T) {
	xoxzo := xoxzo2fatest.New(t)
	login(t, xoxzo, open(t, xoxzo, nil))
}

func login(t *testing.T, xoxzo *xoxzo2fatest.Xoxzo, client *xoxzo2fa.Client) {
	challenge := start(t, client)
	pin := xoxzo.PIN(t, user.Recipient)
	if challenge.Delivery != "accepted" || challenge.Parts != 1 || challenge.ExpiresIn < time.Minute || challenge.Masked != "+81********78" {
		t.Errorf("%+v", challenge)
	}

	other := user
	other.Subject = "user-2"
	acceptance, err := client.Verify(ctx, challenge.Token, other, pin)
	if !errors.Is(err, xoxzo2fa.InvalidToken) || acceptance.Subject != "" {
		t.Error(acceptance, err)
	}
	_, err = client.Verify(ctx, challenge.Token, user, wrong(pin))
	failed := failure(t, err)
	if !errors.Is(err, xoxzo2fa.WrongPIN) || !errors.Is(err, xoxzo2fa.Refuse) || errors.Is(err, xoxzo2fa.Upstream) || failed.GuessesLeft == nil {
		t.Error(failed)
	}
	told, err := client.Explain(ctx, err, "ja")
	if err != nil || told.Text == "" || told.Offers[0] != xoxzo2fa.TryAgain {
		t.Error(told, err)
	}
	acceptance, err = client.Verify(ctx, challenge.Token, user, pin)
	if err != nil || acceptance.Subject != "user-1" || acceptance.Receipt == "" {
		t.Error(acceptance, err)
	}
	_, err = client.Verify(ctx, challenge.Token, user, pin)
	if !errors.Is(err, xoxzo2fa.Used) {
		t.Error(err)
	}
}

func TestAReceiptProvesItToAnotherService(t *testing.T) {
	xoxzo := xoxzo2fatest.New(t)
	root, err := xoxzo2fa.Offline.Keygen(ctx)
	if err != nil {
		t.Fatal(err)
	}
	client := open(t, xoxzo, map[string]any{"keys": []string{root}})
	paid := user.InSession("s-1")
	challenge, err := client.Start(ctx, paid, sms)
	if err != nil {
		t.Fatal(err)
	}
	acceptance, err := client.Verify(ctx, challenge.Token, paid, xoxzo.PIN(t, user.Recipient))
	if err != nil {
		t.Fatal(err)
	}
	key, err := xoxzo2fa.Offline.ReceiptKey(ctx, root, "test", true)
	if err != nil {
		t.Fatal(err)
	}
	expected := xoxzo2fa.Expected{Subject: "user-1", Purpose: "login"}
	claims, err := xoxzo2fa.Offline.CheckReceipt(ctx, []string{key}, acceptance.Receipt, expected.InSession("s-1"))
	if err != nil || claims.Audience != "test" || !claims.Test || time.Until(claims.ExpiresAt) <= 0 {
		t.Error(claims, err)
	}
	if _, err := xoxzo2fa.Offline.CheckReceipt(ctx, []string{key}, acceptance.Receipt, expected); !errors.Is(err, xoxzo2fa.InvalidToken) {
		t.Error(err)
	}
	info, err := client.Inspect(ctx, challenge.Token)
	if err != nil || info.Digits != len(string(xoxzo.PIN(t, user.Recipient))) {
		t.Error(info, err)
	}
}

func TestWhatAUserTypesIsAtMostRefused(t *testing.T) {
	xoxzo := xoxzo2fatest.New(t)
	typed(t, xoxzo, open(t, xoxzo, nil))
}

func typed(t *testing.T, xoxzo *xoxzo2fatest.Xoxzo, client *xoxzo2fa.Client) {
	token := start(t, client).Token
	for _, text := range []string{"", "\x00", "12345\x00", "\xff\xfe", "\xed\xa0\x80", "٣٤٥٦٧٨", strings.Repeat("1", 1<<20), `","accepted":{`} {
		acceptance, err := client.Verify(ctx, token, user, xoxzo2fa.PIN(text))
		if !errors.Is(err, xoxzo2fa.Refuse) || acceptance.Subject != "" {
			t.Errorf("PIN %.20q: %v", text, err)
		}
		acceptance, err = client.Verify(ctx, xoxzo2fa.Token(text), user, "123456")
		if !errors.Is(err, xoxzo2fa.Refuse) || acceptance.Subject != "" {
			t.Errorf("token %.20q: %v", text, err)
		}
	}
	if _, err := client.Verify(ctx, token, user, xoxzo.PIN(t, user.Recipient)); err != nil {
		t.Error(err)
	}
}

func TestOfManyGoroutinesOneIsAccepted(t *testing.T) {
	xoxzo := xoxzo2fatest.New(t)
	many(t, xoxzo, open(t, xoxzo, nil), 300)
}

func many(t *testing.T, xoxzo *xoxzo2fatest.Xoxzo, client *xoxzo2fa.Client, goroutines int) {
	token, pin := start(t, client).Token, xoxzo.PIN(t, user.Recipient)
	var accepted int32
	var all sync.WaitGroup
	for at := 0; at < goroutines; at++ {
		all.Add(1)
		go func() {
			defer all.Done()
			_, err := client.Verify(ctx, token, user, pin)
			if err == nil {
				atomic.AddInt32(&accepted, 1)
			} else if !errors.Is(err, xoxzo2fa.Used) {
				t.Error(err)
			}
		}()
	}
	all.Wait()
	if accepted != 1 {
		t.Error(accepted)
	}
}

func TestTwoClientsOfAStoreShareItsLimits(t *testing.T) {
	xoxzo := xoxzo2fatest.New(t)
	settings, store := xoxzo.Settings(t, nil), "sqlite:"+filepath.Join(t.TempDir(), "own", "counters")
	token, pin := xoxzo2fa.Token(""), xoxzo2fa.PIN("")
	for round := 0; round < 2; round++ {
		client, err := xoxzo2fa.Open(xoxzo2fa.Options{Settings: settings, Store: store})
		if err != nil {
			t.Fatal(err)
		}
		if round == 0 {
			token, pin = start(t, client).Token, xoxzo.PIN(t, user.Recipient)
			_, err = client.Verify(ctx, token, user, pin)
			if err != nil {
				t.Error(err)
			}
		} else if _, err = client.Verify(ctx, token, user, pin); !errors.Is(err, xoxzo2fa.Used) {
			t.Error(err)
		}
		client.Close()
	}
}

func TestNothingSecretIsPrinted(t *testing.T) {
	xoxzo := xoxzo2fatest.New(t)
	var lines strings.Builder
	settings := xoxzo.Settings(t, nil)
	client, err := xoxzo2fa.Open(xoxzo2fa.Options{Settings: settings, Store: "memory", Events: func(line []byte) { lines.Write(line) }})
	if err != nil {
		t.Fatal(err)
	}
	challenge := start(t, client)
	pin := xoxzo.PIN(t, user.Recipient)
	acceptance, err := client.Verify(ctx, challenge.Token, user, pin)
	if err != nil {
		t.Fatal(err)
	}
	client.Close()
	if !strings.Contains(lines.String(), `"operation":"verify"`) {
		t.Error(lines.String())
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&lines, format+format+format+format, challenge, acceptance, pin, user)
		fmt.Fprintf(&lines, format+format, client, xoxzo2fa.Options{Settings: settings})
		fmt.Fprintf(&lines, format, xoxzo2fa.Expected{Recipient: user.Recipient})
		fmt.Fprintf(&lines, format, []any{challenge.Token, &user, acceptance.Receipt, challenge.Handle})
	}
	for _, secret := range []string{string(challenge.Token), string(pin), string(acceptance.Receipt), string(challenge.Handle), user.Recipient[1:], "test-auth-token"} {
		if strings.Contains(lines.String(), secret) || strings.Contains(lines.String(), fmt.Sprintf("%x", secret)) {
			t.Error("a secret was printed")
		}
	}
	kept, err := json.Marshal(challenge.Token)
	if err != nil || string(kept) != `"`+string(challenge.Token)+`"` {
		t.Error("a session cannot keep a token as JSON")
	}
}

func TestFailuresNameTheirParty(t *testing.T) {
	xoxzo := xoxzo2fatest.New(t)
	if _, err := xoxzo2fa.Open(xoxzo2fa.Options{Settings: "{}", Store: "memory"}); !errors.Is(err, xoxzo2fa.Misuse) || !errors.Is(err, xoxzo2fa.Settings) {
		t.Error(err)
	}
	if _, err := xoxzo2fa.Open(xoxzo2fa.Options{Settings: xoxzo.Settings(t, nil), Store: "nowhere"}); !errors.Is(err, xoxzo2fa.Misuse) {
		t.Error(err)
	}
	client := open(t, xoxzo, nil)
	xoxzo.Fail(401)
	_, err := client.Start(ctx, user, sms)
	if !errors.Is(err, xoxzo2fa.Upstream) || !errors.Is(err, xoxzo2fa.Provider) {
		t.Error(err)
	}
	if _, err := client.Explain(ctx, err, "xx"); !errors.Is(err, xoxzo2fa.Misuse) {
		t.Error(err)
	}
	xoxzo.Fail(0)
	over, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := client.Start(over, user, sms); !errors.Is(err, context.Canceled) || len(xoxzo.Messages()) != 0 {
		t.Error(err)
	}
	client.Close()
	if _, err := client.Start(ctx, user, sms); !errors.Is(err, xoxzo2fa.Misuse) {
		t.Error(err)
	}
}

func TestOperatorsLookAndUnlock(t *testing.T) {
	xoxzo := xoxzo2fatest.New(t)
	client := open(t, xoxzo, nil)
	operators(t, xoxzo, client)
	if effective := client.Effective(); !strings.Contains(effective, `"audience":"test"`) || strings.Contains(effective, "test-auth-token") {
		t.Error(effective)
	}
}

func operators(t *testing.T, xoxzo *xoxzo2fatest.Xoxzo, client *xoxzo2fa.Client) {
	challenge := start(t, client)
	_, err := client.Verify(ctx, challenge.Token, user, wrong(xoxzo.PIN(t, user.Recipient)))
	if !errors.Is(err, xoxzo2fa.WrongPIN) {
		t.Fatal(err)
	}
	limits, err := client.Limits(ctx, "ann", user.Subject, user.Recipient, "")
	if err != nil || len(limits.Limits) == 0 || limits.Limits[0].Most == 0 {
		t.Error(limits, err)
	}
	unlocked, err := client.Unlock(ctx, "ann", user.Subject, user.Recipient)
	if err != nil || unlocked.Failures != 1 || unlocked.Messages != 1 {
		t.Error(unlocked, err)
	}
	report, err := client.Status(ctx, challenge.Handle)
	if err != nil || report.Delivery != "delivered" {
		t.Error(report, err)
	}
	credits, err := client.Credits(ctx, "ann")
	if err != nil || credits.Credits != 1000 {
		t.Error(credits, err)
	}
	previews, err := client.Preview(ctx, "login", nil)
	if err != nil || len(previews) == 0 || !strings.Contains(previews[0].Text, "123456") {
		t.Error(previews, err)
	}
	if err := client.Ready(ctx); err != nil {
		t.Error(err)
	}
	one, err := client.NumberIndex(ctx, user.Recipient)
	if err != nil || len(one) != 22 {
		t.Error(one, err)
	}
	trail, err := client.Trail(ctx, user.Subject, user.Recipient)
	if err != nil || challenge.Audit.Trail != nil && trail != *challenge.Audit.Trail || trail.CallingCode != "81" {
		t.Error(trail, err)
	}
}

func TestAListenerThatPanicsChangesNothing(t *testing.T) {
	xoxzo := xoxzo2fatest.New(t)
	options := xoxzo2fa.Options{Settings: xoxzo.Settings(t, nil), Store: "memory", Events: func([]byte) { panic("the disk is full") }}
	client, err := xoxzo2fa.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	acceptance, err := client.Verify(ctx, start(t, client).Token, user, xoxzo.PIN(t, user.Recipient))
	if err != nil || acceptance.Subject != "user-1" {
		t.Error(acceptance, err)
	}
	if err := client.Ready(ctx); err != nil {
		t.Error("a client with a listener is not ready: ", err)
	}
}
