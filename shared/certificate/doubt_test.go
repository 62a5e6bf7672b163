package certificate

import (
	"strings"
	"testing"
	"time"

	"nightwire.dev/shared/ledger"
)

func TestDoubts(t *testing.T) {
	t.Parallel()
	at := func(day, hour int) time.Time { return time.Date(2026, 9, day, hour, 0, 0, 0, time.UTC) }
	of := func(reported time.Time) []Held { return []Held{{Topic: topic, Reported: reported}} }
	all := func(to time.Time) []time.Time { return present(at(1, 0), to) }
	theirs := func(partitions int64) []Sight {
		return []Sight{{Night: night, Topic: topic, Partitions: partitions, Reported: at(1, 16)}}
	}
	const fixed, unknown = "lsst-alerts", "ztf_20260902_programid1"
	cases := map[string]struct {
		world world
		look  time.Time
		asked time.Time
		want  string // of the doubt; empty if there is none
	}{
		"nobody ever told":                    {world{}, at(1, 16), at(1, 16), "no connector has told of Kafka"},
		"somebody tells, and has nothing":     {world{heard: all(at(1, 16))}, at(1, 16), at(1, 16), ""},
		"somebody told, long ago":             {world{heard: all(at(1, 6))}, at(1, 16), at(1, 16), "from 2026-09-01 06:00:00 UTC to 2026-09-01 16:00:00 UTC"},
		"somebody tells only now":             {world{heard: present(at(1, 15), at(1, 16))}, at(1, 16), at(1, 16), "from 2026-09-01 00:00:00 UTC to 2026-09-01 15:00:00 UTC"},
		"somebody told to the end":            {world{heard: all(at(2, 12))}, at(9, 0), at(9, 0), ""},
		"somebody told only after the night":  {world{heard: present(at(9, 0), at(10, 0))}, at(10, 0), at(10, 0), "from 2026-09-01 00:00:00 UTC to 2026-09-02 12:00:00 UTC"},
		"somebody told only during the night": {world{heard: all(at(2, 11))}, at(9, 0), at(9, 0), "from 2026-09-02 11:00:00 UTC to 2026-09-02 12:00:00 UTC"},
		"somebody was away for an hour": {
			world{heard: append(all(at(1, 5)), present(at(1, 6), at(1, 16))...)}, at(1, 16), at(1, 16), "from 2026-09-01 05:00:00 UTC to 2026-09-01 06:00:00 UTC",
		},
		"a night that has not begun":    {world{heard: present(at(0, 20), at(0, 22))}, at(0, 22), at(0, 22), ""},
		"a report since it was asked":   {world{held: of(at(1, 16))}, at(1, 17), at(1, 16), ""},
		"a report from just before":     {world{held: of(at(1, 15))}, at(1, 16), at(1, 15).Add(time.Second), "of 1 partitions no connector has told"},
		"fresh, and nobody says when":   {world{held: of(at(1, 16))}, at(1, 16).Add(10 * time.Minute), time.Time{}, ""},
		"an old report":                 {world{held: of(at(1, 6)), heard: all(at(1, 16))}, at(1, 16), at(1, 16), "of 1 partitions no connector has told"},
		"a report from after the night": {world{held: of(at(2, 12))}, at(20, 0), at(20, 0), ""},
		"a partition in nobody's hands": {
			world{held: of(at(1, 16)), listed: theirs(3)}, at(1, 16), at(1, 16), topic + " has 3 partitions, and of 2 no connector has told, the first being 1",
		},
		"a topic in nobody's hands": {world{heard: all(at(1, 16)), listed: theirs(16)}, at(1, 16), at(1, 16), topic + " has 16 partitions, and of 16 no connector"},
		"all in somebody's hands":   {world{held: of(at(1, 16)), listed: theirs(1)}, at(1, 16), at(1, 16), ""},
		"the ledger knows more of a partition": {
			world{held: held(0, 0), ledger: []Entry{{Topic: topic, Offset: 5, Outcome: ledger.Rejected}}},
			at(1, 16), time.Time{}, "the ledger knows " + topic + "/0 up to offset 5, further than any connector has told",
		},
		"the ledger knows another partition": {
			world{heard: all(at(1, 16)), ledger: []Entry{{Topic: topic, Partition: 3, Offset: 5, Outcome: ledger.Rejected}}},
			at(1, 16), at(1, 16), topic + "/3 up to offset 5",
		},
		"the ledger knows another night's topic": {
			world{heard: all(at(1, 16)), ledger: []Entry{{Topic: unknown, Offset: 5, Outcome: ledger.Stored, Object: file("a")}}}.complete(file("a")), at(1, 16), at(1, 16), "",
		},
		"the ledger knows a fixed topic that nobody told of": {
			world{heard: all(at(1, 16)), ledger: []Entry{{Topic: fixed, Partition: 3, Offset: 7, Outcome: ledger.Stored, Object: file("a")}}}.complete(file("a")),
			at(1, 16), at(1, 16), fixed + "/3 up to offset 7",
		},
		"a late alert in a fixed topic": {
			world{
				held:   []Held{{Topic: fixed, First: 3, End: 3, Reported: at(1, 16)}},
				ledger: []Entry{{Topic: fixed, Offset: 7, Outcome: ledger.Stored, Object: file("a")}},
			}.complete(file("a")), at(1, 16), at(1, 16), "",
		},
		"a packet out of a folder": {
			world{heard: all(at(1, 16)), ledger: []Entry{{Topic: "file:ztf_public_20260901.tar.gz", Offset: 1 << 60, Outcome: ledger.Rejected}}}, at(1, 16), at(1, 16), "",
		},
		"first records that nobody may have seen": {
			world{held: []Held{{Topic: fixed, First: 3, End: 3, Reported: at(1, 16), Headless: true}}}, at(1, 16), at(1, 16), "Kafka had let go of their first records",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := c.world.account(t).Close(c.look, c.asked)
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

// TestVerdictSaysUntilWhen, while the night is not over.
func TestVerdictSaysUntilWhen(t *testing.T) {
	t.Parallel()
	asked := time.Date(2026, 9, 1, 17, 0, 0, 0, time.UTC)
	w := world{held: []Held{{Topic: topic, Reported: asked.AddDate(0, 0, 1)}}}
	if got := w.account(t).Close(asked.Add(time.Minute), asked).Verdict(); got != "no alerts, and nothing is missing until 17:00 UTC" {
		t.Errorf("in the evening: %q", got)
	}
	if got := w.account(t).Close(asked.AddDate(0, 0, 1), asked.AddDate(0, 0, 1)).Verdict(); got != "no alerts, and nothing is missing" {
		t.Errorf("a day later: %q", got)
	}
}
