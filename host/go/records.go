package xoxzo2fa

import (
	"encoding/json"
	"fmt"
	"time"
)

type (
	// Token is the argument of [Client.Verify]: 80 characters. Give it to the user's session only.
	Token string
	// PIN is the code, as the user typed it.
	PIN string
	// Receipt is proof for another service that a code was right. [Client.CheckReceipt] checks it.
	Receipt string
	// Handle is the argument of [Client.Status].
	Handle string
)

// Format prints the type's name in place of the token.
func (Token) Format(state fmt.State, _ rune) { hide(state, "Token") }

// Format prints the type's name in place of the PIN.
func (PIN) Format(state fmt.State, _ rune) { hide(state, "PIN") }

// Format prints the type's name in place of the receipt.
func (Receipt) Format(state fmt.State, _ rune) { hide(state, "Receipt") }

// Format prints the type's name in place of the handle.
func (Handle) Format(state fmt.State, _ rune) { hide(state, "Handle") }

// MarshalJSON writes the type's name in place of the PIN, which nothing has to keep.
func (PIN) MarshalJSON() ([]byte, error) { return json.Marshal(hidden("PIN")) }

func hide(state fmt.State, name string) { _, _ = fmt.Fprint(state, hidden(name)) }

func hidden(name string) string { return "xoxzo2fa." + name + "(…)" }

// Transaction is a payment that a challenge confirms.
type Transaction struct {
	// Amount is a canonical decimal with the decimals of the currency: 12.50 for EUR, 1250 for JPY.
	Amount string `json:"amount"`
	// Currency is the ISO 4217 code, three capital letters.
	Currency string `json:"currency"`
	// Payee has 1 to 40 letters, digits, spaces and .,'&()-
	Payee string `json:"payee"`
}

// Format prints the type's name in place of the payment.
func (Transaction) Format(state fmt.State, _ rune) { hide(state, "Transaction") }

// Binding is the user and the act that a challenge is for. Take each field from the server's own records, at the start and at the check.
type Binding struct {
	// Recipient is the phone number in canonical E.164, such as +819012345678.
	Recipient string
	// Subject is the service's immutable internal id of the user: 1 to 128 bytes of printable ASCII without spaces.
	Subject string
	// Purpose is one of the purposes in the settings: login by default.
	Purpose string
	// Transaction is the payment that the code confirms. It may be nil.
	Transaction *Transaction

	session *string
}

// InSession returns the binding with the session that asked, in the same form as the subject. An empty one is refused: a service that has none
// leaves it out, and its challenges are good in any session.
func (b Binding) InSession(id string) Binding {
	b.session = &id
	return b
}

// Format prints the type's name in place of the number.
func (Binding) Format(state fmt.State, _ rune) { hide(state, "Binding") }

func (b Binding) wire() map[string]any {
	fields := map[string]any{"recipient": b.Recipient, "subject": b.Subject, "purpose": b.Purpose}
	if b.session != nil {
		fields["session"] = *b.session
	}
	if b.Transaction != nil {
		fields["transaction"] = b.Transaction
	}
	return fields
}

// Sending is how a message goes out. Its zero value is an SMS in the settings' language.
type Sending struct {
	// Channel is sms if empty, or for [Client.Resend] also voice, where the settings allow it.
	Channel string
	// Locale is the language of the text, such as ja. The settings' own if empty.
	Locale string
	// Address is the user's, IPv4 or IPv6. Settings with a cap per client require it.
	Address string
	// Decoy does everything except sending, for [Client.Start].
	Decoy bool
}

// Format prints the type's name in place of the address.
func (Sending) Format(state fmt.State, _ rune) { hide(state, "Sending") }

func (s Sending) wire() map[string]any {
	fields := map[string]any{"channel": "sms"}
	put(fields, "channel", s.Channel)
	put(fields, "locale", s.Locale)
	put(fields, "client", s.Address)
	if s.Decoy {
		fields["decoy"] = true
	}
	return fields
}

// Trail is a user and their number as keyed hashes, the same for the same guard.key.
type Trail struct {
	Subject   string `json:"subject"`
	Recipient string `json:"recipient"`
	// CallingCode is the country code of the number.
	CallingCode string `json:"calling_code"`
}

// Audit is what operators may see of an operation. It holds nothing personal. Texts are empty if absent.
type Audit struct {
	// Trail is nil for [Client.Status], and where subject or recipient is malformed.
	Trail *Trail `json:"trail"`
	// ChallengeID is the same for each operation on one challenge.
	ChallengeID string `json:"challenge_id"`
	// MessageID is Xoxzo's. It is invented for a decoy.
	MessageID string `json:"message_id"`
	// Decoy tells to leave the challenge out of metrics, or strangers can move them.
	Decoy bool `json:"decoy"`
	// Cause is why the guard or Xoxzo gave no readable answer. It begins with the kind of fault, such as dns: or tls:
	Cause string `json:"cause"`
	// Alarm is what operators should look at now: failures, sends, clock or delivery.
	Alarm string `json:"alarm"`
}

