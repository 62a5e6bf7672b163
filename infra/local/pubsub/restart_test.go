package pubsub_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"

	"nightwire.dev/infra/local/pubsub"
)

// At least once: what was not acknowledged before a restart is delivered after
// it, and what was acknowledged is not.
func TestBacklogSurvivesRestart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(alerts)
	h.subscribe(&pubsubpb.Subscription{Name: archive, Topic: alerts})
	h.publish(alerts, numbered(6)...)
	out := h.pull(archive, 4)
	h.acknowledge(archive, out[0], out[2])
	h.reopen()
	if diff := cmp.Diff([]string{"alert 0001", "alert 0003", "alert 0004", "alert 0005"}, texts(h.pull(archive, 4))); diff != "" {
		t.Errorf("after the restart (-want +got):\n%s", diff)
	}
}

// Message ids are "guaranteed to be unique within the topic": over restarts,
// also when nothing is left in the log, and over topics.
func TestIDsAreUniqueOverRestarts(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *pubsub.Options) { o.SegmentBytes = 100 })
	h.topic(alerts)
	h.topic(letters)
	seen := make(map[string]bool)
	for round := range 4 {
		for _, topic := range []string{alerts, letters} {
			for _, id := range h.publish(topic, numbered(20)...) {
				if seen[id] {
					t.Errorf("id %s given twice", id)
				}
				seen[id] = true
			}
		}
		h.await("used-up files removed", func() bool { return h.logs() == 2+round })
		h.reopen()
		another := fmt.Sprintf("%s/topics/another-%d", project, round)
		h.topic(another)
		if id := h.publish(another, "alert")[0]; seen[id] {
			t.Errorf("id %s given twice", id)
		}
	}
}

// A file of the log is removed when every subscription has acknowledged all of
// it, and not before; one message left behind holds its own file only.
func TestUsedUpFilesAreRemoved(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(o *pubsub.Options) { o.SegmentBytes = 1 })
	h.topic(alerts)
	h.subscribe(&pubsubpb.Subscription{Name: archive, Topic: alerts})
	h.subscribe(&pubsubpb.Subscription{Name: keeper, Topic: alerts})
	for _, text := range numbered(20) { // a file each
		h.publish(alerts, text)
	}
	h.acknowledge(archive, h.pull(archive, 20)...)
	h.reopen()
	if n := h.logs(); n != 20 {
		t.Fatalf("%d files while a subscription needs them, want 20", n)
	}
	kept := h.pull(keeper, 20)
	h.acknowledge(keeper, append(kept[:7:7], kept[8:]...)...)
	h.await("two files", func() bool { return h.logs() == 2 }) // that of the message left, and the last
	h.reopen()
	left := h.pull(keeper, 1)
	if diff := cmp.Diff([]string{"alert 0007"}, texts(left)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	h.acknowledge(keeper, left...)
	h.await("one file", func() bool { return h.logs() == 1 })
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
		{"part of a body", append([]byte{0, 0, 1, 0, 1, 2, 3, 4}, "half"...), 3},
		{"wrong checksum", append([]byte{0, 0, 0, 4, 1, 2, 3, 4}, "body"...), 3},
		{"zeros", make([]byte, 64), 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.topic(alerts)
			h.subscribe(&pubsubpb.Subscription{Name: archive, Topic: alerts})
			h.publish(alerts, numbered(3)...)
			h.close()
			paths, err := filepath.Glob(filepath.Join(h.options.Dir, "topics", "*", "*.log"))
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
			h.publish(alerts, "after")
			want := append(numbered(tc.want), "after")
			if diff := cmp.Diff(want, texts(h.pull(archive, len(want)))); diff != "" {
				t.Errorf("delivered (-want +got):\n%s", diff)
			}
		})
	}
}

// Filters: "messages that do not match are acknowledged by the service".
func TestFilter(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(alerts)
	h.subscribe(&pubsubpb.Subscription{Name: archive, Topic: alerts, Filter: `attributes.stream = "ztf" AND NOT hasPrefix(attributes.topic, "test")`})
	for i, attributes := range []map[string]string{
		{"stream": "ztf"},
		{"stream": "lsst"},
		{"stream": "ztf", "topic": "test-1"},
		{"stream": "ztf", "topic": "night"},
		{"other": "ztf"},
	} {
		h.send(alerts, &pubsubpb.PubsubMessage{Data: fmt.Append(nil, i), Attributes: attributes})
	}
	if n := h.server.Backlog()[0].Undelivered; n != 2 {
		t.Errorf("backlog %d, want 2", n)
	}
	check := func(when string) []*pubsubpb.ReceivedMessage {
		t.Helper()
		got := h.pull(archive, 2)
		if diff := cmp.Diff([]string{"0", "3"}, texts(got)); diff != "" {
			t.Errorf("%s, delivered (-want +got):\n%s", when, diff)
		}
		return got
	}
	check("at first")
	h.close()
	h.forgetAcknowledgements()
	h.open()
	h.acknowledge(archive, check("after the service's acknowledgements were lost")...)
	h.publish(alerts, "unwanted")
	h.settled()
}

// forgetAcknowledgements leaves what a crash before the first save leaves.
func (h *house) forgetAcknowledgements() {
	h.t.Helper()
	paths, err := filepath.Glob(filepath.Join(h.options.Dir, "subscriptions", "*"))
	if err != nil || len(paths) == 0 {
		h.t.Fatalf("no acknowledgements, error %v", err)
	}
	for _, path := range paths {
		if err := os.Remove(path); err != nil {
			h.t.Fatal(err)
		}
	}
}

// If the machine dies, the end of a log may be lost though its acknowledgements
// were saved. What is published then must not pass for acknowledged.
func TestLogShorterThanAcknowledgements(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(alerts)
	h.subscribe(&pubsubpb.Subscription{Name: archive, Topic: alerts})
	old := h.publish(alerts, numbered(5)...)
	out := h.pull(archive, 5)
	h.acknowledge(archive, out[0], out[1], out[3], out[4]) // the third is lost
	h.close()
	paths, err := filepath.Glob(filepath.Join(h.options.Dir, "topics", "*", "*.log"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("logs %v, error %v", paths, err)
	}
	if err := os.Truncate(paths[0], 0); err != nil {
		t.Fatal(err)
	}
	h.open()
	again := h.publish(alerts, "new")
	if slices.Contains(old, again[0]) {
		t.Errorf("id %s given twice", again[0])
	}
	got := h.pull(archive, 1)
	if diff := cmp.Diff([]string{"new"}, texts(got)); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
	h.acknowledge(archive, got...)
	h.settled()
}

// Messages of the largest size pass; a backlog's figures are those of its
// messages.
func TestLargestMessage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.topic(alerts)
	h.subscribe(&pubsubpb.Subscription{Name: archive, Topic: alerts})
	h.publish(alerts, strings.Repeat("L", 10_000_000))
	b := h.server.Backlog()[0]
	if b.OldestAge <= 0 {
		t.Errorf("oldest age %v", b.OldestAge)
	}
	b.OldestAge = 0
	if diff := cmp.Diff(pubsub.Backlog{Subscription: archive, Topic: alerts, Undelivered: 1, Published: 1}, b); diff != "" {
		t.Errorf("backlog (-want +got):\n%s", diff)
	}
	if n := len(h.pull(archive, 1)[0].GetMessage().GetData()); n != 10_000_000 {
		t.Errorf("%d bytes", n)
	}
	if n := h.server.Backlog()[0].InFlight; n != 1 {
		t.Errorf("%d in flight, want 1", n)
	}
}
