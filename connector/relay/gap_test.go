package relay

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"nightwire.dev/connector/offsets"
	"nightwire.dev/connector/status"
)

func TestStartAt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		next int64
		have bounds
		want start
	}{
		{"first reading", -1001, bounds{40, 90}, start{40, 40, notCommitted, nil}},
		{"first reading of an empty log", -1001, bounds{0, 0}, start{0, 0, notCommitted, nil}},
		{"in the middle", 50, bounds{40, 90}, start{50, 50, 50, nil}},
		{"at the start of the log", 40, bounds{40, 90}, start{40, 40, 40, nil}},
		{"at the end of the log", 90, bounds{40, 90}, start{90, 90, 90, nil}},
		{"behind the start", 10, bounds{40, 90}, start{10, 40, 10, &offsets.Gap{From: 10, To: 40, Reason: offsets.ReasonExpired}}},
		{"everything has expired", 10, bounds{90, 90}, start{10, 90, 10, &offsets.Gap{From: 10, To: 90, Reason: offsets.ReasonExpired}}},
		{"past the end", 95, bounds{0, 20}, start{-1, 0, -1, &offsets.Gap{From: 20, To: 95, Reason: offsets.ReasonRewound}}},
		{"past the end of a log that has expired in part", 95, bounds{5, 20}, start{4, 5, 4, &offsets.Gap{From: 20, To: 95, Reason: offsets.ReasonRewound}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, startAt(test.next, test.have), cmp.AllowUnexported(start{})); diff != "" {
				t.Errorf("startAt(%d, %v) (-want +got):\n%s", test.next, test.have, diff)
			}
		})
	}
}

func (s *stand) wantNotice(reason, from, to string) {
	s.t.Helper()
	s.wantLetter(map[string]string{
		"nightwire.reason": reason, "kafka.partition": "0", "kafka.offset": from, "gap.from": from, "gap.to": to,
	})
}

// wantLetter wants one notice in the dead-letter topic, with these attributes
// besides those that all have.
func (s *stand) wantLetter(want map[string]string) {
	s.t.Helper()
	letters := s.in("ztf-dead-letter")
	if len(letters) != 1 {
		s.t.Fatalf("%d notices, want 1", len(letters))
	}
	want["stream"], want["nightwire.function"], want["kafka.topic"] = "ztf", "connector", night
	got := maps.Clone(letters[0].Attributes)
	if _, err := time.Parse(time.RFC3339, got["nightwire.at"]); err != nil {
		s.t.Errorf("nightwire.at: %v", err)
	}
	delete(got, "nightwire.at")
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("notice (-want +got):\n%s", diff)
	}
}

func TestGapBetweenRunsIsReported(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.createTopic(night, 1)
	s.produce(night, 0, numbered(5)...)
	r := s.start(s.stream())
	eventually(t, "first commit", func() bool { return s.committed(night, 0) == 5 })
	r.stop()
	s.produce(night, 0, numbered(10)...)
	if err := s.kafka.DeleteRecords(night, 0, 12); err != nil {
		t.Fatal(err)
	}

	r = s.start(s.stream())
	eventually(t, "commit past the gap", func() bool { return s.committed(night, 0) == 15 })
	s.wantNotice("gap", "5", "12")
	if n := s.distinct(); n != 8 {
		t.Errorf("%d records in Pub/Sub, want 5 before the gap and 3 behind it", n)
	}
	_, body := r.get("/metrics")
	for _, line := range []string{
		`nightwire_connector_gaps_total{stream="ztf"} 1`,
		`nightwire_connector_gap_offsets_total{stream="ztf"} 7`,
		`nightwire_connector_notices_total{reason="gap",stream="ztf"} 1`,
	} {
		if !strings.Contains(body, line) {
			t.Errorf("/metrics lacks %s", line)
		}
	}
	first, last := int64(12), int64(14)
	want := status.Report{Streams: []status.StreamReport{{Stream: "ztf", Group: group, Partitions: []status.Partition{{
		Topic: night, Assigned: true, Records: 3, First: &first, Last: &last, Confirmed: 15, Low: 12, High: 15,
		Gaps: []status.Gap{{From: 5, To: 12, Reason: "gap"}},
	}}}}}
	eventually(t, "/offsets", func() bool {
		var got status.Report
		code, body := r.get("/offsets")
		return code == http.StatusOK && json.Unmarshal([]byte(body), &got) == nil && cmp.Equal(want, got)
	})
}

func TestGapWhileReadingIsReported(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.createTopic(night, 1)
	s.produce(night, 0, numbered(5)...)
	s.start(s.stream())
	eventually(t, "first commit", func() bool { return s.committed(night, 0) == 5 })

	// Reading hangs while records come and expire.
	hang := s.kafka.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: night, Err: kerr.UnknownServerError, Count: -1})
	s.produce(night, 0, numbered(10)...)
	if err := s.kafka.DeleteRecords(night, 0, 12); err != nil {
		t.Fatal(err)
	}
	hang.Remove()
	s.produce(night, 0, []byte("later"))

	eventually(t, "commit past the gap", func() bool { return s.committed(night, 0) == 16 })
	s.wantNotice("gap", "5", "12")
	if n := s.distinct(); n != 9 {
		t.Errorf("%d records in Pub/Sub, want 5 before the gap and 4 behind it", n)
	}
}

func TestCommitWaitsForTheNotice(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		committed int64 // by an earlier process
		records   int   // in the log
		low       int64 // the first of them that is left
		notice    [3]string
	}{
		{"of a gap", 5, 10, 8, [3]string{"gap", "5", "8"}},
		{"of a log made again", 5, 2, 0, [3]string{"rewound", "2", "5"}},
		{"of a log made again that is empty", 5, 0, 0, [3]string{"rewound", "0", "5"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			s.createTopic(night, 2)
			s.commit(night, 0, test.committed)
			s.produce(night, 0, numbered(test.records)...)
			if err := s.kafka.DeleteRecords(night, 0, test.low); err != nil {
				t.Fatal(err)
			}
			s.refuseTopic(resources.DeadLetterTopic())
			r := s.start(s.stream())
			left := float64(test.records) - float64(test.low)
			eventually(t, "the records that are left", func() bool {
				return r.value("nightwire_connector_published_records_total") == left
			})
			// One request commits all partitions: once the other's is there, this
			// one's has had its turn.
			s.produce(night, 1, []byte("other"))
			eventually(t, "commit of the other partition", func() bool { return s.committed(night, 1) == 1 })
			if got := s.committed(night, 0); got != test.committed {
				t.Errorf("committed %d while the notice is not confirmed, want %d", got, test.committed)
			}
			s.refusal.set(nil)
			eventually(t, "commit", func() bool { return s.committed(night, 0) == int64(test.records) })
			s.wantNotice(test.notice[0], test.notice[1], test.notice[2])
		})
	}
}

func TestTopicMadeAgainIsReadFromItsStart(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.createTopic(night, 1)
	s.produce(night, 0, numbered(2)...)
	s.commit(night, 0, 5) // as of a log before this one
	s.start(s.stream())
	eventually(t, "commit in the new log", func() bool { return s.committed(night, 0) == 2 })
	eventually(t, "notice", func() bool { return len(s.in(resources.DeadLetterTopic())) == 1 })
	s.wantNotice("rewound", "2", "5")
	if n := s.distinct(); n != 2 {
		t.Errorf("%d records in Pub/Sub, want 2", n)
	}
}
