package xoxzo2fa

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Service is a server that answers over HTTP: xoxzo-2fa-serve rest.
type Service struct {
	// URL is its origin, such as http://127.0.0.1:9120.
	URL string
	// Key is that of this caller, with the rights send and verify, and operate for [Client.Limits], [Client.Unlock], [Client.Credits],
	// [Client.Preview], [Client.Trail], [Client.NumberIndex] and [Client.Inspect]. The server knows operators by their key.
	Key string
}

// Format prints the type's name in place of the key.
func (Service) Format(state fmt.State, _ rune) { hide(state, "Service") }

// Remote returns a client of a server, for programs without cgo. Settings, counters and keys are the server's. What is for operators beside an answer, its
// Audit, is empty but in their own operations. What makes or uses keys fails with [Misuse]: no key of the
// settings is sent.
func Remote(service Service) *Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 10 * time.Second}
	return New(remote{service, &http.Client{
		Transport: transport, Timeout: 45 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}})
}

type remote struct {
	service Service
	client  *http.Client
}

func (r remote) Ask(ctx context.Context, function string, arguments map[string]any) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	switch function {
	case "keygen", "receipt_key", "request_key", "sign_request":
		return []byte(`{"failure":{"blame":"misuse","code":"request","detail":"a server is sent no key for that"}}`), nil
	case "ready":
		return r.ready(ctx)
	case "start", "resend", "verify", "status":
		delete(arguments, "audit")
	}
	delete(arguments, "operator")
	body, err := json.Marshal(arguments)
	if err != nil {
		return nil, err
	}
	return r.post(function, body)
}

// post sends a question once. It is not cut off by a context, as what it does may have begun.
func (r remote) post(function string, body []byte) ([]byte, error) {
	request, err := http.NewRequest(http.MethodPost, r.service.URL+"/v1/"+function, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the service's URL is none")
	}
	request.Header.Set("Authorization", "Bearer "+r.service.Key)
	request.Header.Set("Content-Type", "application/json")
	response, err := r.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the service: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("the service: %w", err)
	}
	// With any other status only a failure is an answer.
	if response.StatusCode != http.StatusOK && !bytes.HasPrefix(answer, []byte(`{"failure":`)) {
		return nil, fmt.Errorf("the service: status %d", response.StatusCode)
	}
	return answer, nil
}

// ready asks the server whether its store answers, which takes no key. A context may cut it off, as it does nothing.
func (r remote) ready(ctx context.Context) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.service.URL+"/ready", nil)
	if err != nil {
		return nil, errors.New("the service's URL is none")
	}
	response, err := r.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the service: %w", err)
	}
	defer response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		return []byte(`{"ready":{}}`), nil
	case http.StatusServiceUnavailable:
		return []byte(`{"failure":{"blame":"upstream","code":"guard","detail":"the service is not ready"}}`), nil
	}
	return nil, fmt.Errorf("the service: status %d", response.StatusCode)
}

func (r remote) Close() { r.client.CloseIdleConnections() }
