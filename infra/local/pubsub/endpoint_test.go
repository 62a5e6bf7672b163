package pubsub_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// endpoint is a function's place: it remembers what was posted.
type endpoint struct {
	*httptest.Server
	answer func(text string, attempt int) int
	hold   func(r *http.Request, text string, attempt int) // before the answer; nil does not

	mu       sync.Mutex
	attempts map[string]int
	requests []posted
}

type posted struct {
	header http.Header
	body   body
}

type body struct {
	Subscription    string `json:"subscription"`
	DeliveryAttempt int    `json:"deliveryAttempt"`
	Message         struct {
		Data         []byte            `json:"data"`
		Attributes   map[string]string `json:"attributes"`
		MessageID    string            `json:"messageId"`
		MessageID2   string            `json:"message_id"`
		PublishTime  time.Time         `json:"publishTime"`
		PublishTime2 time.Time         `json:"publish_time"`
		OrderingKey  string            `json:"orderingKey"`
	} `json:"message"`
}

// newEndpoint answers each post with the status that answer chooses.
func newEndpoint(t testing.TB, answer func(text string, attempt int) int) *endpoint {
	e := &endpoint{answer: answer, attempts: make(map[string]int)}
	e.Server = httptest.NewServer(e)
	t.Cleanup(e.Close)
	return e
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var b body
	data, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(data, &b)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	text := string(b.Message.Data)
	e.mu.Lock()
	e.attempts[text]++
	attempt := e.attempts[text]
	e.requests = append(e.requests, posted{r.Header, b})
	e.mu.Unlock()
	if e.hold != nil {
		e.hold(r, text, attempt)
	}
	w.WriteHeader(e.answer(text, attempt))
}

func (e *endpoint) attemptsOf(text string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.attempts[text]
}
