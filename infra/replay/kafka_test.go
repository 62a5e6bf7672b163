package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"
	"nightwire.dev/infra/cluster"
	"nightwire.dev/infra/local/kafka"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/origin"
)

const topic = "ztf_20260901_programid1"

func date(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := ParseTime(text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// openKafka holds 20 records in each of two partitions, a minute apart.
func openKafka(t *testing.T) cluster.Kafka {
	t.Helper()
	broker, err := kafka.Open(kafka.Options{Dir: t.TempDir(), Partitions: 2, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	k := cluster.Kafka{Bootstrap: broker.Address()}
	client, err := k.Connect(kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for offset := range 20 {
		for partition := range int32(2) {
			r := &kgo.Record{
				Topic: topic, Partition: partition, Timestamp: date(t, "2026-09-01").Add(time.Duration(offset) * time.Minute),
				Value: fmt.Appendf(nil, "record %d of %d", offset, partition),
			}
			if err := client.ProduceSync(t.Context(), r).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return k
}

func TestKafka(t *testing.T) {
	t.Parallel()
	target, k := openTarget(t), openKafka(t)
	at := func(n int64) *int64 { return &n }
	since, until := date(t, "2026-09-01T00:05:00Z"), date(t, "2026-09-01T00:07:00Z")
	cases := map[string]struct {
		r     Range
		want  []string // partition@offset
		notes string
	}{
		"a range of offsets":      {Range{Partition: at(1), From: at(3), To: at(5)}, []string{"1@3", "1@4"}, ""},
		"beyond what there is":    {Range{Partition: at(0), From: at(18), To: at(99)}, []string{"0@18", "0@19"}, "up to, and without, 20"},
		"up to an offset":         {Range{Partition: at(0), To: at(2)}, []string{"0@0", "0@1"}, ""},
		"a time":                  {Range{Since: since, Until: until}, []string{"0@5", "0@6", "1@5", "1@6"}, ""},
		"a time of one partition": {Range{Partition: at(1), Since: date(t, "2026-09-01T00:18:00Z")}, []string{"1@18", "1@19"}, ""},
		"after all":               {Range{Since: date(t, "2026-09-02")}, nil, ""},
		"before all":              {Range{Until: date(t, "2026-09-01")}, nil, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.r.Topic = topic
			plan, err := Kafka(t.Context(), target, k, "nobody", c.r)
			if err != nil {
				t.Fatal(err)
			}
			if plan.Count != len(c.want) || !strings.Contains(strings.Join(plan.Notes, "; "), c.notes) {
				t.Fatalf("plan is %+v", plan)
			}
			if len(c.want) == 0 {
				return
			}
			if _, err := plan.Send(t.Context(), func(Result) {}); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, m := range receive(t, target, resources.RawTopic(), len(c.want)) {
				from, err := origin.Parse(m.Attributes)
				if err != nil {
					t.Fatal(err)
				}
				if !m.Replay() || m.Notifies("any") {
					t.Errorf("attributes are %v", m.Attributes)
				}
				// But for the mark, the message is the connector's.
				record := from.Message(resources.Stream, fmt.Appendf(nil, "record %d of %d", from.Offset, from.Partition))
				delete(m.Attributes, names.AttributeReplay)
				if diff := gocmp.Diff(record.Attributes, m.Attributes); diff != "" || string(m.Data) != string(record.Data) {
					t.Errorf("message %q, attributes (-connector's +got):\n%s", m.Data, diff)
				}
				if want := date(t, "2026-09-01").Add(time.Duration(from.Offset) * time.Minute); !from.Timestamp.Equal(want) {
					t.Errorf("timestamp is %v, want %v", from.Timestamp, want)
				}
				got = append(got, fmt.Sprintf("%d@%d", from.Partition, from.Offset))
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if diff := gocmp.Diff(c.want, got); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
		})
	}
}

// TestKafkaNews warns of records that the connector has not read, whose alerts
// would be no news when it does.
func TestKafkaNews(t *testing.T) {
	t.Parallel()
	target, k := openTarget(t), openKafka(t)
	const warning = "20 records of partition 1 are still to be read by the connector"
	plan, err := Kafka(t.Context(), target, k, "nobody", Range{Topic: topic})
	if err != nil || !strings.Contains(strings.Join(plan.Notes, "; "), warning) {
		t.Errorf("notes are %q, error %v", plan.Notes, err)
	}
	target.Notify = true
	plan, err = Kafka(t.Context(), target, k, "nobody", Range{Topic: topic})
	if err != nil || len(plan.Notes) > 0 || plan.Count != 40 {
		t.Errorf("with --notify: plan %+v, error %v", plan, err)
	}
}

// TestKafkaInterrupted stops in the middle of a range, and sends it again.
func TestKafkaInterrupted(t *testing.T) {
	t.Parallel()
	target, k := openTarget(t), openKafka(t)
	plan, err := Kafka(t.Context(), target, k, "nobody", Range{Topic: topic})
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	result, err := plan.Send(ctx, func(r Result) {
		if r.Sent == 5 {
			interrupt()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("%+v were sent, and the error is %v", result, err)
	}
	if result, err = plan.Send(t.Context(), func(Result) {}); err != nil || result.Sent != 40 {
		t.Errorf("repeated: %+v, %v", result, err)
	}
}

func TestKafkaRefuses(t *testing.T) {
	t.Parallel()
	k := openKafka(t)
	at := func(n int64) *int64 { return &n }
	cases := map[string]struct {
		r    Range
		want string
	}{
		"no such topic":          {Range{Topic: "ztf_20260902_programid1"}, "has none of this name"},
		"no such partition":      {Range{Topic: topic, Partition: at(2)}, "partition 2: topic " + topic + " has 2"},
		"offsets of no part":     {Range{From: at(1)}, "say which"},
		"offsets and times":      {Range{Partition: at(1), From: at(1), Since: date(t, "2026-09-01")}, "give one"},
		"an offset below 0":      {Range{Partition: at(1), From: at(-1)}, "never below 0"},
		"offsets the wrong way":  {Range{Partition: at(1), From: at(7), To: at(7)}, "there is no record"},
		"times the wrong way":    {Range{Since: date(t, "2026-09-02"), Until: date(t, "2026-09-01")}, "there is no time"},
		"no such topic, by time": {Range{Topic: "nix", Since: date(t, "2026-09-02")}, "has none of this name"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.r.Topic = cmp.Or(c.r.Topic, topic)
			if _, err := Kafka(t.Context(), Target{Resources: resources}, k, "nobody", c.r); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want it to say %q", err, c.want)
			}
		})
	}
	partitions, err := k.Offsets(t.Context(), "nobody", func(name string) bool { return name != topic })
	if err != nil || len(partitions) > 0 {
		t.Errorf("asking made topics: %v, %v", partitions, err)
	}
}
