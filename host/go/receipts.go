package xoxzo2fa

import (
	"context"
	"fmt"
	"time"
)

// Expected are the values that a receipt must have been made for. Take each from the checker's own records, never from what came with the receipt.
type Expected struct {
	// Subject and Purpose are those of the binding.
	Subject, Purpose string
	// Recipient is the phone number. Empty accepts a receipt for any.
	Recipient string
	// Transaction is that of the binding. Nil accepts only a receipt without one.
	Transaction *Transaction

	session *string
}

// Format prints the type's name in place of the number.
func (Expected) Format(state fmt.State, _ rune) { hide(state, "Expected") }

// InSession returns the values with the session of the binding. Without it only a receipt without one is accepted.
func (e Expected) InSession(id string) Expected {
	e.session = &id
	return e
}

// Claims are what a receipt proves.
type Claims struct {
	// ID is unique per acceptance. A receipt can be replayed until it expires: where that matters, remember each id and accept it once.
	ID string
	// Audience is the service that gave the receipt.
	Audience string
	Purpose  string
	// Transaction is the payment that was confirmed, which is the expected one. It may be nil.
	Transaction *Transaction
	// Test is true for a receipt that was made in test mode and proves nothing.
	Test                bool
	IssuedAt, ExpiresAt time.Time
}

// CheckReceipt checks with receipt keys (xoxzo-2fa keygen --receipt-for AUDIENCE), at most 256, that a receipt is genuine, has not expired and is for
// the expected values. Otherwise it fails with [InvalidToken] or [Expired].
func (c *Client) CheckReceipt(ctx context.Context, keys []string, receipt Receipt, expected Expected) (Claims, error) {
	wanted := map[string]any{"subject": expected.Subject, "purpose": expected.Purpose}
	put(wanted, "recipient", expected.Recipient)
	if expected.session != nil {
		wanted["session"] = *expected.session
	}
	if expected.Transaction != nil {
		wanted["transaction"] = expected.Transaction
	}
	var read struct {
		ID          string       `json:"id"`
		Audience    string       `json:"audience"`
		Purpose     string       `json:"purpose"`
		Transaction *Transaction `json:"transaction"`
		Test        bool         `json:"test"`
		IssuedAt    int64        `json:"issued_at_seconds"`
		ExpiresAt   int64        `json:"expires_at_seconds"`
	}
	fields := map[string]any{"receipt_keys": keys, "receipt": typed(receipt), "expected": wanted}
	if err := ask(ctx, c.backend, "check_receipt", fields, "claims", &read); err != nil {
		return Claims{}, err
	}
	if read.ID == "" {
		return Claims{}, broken()
	}
	return Claims{read.ID, read.Audience, read.Purpose, read.Transaction, read.Test, time.Unix(read.IssuedAt, 0), time.Unix(read.ExpiresAt, 0)}, nil
}

// Keygen makes a key for the settings.
func (c *Client) Keygen(ctx context.Context) (string, error) {
	return c.written(ctx, "keygen", map[string]any{})
}

// ReceiptKey derives, from a key of the settings, the key by which another service checks receipts.
func (c *Client) ReceiptKey(ctx context.Context, key, audience string, test bool) (string, error) {
	return c.written(ctx, "receipt_key", map[string]any{"root_key": key, "audience": audience, "test": test})
}

// RequestKey derives, from a key of the gate's settings, the key by which a service signs requests to step up.
func (c *Client) RequestKey(ctx context.Context, key, audience string, test bool) (string, error) {
	return c.written(ctx, "request_key", map[string]any{"root_key": key, "audience": audience, "test": test})
}

func (c *Client) written(ctx context.Context, function string, fields map[string]any) (string, error) {
	var made struct {
		Key string `json:"key"`
	}
	err := ask(ctx, c.backend, function, fields, "written_key", &made)
	return made.Key, err
}

// StepUp is a payment that the gate is asked to confirm.
type StepUp struct {
	// Subject is the user, as the gate knows them.
	Subject string
	// Transaction is the payment, which the gate shows and the message says.
	Transaction Transaction

	session *string
}

// Format prints the type's name in place of the payment.
func (StepUp) Format(state fmt.State, _ rune) { hide(state, "StepUp") }

// InSession returns the request with the session in which the user should confirm it, unless the gate knows users without sessions.
func (s StepUp) InSession(id string) StepUp {
	s.session = &id
	return s
}

// SignRequest signs a request to the gate to confirm a payment.
func (c *Client) SignRequest(ctx context.Context, requestKey string, stepUp StepUp) (string, error) {
	wanted := map[string]any{"subject": stepUp.Subject, "transaction": stepUp.Transaction}
	if stepUp.session != nil {
		wanted["session"] = *stepUp.session
	}
	var signed struct {
		Request string `json:"request"`
	}
	err := ask(ctx, c.backend, "sign_request", map[string]any{"request_key": requestKey, "step_up": wanted}, "signed_request", &signed)
	return signed.Request, err
}

// TokenInfo is the part of a token that anybody can read.
type TokenInfo struct {
	// KeyID is the id of the key that is said to have signed: 8 hexadecimal digits.
	KeyID string
	// Digits of the code.
	Digits              int
	IssuedAt, ExpiresAt time.Time
}

// Inspect reads the unauthenticated part of a token, for debugging. It proves nothing.
func (c *Client) Inspect(ctx context.Context, token Token) (TokenInfo, error) {
	var read struct {
		KeyID     string `json:"key_id"`
		Digits    int    `json:"digits"`
		IssuedAt  int64  `json:"issued_at_seconds"`
		ExpiresAt int64  `json:"expires_at_seconds"`
	}
	if err := ask(ctx, c.backend, "inspect", map[string]any{"token": typed(token)}, "token_info", &read); err != nil {
		return TokenInfo{}, err
	}
	return TokenInfo{read.KeyID, read.Digits, time.Unix(read.IssuedAt, 0), time.Unix(read.ExpiresAt, 0)}, nil
}
