package pubsub_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"nightwire.dev/infra/local/pubsub"
	"nightwire.dev/infra/local/pubsub/journal"
)

// At least once: what was not acknowledged before a restart is delivered after
// it, and what was acknowledged is not.
func TestBacklogSurvivesRestart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	h.publish(h.alerts, numbered(6)...)
	out := h.pull(h.archive, 4)
	h.acknowledge(h.archive, out[0], out[2])
	h.reopen()
	if diff := cmp.Diff([]string{"alert 0001", "alert 0003", "alert 0004", "alert 0005"}, texts(h.pull(h.archive, 4))); diff != "" {
		t.Errorf("after the restart (-want +got):\n%s", diff)
	}
}

// A folder may have any name.
func TestFolderNamedLikeAPattern(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *pubsub.Options) { o.Dir = filepath.Join(o.Dir, "[night] *?") })
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	h.publish(h.alerts, "alert")
	h.reopen()
	if diff := cmp.Diff([]string{"alert"}, texts(h.pull(h.archive, 1))); diff != "" {
		t.Errorf("after the restart (-want +got):\n%s", diff)
	}
}

// A topic, or a subscription, may be called like the file of its definition.
func TestNamedLikeAFile(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	topic, subscription := h.project+"/topics/topic.json", h.project+"/subscriptions/subscription.json"
	h.topic(topic)
	h.subscribe(&pubsubpb.Subscription{Name: subscription, Topic: topic})
	h.publish(topic, "alert")
	h.reopen()
	if diff := cmp.Diff([]string{"alert"}, texts(h.pull(subscription, 1))); diff != "" {
		t.Errorf("after the restart (-want +got):\n%s", diff)
	}
}

// A subscription that is deleted leaves no messages to another of its name.
func TestDeletedSubscription(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(h.alerts)
	d := &pubsubpb.Subscription{Name: h.archive, Topic: h.alerts}
	h.subscribe(d)
	h.publish(h.alerts, "old")
	err := h.client.SubscriptionAdminClient.DeleteSubscription(t.Context(), &pubsubpb.DeleteSubscriptionRequest{Subscription: h.archive})
	if err != nil {
		t.Fatal(err)
	}
	h.reopen()
	if n := len(h.server.Backlog()); n != 0 {
		t.Errorf("%d subscriptions after the restart, want none", n)
	}
	h.subscribe(d)
	h.publish(h.alerts, "new")
	if diff := cmp.Diff([]string{"new"}, texts(h.pull(h.archive, 1))); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
}

// A deletion is one step: what a killed process has not removed of it goes at the
// start, and is no subscription.
func TestDeletionCutShort(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	h.publish(h.alerts, "old")
	h.close()
	deleted := filepath.Join(h.options.Dir, "deleted")
	if err := os.Rename(filepath.Join(h.options.Dir, h.archive), deleted); err != nil {
		t.Fatal(err)
	}
	h.open()
	if n := len(h.server.Backlog()); n != 0 {
		t.Errorf("%d subscriptions after the restart, want none", n)
	}
	if _, err := os.Stat(deleted); !os.IsNotExist(err) {
		t.Errorf("what was being deleted is still there: %v", err)
	}
}

// A subscription that cannot be deleted goes on, with what it owes.
func TestDeletionThatFails(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	h.publish(h.alerts, "alert")
	path := filepath.Join(h.options.Dir, h.archive)
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	remove := func() error {
		return h.client.SubscriptionAdminClient.DeleteSubscription(t.Context(), &pubsubpb.DeleteSubscriptionRequest{Subscription: h.archive}, noRetry)
	}
	if err := remove(); status.Code(err) != codes.Unavailable {
		t.Errorf("error %v, want %v", err, codes.Unavailable)
	}
	if diff := cmp.Diff([]string{"alert"}, texts(h.pull(h.archive, 1))); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
	if err := os.Rename(path+".away", path); err != nil {
		t.Fatal(err)
	}
	if err := remove(); err != nil {
		t.Error(err)
	}
}

// Message ids are "guaranteed to be unique within the topic": over restarts,
// also when nothing is left in the logs, and over topics.
func TestIDsAreUniqueOverRestarts(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *pubsub.Options) { o.SegmentBytes = 100 })
	h.topic(h.alerts)
	h.topic(h.letters)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	seen := make(map[string]bool)
	for round := range 4 {
		for _, topic := range []string{h.alerts, h.letters} {
			for _, id := range h.publish(topic, numbered(20)...) {
				if seen[id] {
					t.Errorf("id %s given twice", id)
				}
				seen[id] = true
			}
		}
		h.acknowledge(h.archive, h.pull(h.archive, 20)...)
		h.await("used-up files removed", func() bool { return h.logs() == 1 })
		h.reopen()
		another := fmt.Sprintf("%s/topics/another-%d", h.project, round)
		h.topic(another)
		if id := h.publish(another, "alert")[0]; seen[id] {
			t.Errorf("id %s given twice", id)
		}
	}
}

// A number that was given stays so, though the clock was set back.
func TestIDsAreUniqueThoughTheClockIsSetBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	h.close()
	const future = 9_000_000_000_000_000_000
	j, err := journal.Open(filepath.Join(h.options.Dir, h.archive, "messages"), 0, func(*journal.Record, uint32) {})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := j.Append(future, nil); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	h.open()
	if id := h.publish(h.alerts, "alert")[0]; id <= strconv.Itoa(future) {
		t.Errorf("id %s was given before", id)
	}
}

