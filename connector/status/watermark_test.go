package status

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nightwire.dev/connector/offsets"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/watermark"
)

const (
	nightly = "ztf_20260901_programid1"
	lasting = "lsst-alerts"
)

// evening is in the night 2026-09-01, whose date in UTC is the next already.
var evening = time.Date(2026, 9, 2, 3, 0, 0, 0, time.UTC)

// newLasting is a stream with one partition of a topic that has no night of its
// own.
func newLasting(confirmed, high int64) (*Stream, offsets.Place) {
	s := NewBoard().Stream(names.LSST, "g")
	s.Assigned(1)
	s.Seen(Partition{Topic: lasting, Assigned: true, Confirmed: confirmed, High: high})
	return s, offsets.Place{Topic: lasting}
}

func watermarks(t *testing.T, s *Stream, now time.Time) []watermark.Partition {
	t.Helper()
	r, ok := s.Watermarks(now)
	if !ok {
		t.Fatal("there is nothing to report")
	}
	return r.Partitions
}

func TestNightlyTopicHasOneNight(t *testing.T) {
	t.Parallel()
	s := NewBoard().Stream(names.ZTF, "g")
	s.Assigned(1)
	at := offsets.Place{Topic: nightly, Partition: 2}
	p := Partition{Topic: nightly, Partition: 2, Assigned: true, Low: 12, Confirmed: 12, High: 50}
	s.Seen(p)
	s.Read(at, 40, evening)
	s.Read(at, 41, evening.Add(24*time.Hour)) // past midnight, and late
	s.Gap(at, offsets.Gap{From: 12, To: 40, Reason: offsets.ReasonExpired})
	p.Low, p.Confirmed = 30, 41 // Kafka has dropped more meanwhile
	s.Seen(p)
	want := []watermark.Partition{{
		Topic: nightly, Partition: 2, Night: "2026-09-01", First: new(int64(40)), Last: new(int64(41)), Low: 12, High: 50, Confirmed: 41,
		Gaps: []watermark.Gap{{From: 12, To: 40, Reason: "gap"}},
	}}
	if diff := cmp.Diff(want, watermarks(t, s, evening)); diff != "" {
		t.Errorf("watermarks (-want +got):\n%s", diff)
	}
}

func TestLastingTopicIsSplitByNight(t *testing.T) {
	t.Parallel()
	s, at := newLasting(10, 10)
	noon := time.Date(2026, 9, 2, 12, 0, 0, 0, time.UTC)
	s.Read(at, 10, noon.Add(-time.Millisecond))
	s.Read(at, 11, noon)
	s.Read(at, 12, noon.Add(time.Hour))
	want := []watermark.Partition{
		{Topic: lasting, Night: "2026-09-01", First: new(int64(10)), Last: new(int64(10)), High: 11, Confirmed: 10},
		{Topic: lasting, Night: "2026-09-02", First: new(int64(11)), Last: new(int64(12)), High: 13, Confirmed: 10},
		{Topic: lasting, Night: "2026-09-03", High: 10, Confirmed: 10}, // the present one, of which nothing was read
	}
	if diff := cmp.Diff(want, watermarks(t, s, noon.Add(24*time.Hour))); diff != "" {
		t.Errorf("watermarks (-want +got):\n%s", diff)
	}
}

