package catalogue

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/warehouse"
)

// evaluation is a row of evaluations for an alert, so many seconds after noon.
func evaluation(candid, second int, more warehouse.Values) warehouse.Values {
	row := warehouse.Values{
		"night": "2026-09-01", "objectId": "ZTF21a", "candid": int64(candid), "object": objectOf(candid), "generation": int64(7),
		"evaluated_at": time.Date(2026, 9, 1, 12, 0, second, 0, time.UTC),
	}
	maps.Copy(row, more)
	return row
}

func objectOf(candid int) string { return fmt.Sprintf("v4.02/night=2026-09-01/ZTF21a/%d.avro", candid) }

func TestMissed(t *testing.T) {
	t.Parallel()
	c, tables := open(t)
	held := warehouse.Values{"paused": []string{"other", "young"}}
	failed := warehouse.Values{"failed": []warehouse.Values{{"filter": "young", "reason": "too long"}}}
	noMatch := warehouse.Values{"matched": []string{"other@1", "younger@1"}}
	matched := warehouse.Values{"matched": []string{"young@2"}}
	notified := warehouse.Values{"matched": []string{"young@2"}, "notified": []string{"young@2"}}
	heldThough := warehouse.Values{"matched": []string{"young@2"}, "paused": []string{"young"}}
	cases := []struct {
		name   string
		rows   []warehouse.Values // in order of time
		missed bool
	}{
		{"it ran", []warehouse.Values{noMatch}, false},
		{"paused", []warehouse.Values{held}, true},
		{"failed", []warehouse.Values{failed}, true},
		{"matched, held back over its cap", []warehouse.Values{heldThough}, true},
		{"another is paused", []warehouse.Values{{"paused": []string{"younger", "you"}}}, false},
		{"paused, then it did not match", []warehouse.Values{held, noMatch}, false},
		{"paused, then it was notified", []warehouse.Values{held, notified}, false},
		{"paused, then sent again to another filter", []warehouse.Values{held, matched}, true},
		{"it ran, and was paused when the event came again", []warehouse.Values{noMatch, held}, true},
		{"failed, then paused, then failed", []warehouse.Values{failed, held, failed}, true},
		{"failed twice, then notified", []warehouse.Values{failed, failed, notified}, false},
	}
	var rows []warehouse.Values
	want := map[string]bool{}
	for candid, one := range cases {
		for second, row := range one.rows {
			rows = append(rows, evaluation(candid+1, second, row))
		}
		if one.missed {
			want[objectOf(candid+1)] = true
		}
	}
	tables.Append(t, "evaluations", rows...)
	missed, err := c.Missed(t.Context(), "young", "2026-09-01")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, m := range missed {
		got[m.Object] = m.Generation == 7
	}
	for i, one := range cases {
		if object := objectOf(i + 1); got[object] != want[object] {
			t.Errorf("%s: missed is %v, want %v", one.name, got[object], want[object])
		}
	}
	if len(missed) != len(want) || !slices.IsSortedFunc(missed, func(a, b Missed) int { return strings.Compare(a.Object, b.Object) }) {
		t.Errorf("missed are %+v", missed)
	}
	if later, err := c.Missed(t.Context(), "young", "2026-09-02"); err != nil || len(later) != 0 {
		t.Errorf("of later nights it missed %+v, %v", later, err)
	}
}

// TestBackfill sends notifications that the functions take for the bucket's.
func TestBackfill(t *testing.T) {
	t.Parallel()
	c, _ := open(t)
	metadata := map[string]string{"objectId": "ZTF21a", "kafka.topic": "ztf_20260901_programid1"}
	var alerts []Missed
	want := map[string]event.Object{}
	for candid := range 40 {
		attrs := put(t, c.Archive, objectOf(candid), "an alert", metadata)
		alerts = append(alerts, Missed{Object: attrs.Name, Generation: attrs.Generation})
		want[attrs.Name] = event.Object{Bucket: attrs.Bucket, Name: attrs.Name, Generation: attrs.Generation, Size: 8, Metadata: metadata, TimeCreated: attrs.Created}
	}
	alerts = append(alerts, Missed{Object: objectOf(99), Generation: 5})
	told := 0
	gone, err := c.Backfill(t.Context(), "young", alerts, func(n int) { told = n })
	if err != nil || gone != 1 || told != len(alerts) {
		t.Fatalf("%d gone, %d told, %v", gone, told, err)
	}
	got := map[string]event.Object{}
	receive(t, c, "replays", len(want), func(m *pubsub.Message) {
		message := &event.Message{Data: m.Data, Attributes: m.Attributes}
		o, isNew, err := message.Object()
		if err != nil || !isNew {
			t.Errorf("message %+v: %v", m.Attributes, err)
		}
		if !message.Replay() || !message.Notifies("young") || message.Notifies("other") || m.Attributes["objectId"] != o.Name {
			t.Errorf("attributes are %v", m.Attributes)
		}
		got[o.Name] = o
	})
	if diff := cmp.Diff(want, got, cmpopts.EquateApproxTime(time.Millisecond)); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Backfill(ctx, "young", alerts, func(int) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}

// receive takes so many messages of a subscription.
func receive(t *testing.T, c *Catalogue, subscription string, n int, take func(*pubsub.Message)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var mu sync.Mutex
	err := c.Topics.Subscriber(resources.SubscriptionPath(subscription)).Receive(ctx, func(_ context.Context, m *pubsub.Message) {
		mu.Lock()
		defer mu.Unlock()
		m.Ack()
		take(m)
		if n--; n == 0 {
			cancel()
		}
	})
	if err != nil || n > 0 {
		t.Errorf("%d messages did not come: %v", n, err)
	}
}
