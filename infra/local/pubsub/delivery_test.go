package pubsub_test

import (
	"fmt"
	"strings"
	"testing"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/durationpb"
)

func testUnacknowledgedComesAgain(t *testing.T, h *house) {
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts, AckDeadlineSeconds: 10})
	h.publish(h.alerts, "alert")
	first := h.pull(h.archive, 1)
	h.empty(h.archive)
	again := h.pull(h.archive, 1) // waits for the deadline
	if first[0].GetMessage().GetMessageId() != again[0].GetMessage().GetMessageId() {
		t.Error("another message came")
	}
	h.acknowledge(h.archive, again...)
	h.settled()
}

func testDeadlineMoves(t *testing.T, h *house) {
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts, AckDeadlineSeconds: 10})
	h.publish(h.alerts, "long", "short")
	for _, m := range h.pull(h.archive, 2) {
		seconds := int32(600)
		if string(m.GetMessage().GetData()) == "short" {
			seconds = 1
		}
		h.modify(h.archive, seconds, m)
	}
	if diff := cmp.Diff([]string{"short"}, texts(h.pull(h.archive, 1))); diff != "" {
		t.Errorf("first to come again (-want +got):\n%s", diff)
	}
	h.empty(h.archive)
}

func testLateAcknowledgement(_ *testing.T, h *house) {
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	h.publish(h.alerts, "alert")
	first := h.pull(h.archive, 1)
	h.refuse(h.archive, first...)
	h.pull(h.archive, 1)
	h.acknowledge(h.archive, first...) // with the id of the delivery before
	h.acknowledge(h.archive, first...)
	h.settled()
}

func testBackoff(t *testing.T, h *house) {
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts, RetryPolicy: &pubsubpb.RetryPolicy{
		MinimumBackoff: durationpb.New(8e9), MaximumBackoff: durationpb.New(16e9),
	}})
	h.publish(h.alerts, "hard", "easy")
	for _, m := range h.pull(h.archive, 2) {
		if string(m.GetMessage().GetData()) == "hard" {
			h.refuse(h.archive, m)
		} else {
			h.acknowledge(h.archive, m)
		}
	}
	h.empty(h.archive) // its pause is not over
	h.publish(h.alerts, "another")
	if diff := cmp.Diff([]string{"another", "hard"}, texts(h.pull(h.archive, 2))); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
}

func testFilter(t *testing.T, h *house) {
	h.topic(h.alerts)
	h.subscribeFiltered()
	h.publishFiltered()
	got := h.pull(h.archive, 2)
	if diff := cmp.Diff([]string{"0", "3"}, texts(got)); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
	h.acknowledge(h.archive, got...)
	h.settled()
}

func (h *house) subscribeFiltered() {
	h.t.Helper()
	h.subscribe(&pubsubpb.Subscription{
		Name: h.archive, Topic: h.alerts, Filter: `attributes.stream = "ztf" AND NOT hasPrefix(attributes.topic, "test")`,
	})
}

// publishFiltered publishes five messages, of which the archive's filter wants
// the first and the fourth.
func (h *house) publishFiltered() {
	h.t.Helper()
	for i, attributes := range []map[string]string{
		{"stream": "ztf"},
		{"stream": "lsst"},
		{"stream": "ztf", "topic": "test-1"},
		{"stream": "ztf", "topic": "night"},
		{"other": "ztf"},
	} {
		h.send(h.alerts, &pubsubpb.PubsubMessage{Data: fmt.Append(nil, i), Attributes: attributes})
	}
}

func testLargestMessage(t *testing.T, h *house) {
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	h.publish(h.alerts, strings.Repeat("L", 9_999_000))
	if n := len(h.pull(h.archive, 1)[0].GetMessage().GetData()); n != 9_999_000 {
		t.Errorf("%d bytes", n)
	}
}

func testIDs(t *testing.T, h *house) {
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	sent := numbered(20)
	want := make(map[string]string) // text by id
	for range 2 {
		for i, id := range h.publish(h.alerts, sent...) {
			if _, again := want[id]; again {
				t.Errorf("id %s given twice", id)
			}
			want[id] = sent[i]
		}
	}
	got := make(map[string]string)
	for _, m := range h.pull(h.archive, len(want)) {
		got[m.GetMessage().GetMessageId()] = string(m.GetMessage().GetData())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("text by id (-published +delivered):\n%s", diff)
	}
}

func testAttemptsAreTheSubscriptions(t *testing.T, h *house) {
	h.topic(h.alerts)
	h.topic(h.letters)
	policy := &pubsubpb.DeadLetterPolicy{DeadLetterTopic: h.letters, MaxDeliveryAttempts: 5}
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts, DeadLetterPolicy: policy})
	h.subscribe(&pubsubpb.Subscription{Name: h.keeper, Topic: h.alerts, DeadLetterPolicy: policy})
	readLetters := h.keeper + "-letters"
	h.subscribe(&pubsubpb.Subscription{Name: readLetters, Topic: h.letters})
	h.publish(h.alerts, "bad")
	for want := int32(1); want <= 5; want++ {
		m := h.pull(h.archive, 1)
		if got := m[0].GetDeliveryAttempt(); got != want {
			t.Errorf("attempt %d, want %d", got, want)
		}
		h.refuse(h.archive, m...)
	}
	letter := h.pull(readLetters, 1)[0].GetMessage()
	if got := letter.GetAttributes()["CloudPubSubDeadLetterSourceSubscription"]; h.project+"/subscriptions/"+got != h.archive {
		t.Errorf("a dead letter of %q", got)
	}
	other := h.pull(h.keeper, 1)
	if got := other[0].GetDeliveryAttempt(); got != 1 {
		t.Errorf("attempt %d of the other subscription, want 1", got)
	}
	h.acknowledge(h.keeper, other...)
	h.empty(readLetters)
}
