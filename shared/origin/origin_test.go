package origin_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/origin"
	"pgregory.net/rapid"
)

func attributes() map[string]string {
	return map[string]string{
		"kafka.topic": "ztf_20260901_programid1", "kafka.partition": "3", "kafka.offset": "9007199254740993",
		"kafka.timestamp": "1788325200123", "stream": "ztf", "encoding": "ocf",
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	want := origin.Origin{
		Topic: "ztf_20260901_programid1", Partition: 3, Offset: 1<<53 + 1,
		Timestamp: time.Date(2026, 9, 2, 5, 0, 0, 123e6, time.UTC),
	}
	got, err := origin.Parse(attributes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("origin (-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ key, value, want string }{
		"no topic":               {"kafka.topic", "", "attribute kafka.topic is missing"},
		"no partition":           {"kafka.partition", "", `attribute kafka.partition is "", not an integer`},
		"a partition in words":   {"kafka.partition", "three", `kafka.partition is "three"`},
		"an offset beyond int64": {"kafka.offset", "9223372036854775808", "kafka.offset"},
		"an offset in hex":       {"kafka.offset", "0x10", "kafka.offset"},
		"a timestamp as a date":  {"kafka.timestamp", "2026-09-01T05:00:00Z", "kafka.timestamp"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := attributes()
			a[c.key] = c.value
			_, err := origin.Parse(a)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v, want it to say %q", err, c.want)
			}
			var permanent interface{ Permanent() bool }
			if !errors.As(err, &permanent) || !permanent.Permanent() {
				t.Errorf("error %v is not permanent", err)
			}
		})
	}
}

func TestAttributesAndParseAreInverse(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := origin.Origin{
			Topic:     rapid.StringMatching(`[a-z0-9_.-]{1,40}`).Draw(t, "topic"),
			Partition: rapid.Int64().Draw(t, "partition"),
			Offset:    rapid.Int64().Draw(t, "offset"),
			Timestamp: time.UnixMilli(rapid.Int64Range(0, 1<<42).Draw(t, "milliseconds")).UTC(),
		}
		a := map[string]string{"objectId": "ZTF21abiuvdk"}
		want.Attributes(a)
		if a["objectId"] != "ZTF21abiuvdk" {
			t.Error("another attribute was lost")
		}
		got, err := origin.Parse(a)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("origin (-want +got):\n%s", diff)
		}
		if !got.Same(want) {
			t.Error("an origin is not the same as itself")
		}
	})
}

func TestSame(t *testing.T) {
	t.Parallel()
	o := origin.Origin{Topic: "t", Partition: 1, Offset: 2, Timestamp: time.UnixMilli(3)}
	cases := map[string]struct {
		change func(*origin.Origin)
		want   bool
	}{
		"itself":                   {func(*origin.Origin) {}, true},
		"a timestamp rounded off":  {func(o *origin.Origin) { o.Timestamp = time.Time{} }, true},
		"another topic":            {func(o *origin.Origin) { o.Topic = "u" }, false},
		"another partition":        {func(o *origin.Origin) { o.Partition = 2 }, false},
		"another offset":           {func(o *origin.Origin) { o.Offset = 1 }, false},
		"partition for the offset": {func(o *origin.Origin) { o.Partition, o.Offset = 2, 1 }, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := o
			c.change(&other)
			if got := o.Same(other); got != c.want {
				t.Errorf("the same: %v, want %v", got, c.want)
			}
		})
	}
}

// TestWithoutTimestamp has a record whose time Kafka did not tell: nothing may
// be made up in its place.
func TestWithoutTimestamp(t *testing.T) {
	t.Parallel()
	want := origin.Origin{Topic: "t", Partition: 1, Offset: 2}
	a := map[string]string{}
	want.Attributes(a)
	if diff := cmp.Diff(map[string]string{"kafka.topic": "t", "kafka.partition": "1", "kafka.offset": "2"}, a); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	got, err := origin.Parse(a)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("origin (-want +got):\n%s", diff)
	}
}

func TestColumns(t *testing.T) {
	t.Parallel()
	at := time.UnixMilli(1788325200123)
	cases := map[string]struct {
		timestamp time.Time
		want      map[string]any
	}{
		"with its time":    {at, map[string]any{"topic": "t", "partition": int64(1), "offset": int64(2), "timestamp": at}},
		"without its time": {time.Time{}, map[string]any{"topic": "t", "partition": int64(1), "offset": int64(2)}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := origin.Origin{Topic: "t", Partition: 1, Offset: 2, Timestamp: c.timestamp}.Columns()
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("columns (-want +got):\n%s", diff)
			}
		})
	}
}
