package relay

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"nightwire.dev/connector/publish"
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
		{"first reading", -1001, bounds{40, 90}, start{position: 40, committed: notCommitted}},
		{"first reading of an empty log", -1001, bounds{0, 0}, start{position: 0, committed: notCommitted}},
		{"in the middle", 50, bounds{40, 90}, start{position: 50, committed: 50}},
		{"at the start of the log", 40, bounds{40, 90}, start{position: 40, committed: 40}},
		{"at the end of the log", 90, bounds{40, 90}, start{position: 90, committed: 90}},
		{"behind the start", 10, bounds{40, 90}, start{position: 10, committed: 10, gap: &status.Gap{From: 10, To: 40, Reason: publish.ReasonGap}}},
		{"everything has expired", 10, bounds{90, 90}, start{position: 10, committed: 10, gap: &status.Gap{From: 10, To: 90, Reason: publish.ReasonGap}}},
		{"past the end", 95, bounds{0, 20}, start{position: 0, committed: notCommitted, gap: &status.Gap{From: 20, To: 95, Reason: publish.ReasonRewound}}},
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
	want := map[string]string{
		"stream": "ztf", "function": "connector", "reason": reason, "kafka.topic": night,
		"kafka.partition": "0", "gap.from": from, "gap.to": to,
	}
	notices := s.in("ztf-dead-letter")
	if len(notices) != 1 {
		s.t.Fatalf("%d notices, want 1", len(notices))
	}
	if diff := cmp.Diff(want, notices[0].Attributes); diff != "" {
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

func TestCommitWaitsForTheNoticeOfAGap(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.createTopic(night, 1)
	s.produce(night, 0, numbered(5)...)
	r := s.start(s.stream())
	eventually(t, "first commit", func() bool { return s.committed(night, 0) == 5 })
	r.stop()
	s.produce(night, 0, numbered(5)...)
	if err := s.kafka.DeleteRecords(night, 0, 8); err != nil {
		t.Fatal(err)
	}
	s.refuseTopic(resources.DeadLetterTopic())
	s.start(s.stream())
	eventually(t, "the records behind the gap", func() bool { return s.distinct() == 7 })
	if got := s.committed(night, 0); got != 5 {
		t.Errorf("committed %d while the notice is not confirmed, want 5", got)
	}
	s.refusal.set(nil)
	eventually(t, "commit past the gap", func() bool { return s.committed(night, 0) == 10 })
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
