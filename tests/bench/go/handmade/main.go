// Command handmade is a login by hand-written HMAC, for comparison: a keyed hash of the user, the phone, the expiry and the code is the token.
//
// It has no limit across challenges, of messages or of cost, and forgets its counters with the process.
package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log"
	"math/big"
	"strconv"
	"strings"
	"time"

	"bench/measure"
)

const (
	life  = 90
	most  = 5
	spent = 1 << 20
)

type handmade struct {
	key      []byte
	guesses  map[string]int
	messages []string
	back     int64
}

func (*handmade) Locks() bool { return false }

// Altered is a wrong PIN: that is what an altered token looks like.
func (*handmade) Altered() string { return "wrong-pin" }

func (h *handmade) Start(user measure.User) (string, string) {
	drawn, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		log.Fatal(err)
	}
	pin := fmt.Sprintf("%06d", drawn)
	expiry := h.now() + life
	h.messages = append(h.messages, pin)
	return strconv.FormatInt(expiry, 10) + "." + h.hash(user, expiry, pin), ""
}

func (h *handmade) Verify(token string, user measure.User, pin string) string {
	end, hash, _ := strings.Cut(token, ".")
	expiry, err := strconv.ParseInt(end, 10, 64)
	if err != nil || len(hash) != 2*sha256.Size {
		return "invalid-token"
	}
	if len(pin) != 6 || strings.Trim(pin, "0123456789") != "" {
		return "malformed"
	}
	if h.now() >= expiry {
		return "expired"
	}
	tried := h.guesses[token]
	if tried >= spent {
		return "used"
	}
	if tried >= most {
		return "exhausted"
	}
	h.guesses[token] = tried + 1
	if !hmac.Equal([]byte(hash), []byte(h.hash(user, expiry, pin))) {
		return "wrong-pin"
	}
	h.guesses[token] = spent
	return ""
}

func (h *handmade) Sent() []string {
	sent := h.messages
	h.messages = nil
	return sent
}

func (h *handmade) SetBack(seconds int64) { h.back = seconds }

func (h *handmade) hash(user measure.User, expiry int64, pin string) string {
	hash := hmac.New(sha256.New, h.key)
	fmt.Fprintf(hash, "%s|%s|%d|%s", user.Subject, user.Phone, expiry, pin)
	return hex.EncodeToString(hash.Sum(nil))
}

func (h *handmade) now() int64 { return time.Now().Unix() - h.back }

func main() {
	measure.Answer(func(string) measure.Login {
		key := make([]byte, 32)
		if _, err := rand.Read(key); err != nil {
			log.Fatal(err)
		}
		return &handmade{key: key, guesses: map[string]int{}}
	})
}
