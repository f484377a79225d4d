//go:build go1.21

package xoxzo2fa

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"sort"
)

// Slog returns a listener for [Options.Events] that logs each operation: as a warning if operators should look, otherwise as information. The attributes
// are the fields of the event.
func Slog(logger *slog.Logger) func(line []byte) {
	return func(line []byte) {
		var event map[string]any
		// Numbers as they are: a float of over a million has an exponent.
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.UseNumber()
		if decoder.Decode(&event) != nil {
			return
		}
		level := slog.LevelInfo
		if event["alarm"] != nil || event["outcome"] != "ok" && event["outcome"] != "refuse" {
			level = slog.LevelWarn
		}
		names := make([]string, 0, len(event))
		for name := range event {
			names = append(names, name)
		}
		sort.Strings(names)
		attributes := make([]slog.Attr, len(names))
		for at, name := range names {
			attributes[at] = slog.Any(name, event[name])
		}
		logger.LogAttrs(context.Background(), level, "xoxzo-2fa", attributes...)
	}
}

// A logger shows of each of these what the verbs of fmt do: no token, PIN, receipt, handle, key, session, payment or number.

// LogValue is the type's name in place of the token.
func (Token) LogValue() slog.Value { return slog.StringValue(hidden("Token")) }

// LogValue is the type's name in place of the PIN.
func (PIN) LogValue() slog.Value { return slog.StringValue(hidden("PIN")) }

// LogValue is the type's name in place of the receipt.
func (Receipt) LogValue() slog.Value { return slog.StringValue(hidden("Receipt")) }

// LogValue is the type's name in place of the handle.
func (Handle) LogValue() slog.Value { return slog.StringValue(hidden("Handle")) }

// LogValue is the type's name in place of the number.
func (Binding) LogValue() slog.Value { return slog.StringValue(hidden("Binding")) }

// LogValue is the type's name in place of the address.
func (Sending) LogValue() slog.Value { return slog.StringValue(hidden("Sending")) }

// LogValue is the type's name in place of the number.
func (Expected) LogValue() slog.Value { return slog.StringValue(hidden("Expected")) }

// LogValue is the type's name in place of the payment.
func (Transaction) LogValue() slog.Value { return slog.StringValue(hidden("Transaction")) }

// LogValue has the claims without the payment.
func (c Claims) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("id", c.ID), slog.String("audience", c.Audience), slog.String("purpose", c.Purpose), slog.Bool("test", c.Test),
		slog.Time("issued_at", c.IssuedAt), slog.Time("expires_at", c.ExpiresAt),
	)
}

// LogValue is the type's name in place of the payment.
func (StepUp) LogValue() slog.Value { return slog.StringValue(hidden("StepUp")) }

// LogValue is the type's name in place of keys and passwords.
func (Options) LogValue() slog.Value { return slog.StringValue(hidden("Options")) }

// LogValue is the type's name in place of the key.
func (Service) LogValue() slog.Value { return slog.StringValue(hidden("Service")) }

// LogValue is the type's name alone.
func (*Client) LogValue() slog.Value { return slog.StringValue(hidden("Client")) }

// LogValue has the challenge without its token and handle.
func (c Challenge) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("masked", c.Masked), slog.Duration("expires_in", c.ExpiresIn), slog.Duration("resend_after", c.ResendAfter),
		slog.String("delivery", c.Delivery), slog.Int("parts", c.Parts), slog.String("challenge_id", c.Audit.ChallengeID),
	)
}

// LogValue has the acceptance without its receipt.
func (a Acceptance) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("subject", a.Subject), slog.Duration("expires_in", a.ExpiresIn), slog.String("challenge_id", a.Audit.ChallengeID),
	)
}
