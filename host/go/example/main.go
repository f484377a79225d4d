// Example is a login with a password and a code: two pages, and sessions in memory.
//
//	example SETTINGS.json STORE
//
// It serves on a loopback port that the system chooses, and prints its address. One user, ann, has the password in DEMO_PASSWORD and the number in
// DEMO_NUMBER. A service has users, passwords by a slow hash, and sessions of its own; what stays is the order of the steps.
package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"encoding/base64"
	"errors"
	"html/template"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"time"

	xoxzo2fa "github.com/xoxzo/xoxzo-2fa/host/go"
)

//go:embed page.html
var files embed.FS

var page = template.Must(template.ParseFS(files, "page.html"))

// session is what the server knows of a browser.
type session struct {
	// user is who gave the right password, and subject who gave the right code too.
	user    *user
	subject string
	token   xoxzo2fa.Token
	ends    time.Time
}

type user struct {
	id, number, password string
}

type service struct {
	client   *xoxzo2fa.Client
	users    map[string]*user
	mutex    sync.Mutex
	sessions map[string]session
}

// view is what a page shows.
type view struct {
	Subject, Masked, Problem string
	Code                     bool
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	if len(os.Args) != 3 {
		return errors.New("usage: example SETTINGS.json STORE")
	}
	settings, err := os.ReadFile(os.Args[1])
	if err != nil {
		return err
	}
	client, err := xoxzo2fa.Open(xoxzo2fa.Options{Settings: string(settings), Store: os.Args[2]})
	if err != nil {
		return err
	}
	defer client.Close()
	ann := &user{"user-1", os.Getenv("DEMO_NUMBER"), os.Getenv("DEMO_PASSWORD")}
	if ann.number == "" || ann.password == "" {
		return errors.New("DEMO_NUMBER and DEMO_PASSWORD must be set")
	}
	own := &service{client: client, users: map[string]*user{"ann": ann}, sessions: map[string]session{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	log.SetFlags(0)
	log.Printf("http://%s", listener.Addr())
	server := &http.Server{Handler: own.routes(), ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute}
	ending, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	go func() {
		<-ending.Done()
		_ = server.Shutdown(context.Background())
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (s *service) routes() http.Handler {
	routes := http.NewServeMux()
	routes.HandleFunc("/", s.home)
	routes.HandleFunc("/password", s.password)
	routes.HandleFunc("/code", s.code)
	// A form of another site has another origin, and its browser sends no cookie of ours either.
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		origin := request.Header.Get("Origin")
		if request.Method != http.MethodGet && origin != "" && origin != "http://"+request.Host {
			http.Error(answer, "another site", http.StatusForbidden)
			return
		}
		request.Body = http.MaxBytesReader(answer, request.Body, 4096)
		routes.ServeHTTP(answer, request)
	})
}

func (s *service) home(answer http.ResponseWriter, request *http.Request) {
	_, found := s.find(request)
	show(answer, view{Subject: found.subject, Code: found.user != nil && found.subject == ""})
}

// password is the first step: the right one starts a challenge.
func (s *service) password(answer http.ResponseWriter, request *http.Request) {
	known := s.users[request.PostFormValue("name")]
	if request.Method != http.MethodPost || known == nil || !same(known.password, request.PostFormValue("password")) {
		show(answer, view{Problem: "Name or password is wrong."})
		return
	}
	challenge, err := s.client.Start(request.Context(), binding(known), xoxzo2fa.Sending{})
	if err != nil {
		problem, _ := s.problem(request, err)
		show(answer, view{Problem: problem})
		return
	}
	s.begin(answer, request, session{user: known, token: challenge.Token, ends: time.Now().Add(challenge.ExpiresIn)})
	show(answer, view{Code: true, Masked: challenge.Masked})
}

// code is the second step. Who is signed in is who the acceptance names.
func (s *service) code(answer http.ResponseWriter, request *http.Request) {
	id, found := s.find(request)
	if request.Method != http.MethodPost || found.user == nil || found.subject != "" {
		http.Redirect(answer, request, "/", http.StatusSeeOther)
		return
	}
	// People copy the spaces around a code, and type some between its digits.
	pin := xoxzo2fa.PIN(strings.Join(strings.Fields(request.PostFormValue("pin")), ""))
	acceptance, err := s.client.Verify(request.Context(), found.token, binding(found.user), pin)
	if err != nil {
		problem, over := s.problem(request, err)
		if over {
			s.end(id)
		}
		show(answer, view{Problem: problem, Code: !over})
		return
	}
	s.begin(answer, request, session{user: found.user, subject: acceptance.Subject, ends: time.Now().Add(time.Hour)})
	http.Redirect(answer, request, "/", http.StatusSeeOther)
}

// problem logs a failure, and returns what the user reads, and whether only a new code helps.
func (s *service) problem(request *http.Request, failed error) (text string, over bool) {
	if !errors.Is(failed, xoxzo2fa.Refuse) {
		log.Print(failed)
	}
	told, err := s.client.Explain(request.Context(), failed, "en")
	if err != nil {
		log.Print(err)
		return "Something is wrong on our side.", false
	}
	for _, offer := range told.Offers {
		over = over || offer == xoxzo2fa.StartAgain
	}
	return told.Text, over
}

func binding(user *user) xoxzo2fa.Binding {
	return xoxzo2fa.Binding{Recipient: user.number, Subject: user.id, Purpose: "login"}
}

func (s *service) find(request *http.Request) (string, session) {
	cookie, err := request.Cookie("session")
	if err != nil {
		return "", session{}
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	found := s.sessions[cookie.Value]
	if time.Now().After(found.ends) {
		delete(s.sessions, cookie.Value)
		return "", session{}
	}
	return cookie.Value, found
}

func (s *service) end(id string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.sessions, id)
}

// begin gives the browser a session under a new id, so that nobody knows it from before.
func (s *service) begin(answer http.ResponseWriter, request *http.Request, own session) {
	old, _ := s.find(request)
	id := make([]byte, 32)
	if _, err := rand.Read(id); err != nil {
		log.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString(id)
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.sessions, old)
	for each, session := range s.sessions {
		if time.Now().After(session.ends) {
			delete(s.sessions, each)
		}
	}
	s.sessions[text] = own
	// Behind TLS it is Secure as well.
	http.SetCookie(answer, &http.Cookie{Name: "session", Value: text, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

func show(answer http.ResponseWriter, shown view) {
	answer.Header().Set("Cache-Control", "no-store")
	answer.Header().Set("Content-Type", "text/html; charset=utf-8")
	if shown.Problem != "" {
		answer.WriteHeader(http.StatusUnprocessableEntity)
	}
	if err := page.Execute(answer, shown); err != nil {
		log.Print(err)
	}
}

func same(one, other string) bool {
	first, second := sha256.Sum256([]byte(one)), sha256.Sum256([]byte(other))
	return subtle.ConstantTimeCompare(first[:], second[:]) == 1
}
