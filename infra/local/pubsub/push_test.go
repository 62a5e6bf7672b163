package pubsub_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"

	"nightwire.dev/infra/local/pubsub"
)

func pushTo(url string) *pubsubpb.Subscription {
	return &pubsubpb.Subscription{
		Name: archive, Topic: alerts,
		PushConfig:  &pubsubpb.PushConfig{PushEndpoint: url},
		RetryPolicy: &pubsubpb.RetryPolicy{MinimumBackoff: durationpb.New(time.Millisecond), MaximumBackoff: durationpb.New(20 * time.Millisecond)},
	}
}

func accept(string, int) int { return http.StatusNoContent }

// Eventarc: a function gets a Pub/Sub message as a CloudEvent in binary mode.
func TestPushIsCloudEvent(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, accept)
	h.topic(alerts)
	h.subscribe(pushTo(e.URL))
	attributes := map[string]string{"stream": "ztf", "quote": "\"<&>\n"}
	data := []byte(strings.Repeat("\x00\xffObj", 20_000))
	id := h.send(alerts, &pubsubpb.PubsubMessage{Data: data, Attributes: attributes, OrderingKey: `k"`})[0]
	h.settled()

	got := e.requests[0]
	want := map[string]string{
		"Ce-Id":          id,
		"Ce-Type":        "google.cloud.pubsub.topic.v1.messagePublished",
		"Ce-Source":      "//pubsub.googleapis.com/" + alerts,
		"Ce-Specversion": "1.0",
		"Ce-Time":        got.body.Message.PublishTime.Format(time.RFC3339Nano),
		"Content-Type":   "application/json",
	}
	for name, value := range want {
		if diff := cmp.Diff(value, got.header.Get(name)); diff != "" {
			t.Errorf("header %s (-want +got):\n%s", name, diff)
		}
	}
	wantBody := body{Subscription: archive}
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

// Push: "any other response, or none, is a negative acknowledgement", and the
// message comes again; another message does not wait for it.
func TestPushRepeatsUntilAccepted(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		status int
	}{
		{"client error", http.StatusNotFound},
		{"server error", http.StatusInternalServerError},
		{"redirection", http.StatusFound},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			e := newEndpoint(t, func(text string, attempt int) int {
				if text == "hard" && attempt < 4 {
					return tc.status
				}
				return http.StatusOK
			})
			h.topic(alerts)
			h.subscribe(pushTo(e.URL))
			h.publish(alerts, append([]string{"hard"}, numbered(50)...)...)
			h.settled()
			if n := e.attemptsOf("hard"); n != 4 {
				t.Errorf("%d attempts, want 4", n)
			}
			for _, text := range numbered(50) {
				if n := e.attemptsOf(text); n != 1 {
					t.Errorf("%q: %d attempts, want 1", text, n)
				}
			}
		})
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
	h.topic(alerts)
	d := pushTo(e.URL)
	d.RetryPolicy = nil // 100 ms, doubled
	h.subscribe(d)
	h.publish(alerts, append([]string{"hopeless"}, numbered(200)...)...)
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
	h.topic(alerts)
	h.topic(letters)
	d := pushTo("http://" + address + "/archive")
	d.DeadLetterPolicy = &pubsubpb.DeadLetterPolicy{DeadLetterTopic: letters}
	h.subscribe(d)
	h.publish(alerts, numbered(100)...)
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

// Dead-letter topics: after max_delivery_attempts the message is forwarded with
// attributes that tell its history, and acknowledged.
func TestDeadLetter(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	e := newEndpoint(t, func(string, int) int { return http.StatusInternalServerError })
	h.topic(alerts)
	h.topic(letters)
	h.subscribe(&pubsubpb.Subscription{Name: keeper, Topic: letters})
	d := pushTo(e.URL)
	d.DeadLetterPolicy = &pubsubpb.DeadLetterPolicy{DeadLetterTopic: letters, MaxDeliveryAttempts: 6}
	h.subscribe(d)
	h.send(alerts, &pubsubpb.PubsubMessage{Data: []byte("bad"), Attributes: map[string]string{"stream": "ztf"}})

	letter := h.pull(keeper, 1)[0].GetMessage()
	first := e.requests[0].body.Message
	want := map[string]string{
		"stream": "ztf",
		"CloudPubSubDeadLetterSourceSubscription":        "archive",
		"CloudPubSubDeadLetterSourceSubscriptionProject": "observatory",
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

// A dead letter from a pull subscription counts refusals in the same way, and
// over a restart.
func TestDeadLetterOfPullOverRestart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(alerts)
	h.topic(letters)
	h.subscribe(&pubsubpb.Subscription{Name: keeper, Topic: letters})
	h.subscribe(&pubsubpb.Subscription{Name: archive, Topic: alerts, DeadLetterPolicy: &pubsubpb.DeadLetterPolicy{DeadLetterTopic: letters}})
	h.publish(alerts, "bad")
	for attempt := int32(1); attempt <= 5; attempt++ {
		m := h.pull(archive, 1)
		if got := m[0].GetDeliveryAttempt(); got != attempt {
			t.Errorf("delivery attempt %d, want %d", got, attempt)
		}
		h.refuse(archive, m...)
		if attempt == 3 {
			h.reopen()
		}
	}
	if diff := cmp.Diff([]string{"bad"}, texts(h.pull(keeper, 1))); diff != "" {
		t.Errorf("dead letter (-want +got):\n%s", diff)
	}
}

// UpdateSubscription: a changed push endpoint takes over what is left.
func TestPushEndpointChanges(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	refusing := newEndpoint(t, func(string, int) int { return http.StatusServiceUnavailable })
	h.topic(alerts)
	h.subscribe(pushTo(refusing.URL))
	h.publish(alerts, numbered(20)...)
	h.await("a refusal", func() bool { return refusing.attemptsOf("alert 0000") > 0 })
	accepting := newEndpoint(t, accept)
	err := h.client.SubscriptionAdminClient.ModifyPushConfig(t.Context(), &pubsubpb.ModifyPushConfigRequest{
		Subscription: archive, PushConfig: &pubsubpb.PushConfig{PushEndpoint: accepting.URL},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.settled()
	for _, text := range numbered(20) {
		if accepting.attemptsOf(text) == 0 {
			t.Errorf("%q did not reach the new endpoint", text)
		}
	}
}
