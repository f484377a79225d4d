// Conform is the package behind a line of JSON for each call, for the tests that every host passes: tests/python/hosts.py says what a line means.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	xoxzo2fa "github.com/xoxzo/xoxzo-2fa/host/go"
)

// shell is what stands around the client.
var shell struct {
	client *xoxzo2fa.Client
	// now is the guard's time in seconds, and ahead how far the host's clock is before it.
	now, ahead float64
	// guard is why the guard does not answer, and empty if it does.
	guard    string
	xoxzo    xoxzo
	cause    string
	requests []map[string]any
	events   []json.RawMessage
}

// xoxzo is what Xoxzo answers.
type xoxzo struct {
	Status     int    `json:"status"`
	Body       string `json:"body"`
	RetryAfter string `json:"retry_after"`
	NoAnswer   string `json:"no_answer"`
	Cause      string `json:"cause"`
}

// asked has the fields of all questions.
type asked struct {
	Token       any                `json:"token"`
	PIN         any                `json:"pin"`
	Handle      any                `json:"handle"`
	Receipt     any                `json:"receipt"`
	Client      string             `json:"client"`
	Subject     string             `json:"subject"`
	Recipient   string             `json:"recipient"`
	Binding     binding            `json:"binding"`
	Expected    binding            `json:"expected"`
	Sending     map[string]any     `json:"sending"`
	ReceiptKeys []string           `json:"receipt_keys"`
	Code        xoxzo2fa.Code      `json:"code"`
	Locale      string             `json:"locale"`
	GuessesLeft *uint32            `json:"guesses_left"`
	RetryAfter  *uint32            `json:"retry_after_seconds"`
	Charges     []charge           `json:"charges"`
	Document    json.RawMessage    `json:"document"`
	Now         float64            `json:"now"`
	Own         *map[string]string `json:"own"`
}

