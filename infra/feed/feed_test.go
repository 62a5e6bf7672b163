package feed

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/cluster"
	"nightwire.dev/infra/local/kafka"
	"nightwire.dev/infra/source"
	"nightwire.dev/shared/names"
)

// night is a small synthetic night.
func night(t *testing.T, alerts int) *source.Source {
	t.Helper()
	s, err := source.Synthetic(5, time.Date(2026, 9, 3, 0, 0, 0, 0, time.UTC), alerts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPace(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		pace   Pace
		number int
		want   time.Duration
	}{
		"at once":                 {Pace{}, 1000, 0},
		"the first at a rate":     {Pace{Rate: 4}, 0, 0},
		"the ninth at a rate":     {Pace{Rate: 4}, 8, 2 * time.Second},
		"with others at a rate":   {Pace{Rate: 100}, 19, 100 * time.Millisecond},
		"within the first visit":  {Pace{Visit: 10, Every: time.Minute}, 9, 0},
		"first of the next visit": {Pace{Visit: 10, Every: time.Minute}, 10, time.Minute},
		"of the third visit":      {Pace{Visit: 10, Every: time.Minute}, 29, 2 * time.Minute},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				if err := c.pace.await(t.Context(), began, c.number); err != nil {
					t.Fatal(err)
				}
				if got := time.Since(began); got != c.want {
					t.Errorf("waited %s, want %s", got, c.want)
				}
			})
		})
	}
}

func TestPaceEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := (Pace{Rate: 1}).await(ctx, time.Now(), 1000); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

func TestNightlyTopics(t *testing.T) {
	t.Parallel()
	for stream, want := range map[names.Stream]string{names.ZTF: "ztf_20260903_programid1", names.ZTFPartnership: "ztf_20260903_programid2"} {
		topic := NightlyTopics(stream)
		for packet, err := range night(t, 3).Packets {
			if err != nil {
				t.Fatal(err)
			}
			if got := topic(packet); got != want {
				t.Errorf("%s on stream %s goes to %s, want %s", packet.Name, stream, got, want)
			}
		}
	}
}

func TestCheckTopic(t *testing.T) {
	t.Parallel()
	for topic, right := range map[string]bool{
		"ztf_20260901_programid1": true, "lsst-alerts-v10.0": true, "..a": true, strings.Repeat("a", 249): true,
		"": false, ".": false, "..": false, "bad topic": false, "a/b": false, "nächte": false, "a\n": false, strings.Repeat("a", 250): false,
	} {
		if err := CheckTopic(topic); (err == nil) != right {
			t.Errorf("topic %q: error is %v", topic, err)
		}
	}
}

// TestSend sends a night twice and counts what Kafka then has.
func TestSend(t *testing.T) {
	t.Parallel()
	broker, err := kafka.Open(kafka.Options{Dir: t.TempDir(), Partitions: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	k := cluster.Kafka{Bootstrap: broker.Address()}
	confirmed := 0
	report, err := Send(t.Context(), night(t, 7), Options{
		Kafka: k, Topic: NightlyTopics(names.ZTF), Repeat: 2, Progress: func(n int) { confirmed = max(confirmed, n) },
	})
	if err != nil {
		t.Fatal(err)
	}
	const topic = "ztf_20260903_programid1"
	if diff := cmp.Diff(map[string]int{topic: 14}, report.Topics); diff != "" || report.Records != 14 || confirmed != 14 {
		t.Errorf("%d records sent, %d confirmed; topics (-want +got):\n%s", report.Records, confirmed, diff)
	}
	partitions, err := k.Offsets(t.Context(), "nobody", func(name string) bool { return name == topic })
	if err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for _, p := range partitions {
		total += p.End - p.First
		if p.Committed != p.First {
			t.Errorf("partition %d: a group that never was has committed %d", p.Partition, p.Committed)
		}
	}
	if total != 14 || len(partitions) != 3 {
		t.Errorf("%d records in %d partitions, want 14 in 3", total, len(partitions))
	}
}

func TestSendStopsAtAFileThatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.avro")
	if err := os.WriteFile(path, []byte("Obj\x01"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := source.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	broker, err := kafka.Open(kafka.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	_, err = Send(t.Context(), s, Options{Kafka: cluster.Kafka{Bootstrap: broker.Address()}, Topic: OneTopic("a")})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v, want that the file is gone", err)
	}
}