// TestNightIsForgottenOnceItIsTold keeps what is reported of a topic that goes
// on for years from growing, and loses no word of it.
func TestNightIsForgottenOnceItIsTold(t *testing.T) {
	t.Parallel()
	s, at := newLasting(10, 11)
	s.Read(at, 10, evening)
	s.Read(at, 11, evening.Add(24*time.Hour))
	tonight := evening.Add(24 * time.Hour)
	nights := func() (all []string) {
		for _, p := range watermarks(t, s, tonight) {
			all = append(all, p.Night)
		}
		return all
	}
	both, one := []string{"2026-09-01", "2026-09-02"}, []string{"2026-09-02"}
	tell := func(what string, want []string) {
		t.Helper()
		r, _ := s.Watermarks(tonight)
		s.Told(r)
		if diff := cmp.Diff(want, nights()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	tell("told while records are in flight", both)
	s.Seen(Partition{Topic: lasting, Assigned: true, Confirmed: 12, High: 12})
	before, _ := s.Watermarks(tonight)
	s.Read(at, 12, evening) // late
	s.Told(before)
	if diff := cmp.Diff(both, nights()); diff != "" {
		t.Errorf("more was read than told (-want +got):\n%s", diff)
	}
	s.Seen(Partition{Topic: lasting, Assigned: true, Confirmed: 13, High: 13})
	tell("all told", one)
	tell("the last one stays", one)
}

func TestGapOfALastingTopicCountsWhenItWasMissed(t *testing.T) {
	t.Parallel()
	s, at := newLasting(10, 20)
	s.Gap(at, offsets.Gap{From: 10, To: 15, Reason: offsets.ReasonExpired})
	tomorrow := time.Now().Add(24 * time.Hour) // no report was made before
	all := watermarks(t, s, tomorrow)
	if len(all) != 2 || len(all[0].Gaps) != 1 || all[0].Night == watermark.RecordNight(tomorrow) || len(all[1].Gaps) != 0 {
		t.Errorf("watermarks are %+v, want the gap once, in the night before", all)
	}
}

func TestPartitionThatLeftIsToldOnceMore(t *testing.T) {
	t.Parallel()
	s, at := newLasting(10, 10)
	before, _ := s.Watermarks(evening)
	s.Seen(Partition{Topic: lasting, Assigned: true, Confirmed: 12, High: 12})
	s.Unassigned(at)
	s.Told(before)
	for i, want := range []int{1, 0} {
		r, _ := s.Watermarks(evening)
		if len(r.Partitions) != want || want == 1 && r.Partitions[0].Confirmed != 12 {
			t.Errorf("report %d after it left has %+v, want %d partitions", i+1, r.Partitions, want)
		}
		s.Told(r)
	}
	s.Seen(Partition{Topic: lasting, Assigned: true, Confirmed: 12, High: 12})
	if n := len(watermarks(t, s, evening)); n != 1 {
		t.Errorf("%d partitions after it came back", n)
	}
}

func TestNothingIsReportedWhileKafkaDoesNotAnswer(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		set func(*Stream)
		ok  bool
	}{
		"at start":             {func(*Stream) {}, false},
		"a failed session":     {func(s *Stream) { s.Assigned(1); s.Connecting(errors.New("no route")) }, false},
		"silent":               {func(s *Stream) { s.Assigned(1); s.Silence(errors.New("timed out")) }, false},
		"it answers again":     {func(s *Stream) { s.Assigned(1); s.Silence(errors.New("timed out")); s.Silence(nil) }, true},
		"without a topic":      {(*Stream).Waiting, true},
		"before its topics":    {func(s *Stream) { s.Joining(3) }, true},
		"Pub/Sub out of reach": {func(s *Stream) { s.Assigned(1); s.Outage(errors.New("denied")) }, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := NewBoard().Stream(names.ZTF, "g")
			s.Awaiting([]string{"ztf_{date}_programid1"})
			c.set(s)
			r, ok := s.Watermarks(evening)
			if ok != c.ok {
				t.Fatalf("ok is %v, want %v", ok, c.ok)
			}
			want := watermark.Report{Stream: names.ZTF, At: evening, Awaiting: []string{"ztf_{date}_programid1"}, Partitions: []watermark.Partition{}}
			if diff := cmp.Diff(want, r); ok && diff != "" {
				t.Errorf("heartbeat (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTopicsAreToldWhoeverHasThem: a group that gives us nothing of a topic, or
// only a part, does not hide that there is more.
func TestTopicsAreToldWhoeverHasThem(t *testing.T) {
	t.Parallel()
	s := NewBoard().Stream(names.LSST, "g")
	s.Listed(map[string]int{nightly: 16, lasting: 3})
	s.Joining(2)
	want := []watermark.Topic{{Name: lasting, Night: "2026-09-01", Partitions: 3}, {Name: nightly, Night: "2026-09-01", Partitions: 16}}
	check := func(when string) {
		t.Helper()
		if r, _ := s.Watermarks(evening); !cmp.Equal(want, r.Topics) {
			t.Errorf("%s the topics are %+v", when, r.Topics)
		}
	}
	check("before an assignment")
	s.Assigned(1)
	s.Seen(Partition{Topic: nightly, Assigned: true})
	check("with a part")
	want = want[1:]
	s.Listed(map[string]int{nightly: 16})
	check("once one has gone")
}

// TestReportsCombine loses reports at random. What arrives before the end, and
// the last, must tell of each night the least and the greatest offset read, and
// that all of it is safe.
func TestReportsCombine(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, at := newLasting(0, 0)
		type reach struct{ First, Last int64 }
		read, told := map[string]reach{}, map[string]reach{}
		high, safe := map[string]int64{}, map[string]int64{}
		enter := func(into map[string]reach, night string, first, last int64) {
			r, ok := into[night]
			if !ok {
				r = reach{first, last}
			}
			into[night] = reach{min(r.First, first), max(r.Last, last)}
		}
		next, confirmed, now := int64(0), int64(0), evening
		leave := func() watermark.Report { r, _ := s.Watermarks(now); return r }
		arrive := func(r watermark.Report) {
			for _, p := range r.Partitions {
				high[p.Night], safe[p.Night] = max(high[p.Night], p.High), max(safe[p.Night], p.Confirmed)
				if p.First != nil {
					enter(told, p.Night, *p.First, *p.Last)
				}
			}
			s.Told(r)
		}
		underWay := leave()
		t.Repeat(map[string]func(*rapid.T){
			"read": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "hours")) * time.Hour)
				taken := now.Add(-time.Duration(rapid.IntRange(0, 30).Draw(t, "late by hours")) * time.Hour)
				s.Read(at, next, taken)
				enter(read, watermark.RecordNight(taken), next, next)
				next++
			},
			"confirm": func(t *rapid.T) {
				confirmed = rapid.Int64Range(confirmed, next).Draw(t, "confirmed")
				s.Seen(Partition{Topic: lasting, Assigned: true, Confirmed: confirmed, High: next})
			},
			"arrive":  func(*rapid.T) { arrive(underWay); underWay = leave() },
			"be lost": func(*rapid.T) { underWay = leave() },
			"confirm all": func(*rapid.T) {
				s.Seen(Partition{Topic: lasting, Assigned: true, Confirmed: next, High: next})
				confirmed = next
			},
		})
		s.Seen(Partition{Topic: lasting, Assigned: true, Confirmed: next, High: next})
		arrive(leave())
		for night := range high {
			if safe[night] < high[night] {
				t.Errorf("%s: confirmed to %d of %d, though all is", night, safe[night], high[night])
			}
		}
		if diff := cmp.Diff(read, told); diff != "" {
			t.Errorf("nights (-read +told):\n%s", diff)
		}
	})
}
