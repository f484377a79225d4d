// Package xoxzo2fa confirms logins and payments by a code that Xoxzo sends by SMS.
//
//	client, err := xoxzo2fa.Open(xoxzo2fa.Options{Settings: settings, Store: "redis://127.0.0.1"})
//	challenge, err := client.Start(ctx, user, xoxzo2fa.Sending{}) // keep challenge.Token in the session
//	acceptance, err := client.Verify(ctx, token, user, pin)       // then sign in acceptance.Subject
//
// An operation either returns what was asked for, or an error. What failed is a *[Failure], which says who has to act, and [Client.Explain] says it to the user.
// [Open] uses the C library, by cgo, and [Remote] a server. The rules, limits and texts are the engine's, the same in every language.
//
// Values that hold a secret or a phone number print as their type's name, and convert to string where the text is needed.
package xoxzo2fa

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Backend answers questions of [ASK.md], of which an operation is done when it is answered.
//
// [ASK.md]: https://github.com/xoxzo/xoxzo-2fa/blob/main/wit/ASK.md
type Backend interface {
	// Ask calls a function with arguments, which become JSON, and returns the answer, a JSON object with one field. An error means that there is no
	// answer, and that the operation may have been done or not. It must not be asked again.
	Ask(ctx context.Context, function string, arguments map[string]any) (answer []byte, err error)
	// Close ends the backend when the questions that were asked before are answered.
	Close()
}

// Client does the operations. Any number of goroutines may use it.
//
// Each waits for its turn as long as its context lasts. Once begun, it runs to its end, at most some 40 seconds: counters may be charged and
// a message may be on its way.
type Client struct{ backend Backend }

// Format prints the type's name alone.
func (*Client) Format(state fmt.State, _ rune) { hide(state, "Client") }

// New returns a client of a backend.
func New(backend Backend) *Client { return &Client{backend} }

// Close waits for the operations under way and ends the client. Later ones fail with [Misuse].
func (c *Client) Close() { c.backend.Close() }

// Start makes a code and sends it to the recipient. A decoy does everything but send, for a form that must not reveal whether an account exists.
func (c *Client) Start(ctx context.Context, user Binding, how Sending) (Challenge, error) {
	return c.send(ctx, "start", map[string]any{"binding": user.wire(), "sending": how.wire(), "audit": true})
}

// Resend sends the code of a challenge again, or says it in a call. Token, code, life and guesses stay as they are. Call it only when the user asks.
func (c *Client) Resend(ctx context.Context, token Token, user Binding, how Sending) (Challenge, error) {
	return c.send(ctx, "resend", map[string]any{"token": typed(token), "binding": user.wire(), "sending": how.wire(), "audit": true})
}

func (c *Client) send(ctx context.Context, function string, fields map[string]any) (Challenge, error) {
	var challenge challenged
	err := ask(ctx, c.backend, function, fields, "challenged", &challenge)
	if err == nil && challenge.Token == "" {
		err = broken()
	}
	return challenge.record(), err
}

// Verify checks the code that the user typed. A challenge is accepted at most once: do not repeat a call whose answer was lost.
func (c *Client) Verify(ctx context.Context, token Token, user Binding, pin PIN) (Acceptance, error) {
	return c.VerifyFrom(ctx, token, user, pin, "")
}

// VerifyFrom is [Client.Verify] with the user's address, IPv4 or IPv6, which the setting failures.per_client requires.
func (c *Client) VerifyFrom(ctx context.Context, token Token, user Binding, pin PIN, address string) (Acceptance, error) {
	fields := map[string]any{"token": typed(token), "binding": user.wire(), "pin": typed(pin), "audit": true}
	put(fields, "client", address)
	var answer accepted
	if err := ask(ctx, c.backend, "verify", fields, "accepted", &answer); err != nil {
		return Acceptance{}, err
	}
	if answer.Receipt == "" {
		return Acceptance{}, broken()
	}
	return Acceptance{user.Subject, answer.Receipt, seconds(answer.ExpiresIn), answer.Audit}, nil
}

// Status asks Xoxzo for the delivery of a message: at most once in 5 seconds for each message, and for one day.
func (c *Client) Status(ctx context.Context, handle Handle) (Report, error) {
	var report Report
	err := ask(ctx, c.backend, "status", map[string]any{"handle": typed(handle), "audit": true}, "reported", &report)
	return report, err
}

