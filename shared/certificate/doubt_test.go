package certificate

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/ledger"
)

func TestDoubts(t *testing.T) {
	t.Parallel()
	at := func(day, hour int) time.Time { return time.Date(2026, 9, day, hour, 0, 0, 0, time.UTC) }
	of := func(reported time.Time) []Held { return []Held{{Topic: topic, Reported: reported}} }
	cases := map[string]struct {
		world world
		look  time.Time
		want  string // of the doubt; empty if there is none
	}{
		"nobody ever told":                    {world{}, at(1, 16), "no connector has told of Kafka"},
		"somebody tells, and has nothing":     {world{heard: at(1, 16)}, at(1, 16), ""},
		"somebody told, long ago":             {world{heard: at(1, 6)}, at(1, 16), "no connector has told of Kafka since 2026-09-01 06:00:00 UTC"},
		"somebody told after the night":       {world{heard: at(2, 12)}, at(9, 0), ""},
		"somebody told only during the night": {world{heard: at(2, 11)}, at(9, 0), "since 2026-09-02 11:00:00 UTC"},
		"a fresh report":                      {world{held: of(at(1, 16))}, at(1, 16), ""},
		"an old report":                       {world{held: of(at(1, 6)), heard: at(1, 16)}, at(1, 16), "of 1 partitions no connector has told"},
		"a report from after the night":       {world{held: of(at(2, 12))}, at(20, 0), ""},
		"the ledger knows more of a partition": {
			world{held: held(0, 0), ledger: []Entry{{Topic: topic, Offset: 5, Outcome: ledger.Rejected}}},
			at(1, 16), "the ledger knows " + topic + "/0 up to offset 5, further than any connector has told",
		},
		"the ledger knows another partition": {
			world{heard: at(1, 16), ledger: []Entry{{Topic: topic, Partition: 3, Offset: 5, Outcome: ledger.Rejected}}},
			at(1, 16), topic + "/3 up to offset 5",
		},
		"the ledger knows another night's topic": {
			world{heard: at(1, 16), ledger: []Entry{{Topic: "ztf_20260902_programid1", Offset: 5, Outcome: ledger.Rejected}}}, at(1, 16), "",
		},
		"a packet out of a folder": {
			world{heard: at(1, 16), ledger: []Entry{{Topic: "file:night", Offset: 1 << 60, Outcome: ledger.Rejected}}}, at(1, 16), "",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := c.world.account(t).Close(c.look)
			if c.want == "" {
				if len(got.Doubts) > 0 || got.State != Clean {
					t.Errorf("%s: %q", got.State, got.Doubts)
				}
				return
			}
			if got.State != Unproven || !strings.Contains(strings.Join(got.Doubts, "\n"), c.want) {
				t.Errorf("%s: %q; want a doubt that says %q", got.State, got.Doubts, c.want)
			}
			checkPages(t, got)
		})
	}
}

func TestWatermark(t *testing.T) {
	t.Parallel()
	const fixed = "lsst-alerts-v10.0"
	offset := func(n int64) *int64 { return &n }
	cases := map[string]struct {
		watermark Watermark
		want      Held
	}{
		"a topic of the night, all read": {
			Watermark{Topic: topic, First: offset(0), Last: offset(9), High: 10, Confirmed: 10},
			Held{Topic: topic, End: 10, Confirmed: 10},
		},
		"a topic of the night, read by another process before": {
			Watermark{Topic: topic, First: offset(5), Last: offset(9), Low: 2, High: 12, Confirmed: 10},
			Held{Topic: topic, First: 2, End: 12, Confirmed: 10},
		},
		"a topic of the night, nothing read": {
			Watermark{Topic: topic, Low: 3, High: 7, Confirmed: 3},
			Held{Topic: topic, First: 3, End: 7, Confirmed: 3},
		},
		"a topic of the night, all of it a gap": {
			Watermark{Topic: topic, Low: 7, High: 7, Confirmed: 7, Gaps: []Gap{{3, 7}}},
			Held{Topic: topic, First: 3, End: 7, Confirmed: 7, Gaps: []Gap{{3, 7}}},
		},
		"a fixed topic, a night in the middle": {
			Watermark{Topic: fixed, First: offset(100), Last: offset(199), Low: 0, High: 900, Confirmed: 900, Passed: true},
			Held{Topic: fixed, First: 100, End: 200, Confirmed: 900},
		},
		"a fixed topic, the last night, of which more waits": {
			Watermark{Topic: fixed, First: offset(100), Last: offset(199), Low: 0, High: 205, Confirmed: 200},
			Held{Topic: fixed, First: 100, End: 205, Confirmed: 200},
		},
		"a fixed topic, a night without alerts": {
			Watermark{Topic: fixed, Low: 0, High: 100, Confirmed: 100},
			Held{Topic: fixed, First: 100, End: 100, Confirmed: 100},
		},
		"a fixed topic, a night without alerts, and others after it": {
			Watermark{Topic: fixed, Low: 0, High: 100, Confirmed: 90, Passed: true},
			Held{Topic: fixed, First: 90, End: 90, Confirmed: 90},
		},
		"a fixed topic, and a gap before its first": {
			Watermark{Topic: fixed, First: offset(100), Last: offset(199), Low: 100, High: 200, Confirmed: 200, Gaps: []Gap{{90, 100}}, Passed: true},
			Held{Topic: fixed, First: 90, End: 200, Confirmed: 200, Gaps: []Gap{{90, 100}}},
		},
		"a fixed topic that was never read": {
			Watermark{Topic: fixed, Low: 50, High: 60, Confirmed: -1},
			Held{Topic: fixed, First: 50, End: 60, Confirmed: -1},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, c.watermark.Of(night)); diff != "" {
				t.Errorf("held (-want +got):\n%s", diff)
			}
		})
	}
}