// Challenge is a code that was sent.
type Challenge struct {
	Token Token
	// Masked is the number with all but the first two and the last two digits as *
	Masked string
	// ExpiresIn is the life of the token.
	ExpiresIn time.Duration
	// ResendAfter is the time until another message may go to this number.
	ResendAfter time.Duration
	// Delivery is accepted, or unknown if Xoxzo did not answer: the message may arrive, and the challenge is usable.
	Delivery string
	// Handle is empty if the delivery is unknown.
	Handle Handle
	// Parts are the billed parts of an SMS. It is 0 for a template and for a call.
	Parts int
	Audit Audit
}

type challenged struct {
	Token       Token  `json:"token"`
	Masked      string `json:"masked"`
	ExpiresIn   uint32 `json:"expires_in_seconds"`
	ResendAfter uint32 `json:"resend_after_seconds"`
	Delivery    string `json:"delivery"`
	Handle      Handle `json:"handle"`
	Parts       int    `json:"parts"`
	Audit       Audit  `json:"audit"`
}

func (c challenged) record() Challenge {
	return Challenge{c.Token, c.Masked, seconds(c.ExpiresIn), seconds(c.ResendAfter), c.Delivery, c.Handle, c.Parts, c.Audit}
}

// Acceptance is the proof that the code was right. Nothing else lets a user in.
type Acceptance struct {
	// Subject is the user to sign in: that of the binding. It is empty in an acceptance that came with an error.
	Subject string
	Receipt Receipt
	// ExpiresIn is the life of the receipt.
	ExpiresIn time.Duration
	Audit     Audit
}

type accepted struct {
	Receipt   Receipt `json:"receipt"`
	ExpiresIn uint32  `json:"expires_in_seconds"`
	Audit     Audit   `json:"audit"`
}

// Report is the delivery of a message.
type Report struct {
	// Delivery is queued, delivering, delivered, failed or unknown.
	Delivery string `json:"delivery"`
	// Detail is Xoxzo's own name of the state, for a log.
	Detail string `json:"detail"`
	Audit  Audit  `json:"audit"`
}

// Limits are the counters that could refuse a user.
type Limits struct {
	// Limits are those of purposes after a first factor, then those of purposes that strangers can start, as far as the settings have both.
	Limits []Limit
	Audit  Audit
}

// Limit is a counter that could refuse a user, as it stands.
type Limit struct {
	// Setting is the path of the setting that limits it, such as failures.soft.
	Setting string
	// Open is true for purposes that strangers can start, which have counters or limits of their own.
	Open bool
	// Total is the count, and Most the highest that is not refused.
	Total, Most uint32
	// EndsIn is 0 where nothing is counted, and for failures.hard, which only a success or an unlock ends.
	EndsIn time.Duration
	// Refuses is true if it refuses the next message or guess of this user.
	Refuses bool
}

type limit struct {
	Setting string `json:"setting"`
	Open    bool   `json:"open"`
	Total   uint32 `json:"total"`
	Most    uint32 `json:"most"`
	EndsIn  uint32 `json:"ends_in_seconds"`
	Refuses bool   `json:"refuses"`
}

func (l limit) record() Limit {
	return Limit{l.Setting, l.Open, l.Total, l.Most, seconds(l.EndsIn), l.Refuses}
}

// Unlocked are the counters that an unlock cleared.
type Unlocked struct {
	// Failures are the consecutive ones of the subject with the recipient.
	Failures uint32 `json:"failures"`
	// SubjectFailures are those of the subject over all recipients in the present window.
	SubjectFailures uint32 `json:"subject_failures"`
	// Messages are those of the subject or those to the number in the present window, whichever is more.
	Messages uint32 `json:"messages"`
	Audit    Audit  `json:"audit"`
}

// Credits are the balance of the account.
type Credits struct {
	// Credits are whole ones. They are below 0 for an account that pays afterwards.
	Credits int64 `json:"credits"`
	Audit   Audit `json:"audit"`
}

// MessagePreview is the text of a message in one language, with 123456 for the code.
type MessagePreview struct {
	Locale string `json:"locale"`
	// Text is that of an SMS, and Parts what it costs.
	Text  string `json:"text"`
	Parts int    `json:"parts"`
	// Call has the words of a call.
	Call string `json:"call"`
}