// Limits looks up the counters that could refuse a user. Operator is the name in the event, and address, which may be empty, the user's.
func (c *Client) Limits(ctx context.Context, operator, subject, recipient, address string) (Limits, error) {
	fields := map[string]any{"operator": operator, "subject": subject, "recipient": recipient, "audit": true}
	put(fields, "client", address)
	var found struct {
		Limits []limit `json:"limits"`
		Audit  Audit   `json:"audit"`
	}
	err := ask(ctx, c.backend, "limits", fields, "limits", &found)
	limits := Limits{Audit: found.Audit}
	for _, each := range found.Limits {
		limits.Limits = append(limits.Limits, each.record())
	}
	return limits, err
}

// Unlock clears the counters that lock out a user. Verify who asks: operator is the name in the event.
func (c *Client) Unlock(ctx context.Context, operator, subject, recipient string) (Unlocked, error) {
	var unlocked Unlocked
	fields := map[string]any{"operator": operator, "subject": subject, "recipient": recipient, "audit": true}
	err := ask(ctx, c.backend, "unlock", fields, "unlocked", &unlocked)
	return unlocked, err
}

// Credits asks Xoxzo for the balance of the account.
func (c *Client) Credits(ctx context.Context, operator string) (Credits, error) {
	var balance Credits
	err := ask(ctx, c.backend, "credits", map[string]any{"operator": operator, "audit": true}, "credits", &balance)
	return balance, err
}

// Preview returns the texts of a purpose in each language. The purpose may be empty, and the transaction nil.
func (c *Client) Preview(ctx context.Context, purpose string, paid *Transaction) ([]MessagePreview, error) {
	fields := map[string]any{}
	put(fields, "purpose", purpose)
	if paid != nil {
		fields["transaction"] = paid
	}
	var found struct {
		Previews []MessagePreview `json:"previews"`
	}
	err := ask(ctx, c.backend, "preview", fields, "previews", &found)
	return found.Previews, err
}

// NumberIndex computes an index of a phone number: 22 characters, the same for the same guard.key. With it a service finds out whether a number is
// registered, and by whom, without storing the number in the clear.
func (c *Client) NumberIndex(ctx context.Context, recipient string) (string, error) {
	var found struct {
		Index string `json:"index"`
	}
	err := ask(ctx, c.backend, "index_of", map[string]any{"recipient": recipient}, "number_index", &found)
	return found.Index, err
}

// Ready tests the store as [Open] did, and compares its clock with the host's: for the health check of a service. It charges no user, asks Xoxzo nothing
// and makes no event. The error is an [Upstream] with the code guard or clock. A client of a server asks that whether its store answers.
func (c *Client) Ready(ctx context.Context) error {
	var nothing struct{}
	return ask(ctx, c.backend, "ready", map[string]any{}, "ready", &nothing)
}

// Trail computes the pseudonyms that events have of a user and their number, for a search in logs.
func (c *Client) Trail(ctx context.Context, subject, recipient string) (Trail, error) {
	var trail Trail
	err := ask(ctx, c.backend, "trail_of", map[string]any{"subject": subject, "recipient": recipient}, "trail", &trail)
	return trail, err
}

// ask asks a backend, and reads an answer of one kind into `content`. Any other answer is an error.
func ask(ctx context.Context, backend Backend, function string, fields map[string]any, kind string, content any) error {
	answer, err := backend.Ask(ctx, function, fields)
	if ended := ctx.Err(); ended != nil && errors.Is(err, ended) {
		return fmt.Errorf("xoxzo-2fa: %w", err)
	}
	if err != nil {
		return &Failure{Blame: Upstream, Code: Plugin, Detail: err.Error()}
	}
	var read map[string]json.RawMessage
	if err := json.Unmarshal(answer, &read); err != nil {
		return broken()
	}
	if failure, failed := read["failure"]; failed {
		return failureOf(failure)
	}
	if own, there := read[kind]; !there || len(read) != 1 || json.Unmarshal(own, content) != nil {
		return broken()
	}
	return nil
}

func seconds(count uint32) time.Duration { return time.Duration(count) * time.Second }

// typed returns what may come from a user. The engine refuses an empty text like any other that is wrong.
func typed[Text ~string](text Text) string {
	if len(text) > 4096 {
		return ""
	}
	return string(text)
}

// put sets a field unless it is empty, which stands for absent.
func put(fields map[string]any, name, value string) {
	if value != "" {
		fields[name] = value
	}
}