type binding struct {
	Recipient   string                `json:"recipient"`
	Subject     string                `json:"subject"`
	Purpose     string                `json:"purpose"`
	Session     *string               `json:"session"`
	Transaction *xoxzo2fa.Transaction `json:"transaction"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for lines.Scan() {
		shell.requests, shell.events = []map[string]any{}, []json.RawMessage{}
		answer, err := answered(lines.Bytes())
		if err != nil {
			answer = failed(err)
		}
		answer["requests"], answer["events"] = shell.requests, shell.events
		if err := out.Encode(answer); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func answered(line []byte) (map[string]any, error) {
	var question map[string]json.RawMessage
	if err := json.Unmarshal(line, &question); err != nil {
		return nil, err
	}
	done := map[string]any{"done": map[string]any{}}
	for function, content := range question {
		switch function {
		case "now":
			return done, json.Unmarshal(content, &shell.now)
		case "ahead":
			return done, json.Unmarshal(content, &shell.ahead)
		case "xoxzo":
			shell.xoxzo = xoxzo{Status: 201}
			err := json.Unmarshal(content, &shell.xoxzo)
			shell.cause = shell.xoxzo.Cause
			return done, err
		case "guard":
			var why struct {
				NoAnswer string `json:"no_answer"`
				Cause    string `json:"cause"`
			}
			_ = json.Unmarshal(content, &why) // "memory" is no object
			shell.guard, shell.cause = why.NoAnswer, why.Cause
			return done, nil
		default:
			var fields asked
			if err := json.Unmarshal(content, &fields); err != nil {
				return nil, err
			}
			return call(function, fields)
		}
	}
	return nil, errors.New("no question")
}

func call(function string, asked asked) (map[string]any, error) {
	ctx := context.Background()
	own := asked.Binding
	user := xoxzo2fa.Binding{Recipient: own.Recipient, Subject: own.Subject, Purpose: own.Purpose, Transaction: own.Transaction}
	if own.Session != nil {
		user = user.InSession(*own.Session)
	}
	switch function {
	case "open":
		return open(asked)
	case "add":
		totals, now, there := add(asked.Charges)
		if !there {
			return nil, errors.New("the guard gave no answer")
		}
		return map[string]any{"counted": map[string]any{"totals": totals, "now_seconds": now}}, nil
	case "start", "resend":
		how := xoxzo2fa.Sending{
			Channel: text(asked.Sending["channel"]), Locale: text(asked.Sending["locale"]),
			Address: text(asked.Sending["client"]), Decoy: asked.Sending["decoy"] == true,
		}
		if function == "start" {
			return challenged(shell.client.Start(ctx, user, how))
		}
		return challenged(shell.client.Resend(ctx, xoxzo2fa.Token(text(asked.Token)), user, how))
	case "verify":
		token, pin := xoxzo2fa.Token(text(asked.Token)), xoxzo2fa.PIN(text(asked.PIN))
		accepted, err := shell.client.VerifyFrom(ctx, token, user, pin, asked.Client)
		return one("accepted", map[string]any{
			"receipt": accepted.Receipt, "expires_in_seconds": seconds(accepted.ExpiresIn), "audit": audit(accepted.Audit),
		}, err)
	case "status":
		report, err := shell.client.Status(ctx, xoxzo2fa.Handle(text(asked.Handle)))
		return one("reported", map[string]any{"delivery": report.Delivery, "detail": report.Detail, "audit": audit(report.Audit)}, err)
	case "unlock":
		unlocked, err := shell.client.Unlock(ctx, "conform", asked.Subject, asked.Recipient)
		return one("unlocked", map[string]any{
			"failures": unlocked.Failures, "subject_failures": unlocked.SubjectFailures, "messages": unlocked.Messages, "audit": audit(unlocked.Audit),
		}, err)
	case "limits":
		limits, err := shell.client.Limits(ctx, "conform", asked.Subject, asked.Recipient, asked.Client)
		found := []map[string]any{}
		for _, each := range limits.Limits {
			found = append(found, present(map[string]any{
				"setting": each.Setting, "open": each.Open, "total": each.Total, "most": each.Most,
				"ends_in_seconds": positive(each.EndsIn), "refuses": each.Refuses,
			}))
		}
		return one("limits", map[string]any{"limits": found, "audit": audit(limits.Audit)}, err)
	case "credits":
		credits, err := shell.client.Credits(ctx, "conform")
		return one("credits", map[string]any{"credits": credits.Credits, "audit": audit(credits.Audit)}, err)
	case "ready":
		return one("ready", map[string]any{}, shell.client.Ready(ctx))
	case "index_of":
		index, err := shell.client.NumberIndex(ctx, asked.Recipient)
		return one("number_index", map[string]any{"index": index}, err)
	case "check_receipt":
		return checked(asked)
	case "inspect":
		info, err := shell.client.Inspect(ctx, xoxzo2fa.Token(text(asked.Token)))
		return one("token_info", map[string]any{
			"key_id": info.KeyID, "digits": info.Digits, "issued_at_seconds": info.IssuedAt.Unix(), "expires_at_seconds": info.ExpiresAt.Unix(),
		}, err)
	case "explain":
		failed := &xoxzo2fa.Failure{Code: asked.Code, GuessesLeft: asked.GuessesLeft}
		if asked.RetryAfter != nil {
			wait := time.Duration(*asked.RetryAfter) * time.Second
			failed.RetryAfter = &wait
		}
		told, err := shell.client.Explain(ctx, failed, asked.Locale)
		return one("explanation", map[string]any{"text": told.Text, "offers": told.Offers}, err)
	}
	return nil, errors.New("no such question")
}

func open(asked asked) (map[string]any, error) {
	if shell.client != nil {
		shell.client.Close()
		shell.client = nil
	}
	document := text(any(nil))
	if json.Unmarshal(asked.Document, &document) != nil {
		document = string(asked.Document)
	}
	shell.now, shell.ahead, shell.guard, shell.cause, shell.xoxzo = asked.Now, 0, "", "", xoxzo{Status: 201, Body: `[{"msgid":"m1"}]`}
	if asked.Own != nil {
		store := (*asked.Own)["redis"]
		if store == "" {
			store = "memory"
		}
		client, err := xoxzo2fa.Open(xoxzo2fa.Options{Settings: document, Store: store})
		if err != nil {
			return nil, err
		}
		shell.client = client
		return one("prepared", map[string]any{"effective": client.Effective(), "warnings": append([]string{}, client.Warnings()...)}, nil)
	}
	var read struct {
		Guard struct {
			Scope string `json:"scope"`
		} `json:"guard"`
	}
	_ = json.Unmarshal([]byte(document), &read) // what is wrong with it, the library says
	backend, ready := hook(document, read.Guard.Scope == "shared")
	if ready.blame != "" {
		return nil, &xoxzo2fa.Failure{Blame: xoxzo2fa.Blame(ready.blame), Code: xoxzo2fa.Code(ready.code), Detail: ready.detail}
	}
	shell.client = xoxzo2fa.New(backend)
	return one("prepared", map[string]any{"effective": ready.effective, "warnings": ready.warnings}, nil)
}

func checked(asked asked) (map[string]any, error) {
	own := asked.Expected
	expected := xoxzo2fa.Expected{
		Subject: own.Subject, Purpose: own.Purpose, Recipient: own.Recipient, Transaction: own.Transaction,
	}
	if own.Session != nil {
		expected = expected.InSession(*own.Session)
	}
	claims, err := shell.client.CheckReceipt(context.Background(), asked.ReceiptKeys, xoxzo2fa.Receipt(text(asked.Receipt)), expected)
	fields := map[string]any{
		"id": claims.ID, "audience": claims.Audience, "purpose": claims.Purpose, "test": claims.Test,
		"issued_at_seconds": claims.IssuedAt.Unix(), "expires_at_seconds": claims.ExpiresAt.Unix(),
	}
	if claims.Transaction != nil {
		fields["transaction"] = claims.Transaction
	}
	return one("claims", fields, err)
}

func challenged(challenge xoxzo2fa.Challenge, err error) (map[string]any, error) {
	fields := present(map[string]any{
		"token": string(challenge.Token), "masked": challenge.Masked, "expires_in_seconds": seconds(challenge.ExpiresIn),
		"resend_after_seconds": seconds(challenge.ResendAfter), "delivery": challenge.Delivery, "handle": string(challenge.Handle),
		"audit": audit(challenge.Audit),
	})
	if challenge.Parts != 0 {
		fields["parts"] = challenge.Parts
	}
	return one("challenged", fields, err)
}

func audit(own xoxzo2fa.Audit) map[string]any {
	fields := present(map[string]any{
		"challenge_id": own.ChallengeID, "message_id": own.MessageID, "decoy": own.Decoy, "cause": own.Cause, "alarm": own.Alarm,
	})
	if own.Trail != nil {
		fields["trail"] = own.Trail
	}
	return fields
}

func failed(err error) map[string]any {
	var failure *xoxzo2fa.Failure
	if !errors.As(err, &failure) {
		failure = &xoxzo2fa.Failure{Blame: xoxzo2fa.Misuse, Code: xoxzo2fa.Request, Detail: err.Error()}
	}
	fields := present(map[string]any{
		"blame": failure.Blame, "code": failure.Code, "detail": failure.Detail, "retry_after_seconds": span(failure.RetryAfter),
		"expires_in_seconds": span(failure.ExpiresIn), "audit": audit(failure.Audit),
	})
	if failure.GuessesLeft != nil {
		fields["guesses_left"] = *failure.GuessesLeft
	}
	return map[string]any{"failure": fields}
}

func one(kind string, fields map[string]any, err error) (map[string]any, error) {
	return map[string]any{kind: fields}, err
}

// present leaves out what is absent: an empty text, and nil.
func present(fields map[string]any) map[string]any {
	for name, value := range fields {
		if value == "" || value == nil {
			delete(fields, name)
		}
	}
	return fields
}

func seconds(span time.Duration) int64 { return int64(span / time.Second) }

func positive(span time.Duration) any {
	if span == 0 {
		return nil
	}
	return seconds(span)
}

func span(own *time.Duration) any {
	if own == nil {
		return nil
	}
	return seconds(*own)
}

// text is a string, and empty for what is none.
func text(value any) string {
	own, _ := value.(string)
	return own
}