// A file of a log is removed when all of it is acknowledged, and not before; one
// message left behind holds its own file only.
func TestUsedUpFilesAreRemoved(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *pubsub.Options) { o.SegmentBytes = 1 })
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	h.subscribe(&pubsubpb.Subscription{Name: h.keeper, Topic: h.alerts})
	for _, text := range numbered(20) { // a file each
		h.publish(h.alerts, text)
	}
	h.acknowledge(h.archive, h.pull(h.archive, 20)...)
	h.await("one file of the archive's", func() bool { return h.logs() == 1+20 })
	h.reopen()
	kept := h.pull(h.keeper, 20)
	h.acknowledge(h.keeper, append(kept[:7:7], kept[8:]...)...)
	h.await("two files of the keeper's", func() bool { return h.logs() == 1+2 }) // that of the message left, and the last
	h.reopen()
	left := h.pull(h.keeper, 1)
	if diff := cmp.Diff([]string{"alert 0007"}, texts(left)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	h.acknowledge(h.keeper, left...)
	h.await("one file each", func() bool { return h.logs() == 2 })
}

// A half-written end of the log, as a killed process leaves it, is cut off;
// whole messages before it are delivered.
func TestTornTailIsCut(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		tail []byte
		want int
	}{
		{"part of a header", []byte{0, 0, 0}, 3},
		{"part of a body", append([]byte{0, 0, 1, 0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 9}, "half"...), 3},
		{"wrong checksum", append([]byte{0, 0, 0, 4, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 9}, "body"...), 3},
		{"zeros", make([]byte, 64), 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.topic(h.alerts)
			h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
			h.publish(h.alerts, numbered(3)...)
			h.close()
			paths, err := filepath.Glob(filepath.Join(h.options.Dir, "projects", "*", "subscriptions", "*", "messages", "*.log"))
			if err != nil || len(paths) != 1 {
				t.Fatalf("logs %v, error %v", paths, err)
			}
			file, err := os.OpenFile(paths[0], os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := file.Write(tc.tail); err != nil {
				t.Fatal(err)
			}
			if err := file.Close(); err != nil {
				t.Fatal(err)
			}
			h.open()
			h.publish(h.alerts, "after")
			want := append(numbered(tc.want), "after")
			if diff := cmp.Diff(want, texts(h.pull(h.archive, len(want)))); diff != "" {
				t.Errorf("delivered (-want +got):\n%s", diff)
			}
		})
	}
}

// What a filter left out stays out after a restart.
func TestFilterOverRestart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(h.alerts)
	h.subscribeFiltered()
	h.publishFiltered()
	if n := h.server.Backlog()[0].Undelivered; n != 2 {
		t.Errorf("backlog %d, want 2", n)
	}
	h.reopen()
	got := h.pull(h.archive, 2)
	if diff := cmp.Diff([]string{"0", "3"}, texts(got)); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
	h.acknowledge(h.archive, got...)
	h.publish(h.alerts, "unwanted")
	h.settled()
}

// If the machine dies, the end of a log may be lost though its acknowledgements
// were saved. What is published then must not pass for acknowledged.
func TestLogShorterThanAcknowledgements(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	old := h.publish(h.alerts, numbered(5)...)
	out := h.pull(h.archive, 5)
	h.acknowledge(h.archive, out[0], out[1], out[3], out[4]) // the third is lost
	h.close()
	paths, err := filepath.Glob(filepath.Join(h.options.Dir, "projects", "*", "subscriptions", "*", "messages", "*.log"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("logs %v, error %v", paths, err)
	}
	if err := os.Truncate(paths[0], 0); err != nil {
		t.Fatal(err)
	}
	h.open()
	again := h.publish(h.alerts, "new")
	if slices.Contains(old, again[0]) {
		t.Errorf("id %s given twice", again[0])
	}
	got := h.pull(h.archive, 1)
	if diff := cmp.Diff([]string{"new"}, texts(got)); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
	h.acknowledge(h.archive, got...)
	h.settled()
}

// A backlog's figures are those of its messages.
func TestBacklog(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(h.alerts)
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts})
	h.publish(h.alerts, "alert")
	b := h.server.Backlog()[0]
	if b.OldestAge <= 0 {
		t.Errorf("oldest age %v", b.OldestAge)
	}
	b.OldestAge = 0
	if diff := cmp.Diff(pubsub.Backlog{Subscription: h.archive, Topic: h.alerts, Undelivered: 1}, b); diff != "" {
		t.Errorf("backlog (-want +got):\n%s", diff)
	}
}

// Refusals are counted over a restart.
func TestDeadLetterOverRestart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(h.alerts)
	h.topic(h.letters)
	h.subscribe(&pubsubpb.Subscription{Name: h.keeper, Topic: h.letters})
	h.subscribe(&pubsubpb.Subscription{Name: h.archive, Topic: h.alerts, DeadLetterPolicy: &pubsubpb.DeadLetterPolicy{DeadLetterTopic: h.letters}})
	h.publish(h.alerts, "bad")
	for attempt := int32(1); attempt <= 5; attempt++ {
		m := h.pull(h.archive, 1)
		if got := m[0].GetDeliveryAttempt(); got != attempt {
			t.Errorf("delivery attempt %d, want %d", got, attempt)
		}
		h.refuse(h.archive, m...)
		if attempt == 3 {
			h.reopen()
		}
	}
	if diff := cmp.Diff([]string{"bad"}, texts(h.pull(h.keeper, 1))); diff != "" {
		t.Errorf("dead letter (-want +got):\n%s", diff)
	}
}
