package pubsub_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"nightwire.dev/infra/local/port/porttest"
	"nightwire.dev/infra/local/pubsub"
)

func (h *house) pushTo(url string) *pubsubpb.Subscription {
	return &pubsubpb.Subscription{
		Name: h.archive, Topic: h.alerts,
		PushConfig:  &pubsubpb.PushConfig{PushEndpoint: url},
		RetryPolicy: &pubsubpb.RetryPolicy{MinimumBackoff: durationpb.New(time.Millisecond), MaximumBackoff: durationpb.New(20 * time.Millisecond)},
	}
}

// pushElsewhere changes where the archive's messages go.
func (h *house) pushElsewhere(url string) {
	h.t.Helper()
	_, err := h.client.SubscriptionAdminClient.UpdateSubscription(context.Background(), &pubsubpb.UpdateSubscriptionRequest{
		Subscription: &pubsubpb.Subscription{Name: h.archive, PushConfig: &pubsubpb.PushConfig{PushEndpoint: url}},
		UpdateMask:   &fieldmaskpb.FieldMask{Paths: []string{"push_config"}},
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func accept(string, int) int { return http.StatusNoContent }

func testPushIsCloudEvent(t *testing.T, h *house) {
	e := newEndpoint(t, accept)
	h.topic(h.alerts)
	h.subscribe(h.pushTo(e.URL))
	attributes := map[string]string{"stream": "ztf", "quote": "\"<&>\n"}
	data := []byte(strings.Repeat("\x00\xffObj", 20_000))
	id := h.send(h.alerts, &pubsubpb.PubsubMessage{Data: data, Attributes: attributes, OrderingKey: `k"`})[0]
	h.settled()

	got := e.requests[0]
	want := map[string]string{
		"Ce-Id":          id,
		"Ce-Type":        "google.cloud.pubsub.topic.v1.messagePublished",
		"Ce-Source":      "//pubsub.googleapis.com/" + h.alerts,
		"Ce-Specversion": "1.0",
		"Ce-Time":        got.body.Message.PublishTime.Format(time.RFC3339Nano),
		"Content-Type":   "application/json",
	}
	for name, value := range want {
		if diff := cmp.Diff(value, got.header.Get(name)); diff != "" {
			t.Errorf("header %s (-want +got):\n%s", name, diff)
		}
	}
	wantBody := body{Subscription: h.archive}
	wantBody.Message.Data, wantBody.Message.Attributes = data, attributes
	wantBody.Message.MessageID, wantBody.Message.MessageID2 = id, id
	wantBody.Message.OrderingKey = `k"`
	wantBody.Message.PublishTime = got.body.Message.PublishTime
	wantBody.Message.PublishTime2 = got.body.Message.PublishTime
	if diff := cmp.Diff(wantBody, got.body); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	if time.Since(got.body.Message.PublishTime) > time.Hour {
		t.Errorf("publish time %v", got.body.Message.PublishTime)
	}
}

// testPushRepeats has an endpoint refuse one message three times: it comes
// again, and no other waits for it.
func testPushRepeats(refusal int) func(t *testing.T, h *house) {
	return func(t *testing.T, h *house) {
		e := newEndpoint(t, func(text string, attempt int) int {
			if text == "hard" && attempt < 4 {
				return refusal
			}
			return http.StatusOK
		})
		h.topic(h.alerts)
		h.subscribe(h.pushTo(e.URL))
		h.publish(h.alerts, append([]string{"hard"}, numbered(50)...)...)
		h.settled()
		if n := e.attemptsOf("hard"); n != 4 {
			t.Errorf("%d attempts, want 4", n)
		}
		for _, text := range numbered(50) {
			if n := e.attemptsOf(text); n != 1 {
				t.Errorf("%q: %d attempts, want 1", text, n)
			}
		}
	}
}

// testPushTimesOut has an endpoint that holds one message beyond the deadline.
func testPushTimesOut(t *testing.T, h *house) {
	e := newEndpoint(t, accept)
	e.hold = func(r *http.Request, text string, attempt int) {
		if text == "slow" && attempt == 1 {
			<-r.Context().Done() // the server hangs up
		}
	}
	h.topic(h.alerts)
	h.subscribe(h.pushTo(e.URL))
	h.publish(h.alerts, append([]string{"slow"}, numbered(50)...)...)
	h.settled()
	if n := e.attemptsOf("slow"); n != 2 {
		t.Errorf("%d attempts at the message that was held, want 2", n)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if last := e.requests[len(e.requests)-1].body.Message.Data; string(last) != "slow" || len(e.requests) != 52 {
		t.Errorf("%d requests, the last with %q: want the others not to wait", len(e.requests), last)
	}
}

// Back-off: a message that waits for its next attempt does not hold up the
// others, even with a window of one.
func TestBackoffStallsNoOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *pubsub.Options) { o.PushWindow = 1 })
	e := newEndpoint(t, func(text string, _ int) int {
		if text == "hopeless" {
			return http.StatusInternalServerError
		}
		return http.StatusOK
	})
	h.topic(h.alerts)
	d := h.pushTo(e.URL)
	d.RetryPolicy = nil // 100 ms, doubled
	h.subscribe(d)
	h.publish(h.alerts, append([]string{"hopeless"}, numbered(200)...)...)
	h.await("others delivered", func() bool { return h.server.Backlog()[0].Undelivered == 1 })
}

// A push that finds nobody listening is repeated soon and is no attempt: the
// message reaches the function when it is back, not the dead-letter topic.
func TestPushWaitsForListener(t *testing.T) {
	t.Parallel()
	var log logged
	h := newHouse(t, func(o *pubsub.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	address := porttest.Keep(t).Address()
	h.topic(h.alerts)
	h.topic(h.letters)
	d := h.pushTo("http://" + address + "/archive")
	d.DeadLetterPolicy = &pubsubpb.DeadLetterPolicy{DeadLetterTopic: h.letters}
	h.subscribe(d)
	h.publish(h.alerts, numbered(100)...)
	h.await("knock", func() bool { return log.count("nobody listens") == 1 })

	e := &endpoint{answer: accept, attempts: make(map[string]int)}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	e.Server = &httptest.Server{Listener: listener, Config: &http.Server{Handler: e}}
	e.Start()
	defer e.Close()
	h.settled()
	for _, r := range e.requests {
		if r.body.DeliveryAttempt != 1 {
			t.Errorf("%s: delivery attempt %d, want 1", r.body.Message.Data, r.body.DeliveryAttempt)
		}
	}
}

// A message that waits for a listener is read once: what has become of the disk
// meanwhile does not matter to it.
func TestKnocksReadOnce(t *testing.T) {
	t.Parallel()
	var log logged
	h := newHouse(t, func(o *pubsub.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	address := porttest.Keep(t).Address()
	h.topic(h.alerts)
	h.subscribe(h.pushTo("http://" + address))
	h.publish(h.alerts, "alert")
	h.await("knock", func() bool { return log.count("nobody listens") == 1 })
	if err := os.Truncate(filepath.Join(h.options.Dir, h.archive, "messages", "00000000000000000001.log"), 0); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	pushes := make(chan string, 1)
	go answer(listener, nil, false, pushes)
	h.settled()
	if got := <-pushes; !strings.Contains(got, `"data":"YWxlcnQ="`) {
		t.Errorf("pushed %s", got)
	}
}

func testDeadLetter(t *testing.T, h *house) {
	e := newEndpoint(t, func(string, int) int { return http.StatusInternalServerError })
	h.topic(h.alerts)
	h.topic(h.letters)
	h.subscribe(&pubsubpb.Subscription{Name: h.keeper, Topic: h.letters})
	d := h.pushTo(e.URL)
	d.DeadLetterPolicy = &pubsubpb.DeadLetterPolicy{DeadLetterTopic: h.letters, MaxDeliveryAttempts: 6}
	h.subscribe(d)
	h.send(h.alerts, &pubsubpb.PubsubMessage{Data: []byte("bad"), Attributes: map[string]string{"stream": "ztf"}})

	letter := h.pull(h.keeper, 1)[0].GetMessage()
	first := e.requests[0].body.Message
	want := map[string]string{
		"stream": "ztf",
		"CloudPubSubDeadLetterSourceSubscription":        "archive",
		"CloudPubSubDeadLetterSourceSubscriptionProject": observatory,
		"CloudPubSubDeadLetterSourceDeliveryCount":       "6",
		"CloudPubSubDeadLetterSourceTopicPublishTime":    first.PublishTime.Format(time.RFC3339Nano),
	}
	if diff := cmp.Diff(want, letter.GetAttributes()); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if string(letter.GetData()) != "bad" {
		t.Errorf("data %q", letter.GetData())
	}
	h.await("acknowledgement", func() bool { return h.server.Backlog()[0].Undelivered == 0 })
	if n := e.attemptsOf("bad"); n != 6 {
		t.Errorf("%d attempts, want 6", n)
	}
	for i, r := range e.requests {
		if r.body.DeliveryAttempt != i+1 {
			t.Errorf("request %d says delivery attempt %d", i+1, r.body.DeliveryAttempt)
		}
	}
}

func testPushEndpointChanges(t *testing.T, h *house) {
	refusing := newEndpoint(t, func(string, int) int { return http.StatusServiceUnavailable })
	h.topic(h.alerts)
	h.subscribe(h.pushTo(refusing.URL))
	h.publish(h.alerts, numbered(20)...)
	h.await("a refusal", func() bool { return refusing.attemptsOf("alert 0000") > 0 })
	accepting := newEndpoint(t, accept)
	h.pushElsewhere(accepting.URL)
	h.settled()
	for _, text := range numbered(20) {
		if accepting.attemptsOf(text) == 0 {
			t.Errorf("%q did not reach the new endpoint", text)
		}
	}
}

// With another endpoint the backlog goes there: the old one gets no more than
// it had already.
func TestOldEndpointGetsNoMore(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *pubsub.Options) { o.PushWindow = 1 })
	old := newEndpoint(t, accept)
	release := make(chan struct{})
	old.hold = func(*http.Request, string, int) { <-release }
	h.topic(h.alerts)
	h.subscribe(h.pushTo(old.URL))
	h.publish(h.alerts, numbered(50)...)
	h.await("the first push", func() bool { return old.attemptsOf("alert 0000") == 1 })
	next := newEndpoint(t, accept)
	h.pushElsewhere(next.URL)
	close(release)
	h.settled()
	if n := len(old.requests); n != 1 {
		t.Errorf("%d pushes to the old endpoint, want 1", n)
	}
}

// An endpoint that does not answer holds up the end for the server's grace, and
// no longer: the push is broken off, is no failure, and comes again.
func TestCloseBreaksPushesOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, accept)
	e.hold = func(r *http.Request, _ string, attempt int) {
		if attempt == 1 {
			<-r.Context().Done() // the server hangs up
		}
	}
	h.topic(h.alerts)
	h.topic(h.letters)
	d := h.pushTo(e.URL)
	d.AckDeadlineSeconds = 600
	d.DeadLetterPolicy = &pubsubpb.DeadLetterPolicy{DeadLetterTopic: h.letters}
	h.subscribe(d)
	h.publish(h.alerts, "held")
	h.await("the first push", func() bool { return e.attemptsOf("held") == 1 })
	h.reopen()
	h.settled()
	if n := e.requests[1].body.DeliveryAttempt; n != 1 {
		t.Errorf("delivery attempt %d after the restart, want 1", n)
	}
}

// Nor does a push outlive its subscription by more than the grace.
func TestDeletionBreaksPushesOff(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, accept)
	brokenOff := make(chan struct{})
	e.hold = func(r *http.Request, _ string, _ int) {
		<-r.Context().Done()
		close(brokenOff)
	}
	h.topic(h.alerts)
	d := h.pushTo(e.URL)
	d.AckDeadlineSeconds = 600
	h.subscribe(d)
	h.publish(h.alerts, "held")
	h.await("the push", func() bool { return e.attemptsOf("held") == 1 })
	err := h.client.SubscriptionAdminClient.DeleteSubscription(t.Context(), &pubsubpb.DeleteSubscriptionRequest{Subscription: h.archive})
	if err != nil {
		t.Fatal(err)
	}
	h.await("end of the push", func() bool {
		select {
		case <-brokenOff:
			return true
		default:
			return false
		}
	})
}

