// Package measure prepares what an operation needs, times nothing but the operation, and checks what it answered. ../../bench.py says what is read and
// answered.
package measure

import (
	"bufio"
	"fmt"
	"log"
	"os"
	"syscall"
	"time"
)

// User is a user of a login.
type User struct{ Subject, Phone string }

// Login is a login with a code in a message.
type Login interface {
	// Locks tells whether it locks out a user whose guesses at several challenges were wrong.
	Locks() bool
	// Altered is the code of a token that was altered.
	Altered() string
	// Start sends a code, and returns the token, or the code of the refusal.
	Start(user User) (token, code string)
	// Verify checks a code. It returns nothing, or the code of the refusal.
	Verify(token string, user User, pin string) string
	// Sent returns the codes that were sent since this was last asked.
	Sent() []string
	// SetBack sets the clock to so many seconds before the present.
	SetBack(seconds int64)
}

const (
	// Answers, for one challenge or user that is refused again and again, to one setup.
	repeated = 10
	// Wrong guesses that a challenge takes.
	guesses = 5
	// More seconds than a challenge of the settings lives.
	outlived = 100
)

var codes = map[string]string{
	"start": "", "verify": "", "wrong-pin": "wrong-pin", "expired": "expired", "exhausted": "exhausted", "locked": "locked", "malformed": "malformed",
	"not-ours": "invalid-token", "replay": "used",
}

type challenge struct {
	user       User
	token, pin string
}

type measure struct {
	login Login
	users int
}

// Answer answers until the questions end. Open is given the settings.
func Answer(open func(settings string) Login) {
	log.SetFlags(0)
	lines := bufio.NewScanner(os.Stdin)
	if !lines.Scan() {
		log.Fatal("there are no settings")
	}
	own := measure{login: open(lines.Text())}
	for lines.Scan() {
		var operation string
		var count int
		if _, err := fmt.Sscan(lines.Text(), &operation, &count); err != nil {
			log.Fatal(err)
		}
		own.ask(operation, count)
	}
}

func (m *measure) ask(operation string, count int) {
	if operation == "locked" && !m.login.Locks() {
		fmt.Println(`{"absent":true}`)
		return
	}
	users := count
	switch operation {
	case "exhausted", "locked", "malformed":
		users = (count + repeated - 1) / repeated
	}
	var challenges []challenge
	if operation == "start" {
		challenges = m.drawn(users, false)
	} else {
		challenges = m.prepared(operation, users)
	}
	wanted := codes[operation]
	if operation == "not-ours" {
		wanted = m.login.Altered()
	}
	m.login.Sent()
	wall, cpu := time.Now(), used()
	for at := 0; at < count; at++ {
		it, code := &challenges[at%users], ""
		if operation == "start" || operation == "locked" {
			_, code = m.login.Start(it.user)
		} else {
			code = m.login.Verify(it.token, it.user, it.pin)
		}
		hold(code == wanted, operation, code)
	}
	cpu = used() - cpu
	took := time.Since(wall)
	messages := len(m.login.Sent())
	hold(messages == 0 && operation != "start" || messages == count && operation == "start", operation, "another number of messages")
	fmt.Printf(`{"count":%d,"wall_ns":%d,"cpu_ns":%d}`+"\n", count, took.Nanoseconds(), cpu)
}

func (m *measure) prepared(operation string, users int) []challenge {
	if operation == "expired" {
		m.login.SetBack(outlived)
	}
	challenges := m.drawn(users, false)
	m.begin(challenges)
	m.login.SetBack(0)
	if operation == "exhausted" || operation == "locked" {
		m.exhaust(challenges)
	}
	if operation == "locked" {
		m.users -= users
		others := m.drawn(users, true)
		m.begin(others)
		m.exhaust(others)
	}
	for at := range challenges {
		it := &challenges[at]
		switch operation {
		case "replay":
			code := m.login.Verify(it.token, it.user, it.pin)
			hold(code == "", "verify", code)
		case "not-ours":
			last := byte('0')
			if it.token[len(it.token)-1] == '0' {
				last = '1'
			}
			it.token = it.token[:len(it.token)-1] + string(last)
		case "malformed":
			it.pin = "12345x"
		case "wrong-pin":
			it.pin = other(it.pin)
		}
	}
	return challenges
}

func (m *measure) drawn(users int, otherPhone bool) []challenge {
	kind := 90
	if otherPhone {
		kind = 80
	}
	challenges := make([]challenge, users)
	for at := range challenges {
		challenges[at].user = User{fmt.Sprintf("user-%d", m.users), fmt.Sprintf("+81%d%08d", kind, m.users)}
		m.users++
	}
	return challenges
}

func (m *measure) begin(challenges []challenge) {
	m.login.Sent()
	for at := range challenges {
		token, code := m.login.Start(challenges[at].user)
		hold(code == "", "start", code)
		challenges[at].token = token
	}
	pins := m.login.Sent()
	hold(len(pins) == len(challenges), "start", "a message has no code")
	for at, pin := range pins {
		challenges[at].pin = pin
	}
}

func (m *measure) exhaust(challenges []challenge) {
	for _, each := range challenges {
		for at := 0; at < guesses; at++ {
			code := m.login.Verify(each.token, each.user, other(each.pin))
			hold(code == "wrong-pin" || code == "locked", "wrong-pin", code)
		}
	}
}

func other(pin string) string {
	if pin == "000000" {
		return "000001"
	}
	return "000000"
}

func hold(right bool, operation, code string) {
	if !right {
		log.Fatalf("%s: answered %q", operation, code)
	}
}

// used returns the nanoseconds of the processor that all threads have used.
func used() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		log.Fatal(err)
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}
