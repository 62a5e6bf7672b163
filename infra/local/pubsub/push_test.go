package pubsub_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

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
	h := newHouse(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	h.topic(h.alerts)
	h.topic(h.letters)
	d := h.pushTo("http://" + address + "/archive")
	d.DeadLetterPolicy = &pubsubpb.DeadLetterPolicy{DeadLetterTopic: h.letters}
	h.subscribe(d)
	h.publish(h.alerts, numbered(100)...)
	h.await("window in flight", func() bool { return h.server.Backlog()[0].InFlight == 64 })

	e := &endpoint{answer: accept, attempts: make(map[string]int)}
	listener, err = net.Listen("tcp", address)
	if err != nil {
		t.Skipf("the port was taken meanwhile: %v", err)
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
