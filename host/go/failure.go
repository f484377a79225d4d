package xoxzo2fa

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Blame is the party that has to act on a failure. errors.Is(err, xoxzo2fa.Refuse) tells whether it is the user.
type Blame string

// The parties.
const (
	// Misuse: the program has wrong settings, or an argument that no user can cause. Fix it.
	Misuse Blame = "misuse"
	// Refuse: a wrong code, an expired token, a limit. Show what [Client.Explain] says.
	Refuse Blame = "refuse"
	// Upstream: Xoxzo, the network, the guard, the clock or the engine. Nobody got in. Raise an alarm.
	Upstream Blame = "upstream"
)

func (b Blame) Error() string { return string(b) }

// Code is the code of a failure, the same on every host. errors.Is(err, xoxzo2fa.WrongPIN) tells whether it is one.
type Code string

// The codes.
const (
	WrongPIN      Code = "wrong-pin"
	Malformed     Code = "malformed"
	Expired       Code = "expired"
	Exhausted     Code = "exhausted"
	Used          Code = "used"
	Locked        Code = "locked"
	Cooldown      Code = "cooldown"
	TooManySends  Code = "too-many-sends"
	NotAllowed    Code = "not-allowed"
	InvalidToken  Code = "invalid-token"
	NothingLocked Code = "nothing-locked"
	Provider      Code = "provider"
	Guard         Code = "guard"
	Clock         Code = "clock"
	Randomness    Code = "randomness"
	Plugin        Code = "plugin"
	Settings      Code = "settings"
	Request       Code = "request"
)

func (c Code) Error() string { return string(c) }

// Failure is an operation that did not do what was asked. It holds no code, token, key or full number.
type Failure struct {
	Blame Blame
	Code  Code
	// Detail is one line for a log, in English, not for users.
	Detail string
	// GuessesLeft are the tries that the challenge still has, with [WrongPIN]. Otherwise nil.
	GuessesLeft *uint32
	// RetryAfter is the time until trying again can work. It is nil where waiting does not help.
	RetryAfter *time.Duration
	// ExpiresIn is the life that the token has left. It is nil where no token was valid.
	ExpiresIn *time.Duration
	Audit     Audit
}

func (f *Failure) Error() string { return "xoxzo-2fa: " + string(f.Code) + ": " + f.Detail }

// Is tells whether the failure has a blame or a code.
func (f *Failure) Is(target error) bool { return target == f.Blame || target == f.Code }

// Offer is an action that helps a user after a failure.
type Offer string

// The actions.
const (
	// TryAgain: type the code again, or ask again for what was asked for.
	TryAgain Offer = "try-again"
	// Resend: get the same code once more, by [Client.Resend].
	Resend Offer = "resend"
	// StartAgain: get a new code, by [Client.Start].
	StartAgain Offer = "start-again"
	// Wait for [Failure.RetryAfter], then do the same once more.
	Wait Offer = "wait"
	// ContactSupport: nothing else helps.
	ContactSupport Offer = "contact-support"
)

// Explanation is a failure in words for the user.
type Explanation struct {
	// Text is one or two short sentences of plain text. Escape it in HTML like any other.
	Text string `json:"text"`
	// Offers are the actions that help, the best first.
	Offers []Offer `json:"offers"`
}

// Explain says an error of this package to a user, in one of the languages en, ja, id, ms, vi, th, zh-Hans, zh-Hant, ko and es.
// What is no [Failure], such as the end of a context, is told like a fault of the engine.
func (c *Client) Explain(ctx context.Context, err error, locale string) (Explanation, error) {
	failed := broken()
	errors.As(err, &failed)
	fields := map[string]any{"code": failed.Code, "locale": locale}
	if failed.GuessesLeft != nil {
		fields["guesses_left"] = *failed.GuessesLeft
	}
	if failed.RetryAfter != nil {
		fields["retry_after_seconds"] = int64(*failed.RetryAfter / time.Second)
	}
	var told Explanation
	err = ask(ctx, c.backend, "explain", fields, "explanation", &told)
	return told, err
}

func failureOf(answer json.RawMessage) error {
	var read struct {
		Blame       Blame   `json:"blame"`
		Code        Code    `json:"code"`
		Detail      string  `json:"detail"`
		GuessesLeft *uint32 `json:"guesses_left"`
		RetryAfter  *uint32 `json:"retry_after_seconds"`
		ExpiresIn   *uint32 `json:"expires_in_seconds"`
		Audit       Audit   `json:"audit"`
	}
	if json.Unmarshal(answer, &read) != nil {
		return broken()
	}
	return &Failure{read.Blame, read.Code, read.Detail, read.GuessesLeft, span(read.RetryAfter), span(read.ExpiresIn), read.Audit}
}

// broken is the failure of a backend whose answer is none of the contract's.
func broken() *Failure {
	return &Failure{Blame: Upstream, Code: Plugin, Detail: "the backend's answer is none of the contract's"}
}

// span is a time that may be absent.
func span(count *uint32) *time.Duration {
	if count == nil {
		return nil
	}
	span := seconds(*count)
	return &span
}