// A knock that ends with its endpoint is no attempt, and is told once.
func TestKnocksAreNoAttempts(t *testing.T) {
	t.Parallel()
	var log logged
	h := newHouse(t, func(o *pubsub.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	h.topic(h.alerts)
	h.topic(h.letters)
	d := h.pushTo("http://127.0.0.1:1/0")
	d.DeadLetterPolicy = &pubsubpb.DeadLetterPolicy{DeadLetterTopic: h.letters}
	h.subscribe(d)
	h.publish(h.alerts, numbered(10)...)
	for told, path := range []string{"/1", "/2", "/3", "/4", "/5"} {
		h.await("knock", func() bool { return log.count("nobody listens") == told+1 })
		h.pushElsewhere("http://127.0.0.1:1" + path)
	}
	e := newEndpoint(t, accept)
	h.pushElsewhere(e.URL)
	h.settled()
	for _, r := range e.requests {
		if r.body.DeliveryAttempt != 1 {
			t.Errorf("%s: delivery attempt %d, want 1", r.body.Message.Data, r.body.DeliveryAttempt)
		}
	}
	if len(e.requests) != 10 {
		t.Errorf("%d messages arrived, want 10", len(e.requests))
	}
	h.close()
	if n := log.count("nobody listens"); n > 6 {
		t.Errorf("told %d times of 6 endpoints", n)
	}
}

// logged is what a server has logged so far.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) count(words string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), words)
}

// What endpoints answer is taken for what it is, and for nothing else: the last
// push says which attempt of its message it is.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const ok, refused = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
	for _, tc := range []struct {
		name     string
		answers  []string // to one push after the other; all that follow are accepted
		hangUp   bool     // after each answer
		messages []string
		pushes   int
		attempt  string
	}{
		{"after interim ones", []string{"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + ok}, false, numbered(1), 1, "1"},
		{"refusal after an interim one", []string{"HTTP/1.1 103 Early Hints\r\n\r\n" + refused}, false, numbered(1), 2, "2"},
		{"body cut short", []string{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"}, true, []string{"a"}, 1, ""},
		{"body without end", []string{"HTTP/1.1 200 OK\r\n\r\n" + strings.Repeat("x", 1<<20)}, false, numbered(1), 1, "1"},
		{"broken off on a kept connection", []string{ok, "HTTP/1.1 2"}, false, numbered(2), 3, "2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			pushes := make(chan string, 100)
			go answer(listener, tc.answers, tc.hangUp, pushes)
			h := newHouse(t, func(o *pubsub.Options) { o.PushWindow = 1 })
			t.Cleanup(func() { listener.Close() })
			h.topic(h.alerts)
			h.topic(h.letters)
			d := h.pushTo("http://" + listener.Addr().String())
			d.DeadLetterPolicy = &pubsubpb.DeadLetterPolicy{DeadLetterTopic: h.letters}
			h.subscribe(d)
			h.publish(h.alerts, tc.messages...)
			h.settled()
			if n := len(pushes); n != tc.pushes {
				t.Fatalf("%d pushes, want %d", n, tc.pushes)
			}
			var last string
			for range tc.pushes {
				last = <-pushes
			}
			if tc.attempt != "" && !strings.Contains(last, `"deliveryAttempt":`+tc.attempt) {
				t.Errorf("last push %s, want attempt %s", last, tc.attempt)
			}
		})
	}
}

// answer answers one push after the other, and tells their bodies.
func answer(listener net.Listener, answers []string, hangUp bool, pushes chan<- string) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		in := bufio.NewReader(conn)
		for {
			r, err := http.ReadRequest(in)
			if err != nil {
				break
			}
			data, _ := io.ReadAll(r.Body)
			pushes <- string(data)
			reply := "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
			if len(answers) > 0 {
				reply, answers = answers[0], answers[1:]
			}
			_, err = io.WriteString(conn, reply)
			if err != nil || hangUp || !strings.HasSuffix(reply, "\r\n\r\n") && len(reply) < 100 {
				break
			}
		}
		conn.Close()
	}
}

// A subscription that rests at the start, for another address is pushed to, is
// told of.
func TestRestingIsTold(t *testing.T) {
	t.Parallel()
	var log logged
	h := newHouse(t, func(o *pubsub.Options) { o.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	h.topic(h.alerts)
	h.subscribe(h.pushTo("http://127.0.0.1:1/"))
	h.subscribe(&pubsubpb.Subscription{Name: h.keeper, Topic: h.alerts}) // is pulled
	h.options.PushTo = "127.0.0.1:2"
	h.reopen()
	if n := log.count("subscription rests"); n != 1 {
		t.Errorf("told %d times, want once", n)
	}
}
