package certificate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestSee settles which records of a partition are the night's.
func TestSee(t *testing.T) {
	t.Parallel()
	const fixed, lastNight, nextNight = "lsst-alerts-v10.0", "2026-08-31", "2026-09-02"
	at := func(day, hour int) time.Time { return time.Date(2026, 9, day, hour, 0, 0, 0, time.UTC) }
	of := func(night, topic string, first, last int64, s Sight) Sight {
		s.Night, s.Topic, s.Partition = night, topic, new(int64(0))
		if first >= 0 {
			s.First, s.Last = &first, &last
		}
		if s.Reported.IsZero() {
			s.Reported = at(2, 13)
		}
		return s
	}
	before := of(lastNight, fixed, 0, 99, Sight{High: 100, Confirmed: 100, Reported: at(1, 11)})
	cases := map[string]struct {
		sights []Sight
		want   Held
	}{
		"a topic of the night, all read": {
			[]Sight{of(night, topic, 0, 9, Sight{High: 10, Confirmed: 10})},
			Held{Topic: topic, End: 10, Confirmed: 10},
		},
		"a topic of the night, its first records gone when it was first looked at": {
			[]Sight{of(night, topic, 5, 9, Sight{Low: 2, High: 12, Confirmed: 10})},
			Held{Topic: topic, End: 12, Confirmed: 10, Gaps: []Gap{{0, 2}}},
		},
		"a topic of the night, all of it gone": {
			[]Sight{of(night, topic, -1, 0, Sight{Low: 4, High: 4, Confirmed: 4})},
			Held{Topic: topic, End: 4, Confirmed: 4, Gaps: []Gap{{0, 4}}},
		},
		"a topic of the night, of which two processes told": {
			[]Sight{of(night, topic, 0, 3, Sight{High: 4, Confirmed: 2}), of(night, topic, 4, 7, Sight{Low: 4, High: 8, Confirmed: 8})},
			Held{Topic: topic, End: 8, Confirmed: 8},
		},
		"a topic of another night": {
			[]Sight{of(night, topic, 0, 9, Sight{High: 10, Confirmed: 10}), of(nextNight, "ztf_20260902_programid1", 0, 3, Sight{High: 4})},
			Held{Topic: topic, End: 10, Confirmed: 10},
		},
		"a fixed topic, a night in the middle": {
			[]Sight{before, of(night, fixed, 100, 199, Sight{High: 200, Confirmed: 200}), of(nextNight, fixed, 200, 300, Sight{High: 301, Confirmed: 301})},
			Held{Topic: fixed, First: 100, End: 200, Confirmed: 301},
		},
		"a fixed topic, the last night, of which more waits": {
			[]Sight{before, of(night, fixed, 100, 199, Sight{High: 205, Confirmed: 200})},
			Held{Topic: fixed, First: 100, End: 205, Confirmed: 200},
		},
		"a fixed topic, a night without alerts": {
			[]Sight{before, of(night, fixed, -1, 0, Sight{High: 100, Confirmed: 100})},
			Held{Topic: fixed, First: 100, End: 100, Confirmed: 100},
		},
		"a fixed topic, read by one that died before it told": {
			[]Sight{before, of(night, fixed, 150, 199, Sight{High: 200, Confirmed: 200})},
			Held{Topic: fixed, First: 100, End: 200, Confirmed: 200},
		},
		"a fixed topic, read by one that died, and then nothing came": {
			[]Sight{before, of(night, fixed, -1, 0, Sight{High: 120, Confirmed: 120})},
			Held{Topic: fixed, First: 100, End: 120, Confirmed: 120},
		},
		"a fixed topic, read by one that died at the end": {
			[]Sight{before, of(night, fixed, 100, 120, Sight{High: 121, Confirmed: 121}), of(nextNight, fixed, 130, 140, Sight{High: 141, Confirmed: 141})},
			Held{Topic: fixed, First: 100, End: 130, Confirmed: 141},
		},
		"a fixed topic, whose night before has records that nobody told of": {
			[]Sight{of(lastNight, fixed, 0, 99, Sight{High: 120, Confirmed: 120, Reported: at(1, 11)}), of(night, fixed, 120, 129, Sight{High: 130, Confirmed: 130})},
			Held{Topic: fixed, First: 120, End: 130, Confirmed: 130},
		},
		"a fixed topic, of which more waits when the night is over": {
			[]Sight{before, of(nextNight, fixed, -1, 0, Sight{High: 120, Confirmed: 110})},
			Held{Topic: fixed, First: 100, End: 120, Confirmed: 110},
		},
		"a fixed topic, and a gap that was found when the night was over": {
			[]Sight{before, of(nextNight, fixed, 150, 160, Sight{Low: 150, High: 161, Confirmed: 161, Gaps: []Gap{{100, 150}}})},
			Held{Topic: fixed, First: 100, End: 150, Confirmed: 161, Gaps: []Gap{{100, 150}}},
		},
		"a fixed topic, first looked at in the night": {
			[]Sight{of(night, fixed, 50, 60, Sight{Low: 50, High: 61, Confirmed: 61})},
			Held{Topic: fixed, First: 50, End: 61, Confirmed: 61, Headless: true},
		},
		"a fixed topic, first looked at in the night, and all was there": {
			[]Sight{of(night, fixed, 0, 60, Sight{High: 61, Confirmed: 61})},
			Held{Topic: fixed, End: 61, Confirmed: 61},
		},
		"a fixed topic, whose earlier nights were read in this one": {
			[]Sight{of(lastNight, fixed, 50, 80, Sight{Low: 50, High: 91, Confirmed: 91}), of(night, fixed, 81, 90, Sight{Low: 50, High: 91, Confirmed: 91})},
			Held{Topic: fixed, First: 81, End: 91, Confirmed: 91},
		},
		"a fixed topic that was never read": {
			[]Sight{of(night, fixed, -1, 0, Sight{High: 60, Confirmed: -1})},
			Held{Topic: fixed, End: 60, Confirmed: -1},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := New("lsst", night)
			if err := a.See(c.sights); err != nil || len(a.order) != 1 {
				t.Fatalf("%d partitions, %v", len(a.order), err)
			}
			c.want.Reported = at(2, 13)
			if diff := cmp.Diff(c.want, a.order[0].Held, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("held (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSeePassesOverWhatIsGone: a topic of which nobody told any more is of the
// nights before.
func TestSeePassesOverWhatIsGone(t *testing.T) {
	t.Parallel()
	a := New("lsst", night)
	err := a.See([]Sight{{Night: "2026-08-31", Topic: "lsst-alerts", Partition: new(int64(0)), Partitions: 4, High: 9, Confirmed: 9}})
	if err != nil || len(a.order) > 0 || len(a.untold()) > 0 {
		t.Errorf("%d partitions, %q, %v", len(a.order), a.untold(), err)
	}
}
