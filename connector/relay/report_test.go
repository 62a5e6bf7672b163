package relay

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"

	"nightwire.dev/connector/topics"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/watermark"
)

// reports are those in Pub/Sub so far.
func (s *stand) reports() []watermark.Report {
	s.t.Helper()
	var all []watermark.Report
	for _, m := range s.in(resources.WatermarksTopic()) {
		var r watermark.Report
		if err := json.Unmarshal(m.Data, &r); err != nil {
			s.t.Fatal(err)
		}
		if _, err := watermark.Parse(m.Data, names.ZTF); err != nil {
			s.t.Errorf("a report that the function would refuse: %v", err)
		}
		all = append(all, r)
	}
	return all
}

// last is the last report; there is one.
func (s *stand) last() watermark.Report {
	s.t.Helper()
	all := s.reports()
	if len(all) == 0 {
		s.t.Fatal("no report was made")
	}
	return all[len(all)-1]
}

// reported waits for a report of which the condition holds.
func (s *stand) reported(what string, condition func(watermark.Report) bool) {
	s.t.Helper()
	eventually(s.t, what, func() bool {
		for _, r := range s.reports() {
			if condition(r) {
				return true
			}
		}
		return false
	})
}

// whole is a partition of the night that was read from the first offset to the
// last, and drained.
func whole(number, records int64) watermark.Partition {
	p := watermark.Partition{Topic: night, Partition: number, Night: "2026-01-01", High: records, Confirmed: records}
	if records > 0 {
		p.First, p.Last = new(int64(0)), new(records-1)
	}
	return p
}

func TestLateTopicIsAwaitedThenReported(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	r := s.start(s.stream())
	s.reported("the topic awaited", func(r watermark.Report) bool {
		return len(r.Partitions) == 0 && cmp.Equal([]string{"ztf_{date}_programid1"}, r.Awaiting)
	})
	s.createTopic(night, 2)
	s.reported("its partitions, before a record", func(r watermark.Report) bool {
		return cmp.Equal([]watermark.Partition{whole(0, 0), whole(1, 0)}, r.Partitions) && len(r.Awaiting) == 0 &&
			cmp.Equal([]watermark.Topic{{Name: night, Night: "2026-01-01", Partitions: 2}}, r.Topics)
	})
	s.produce(night, 0, numbered(7)...)
	s.reported("its records", func(r watermark.Report) bool {
		return cmp.Equal([]watermark.Partition{whole(0, 7), whole(1, 0)}, r.Partitions) && !r.Drained
	})
	r.stop()
	last := s.last()
	if diff := cmp.Diff([]watermark.Partition{whole(0, 7), whole(1, 0)}, last.Partitions); diff != "" || !last.Drained {
		t.Errorf("the last report says drained: %v (-want +got):\n%s", last.Drained, diff)
	}
	// Pub/Sub may have one that the end cut off, and that is not counted.
	n, made := int(r.value("nightwire_connector_reports_total")), len(s.reports())
	if n != made && n != made-1 {
		t.Errorf("%d reports counted, %d made", n, made)
	}
}

// TestLastReportFollowsTheLastRecord stops the relay while records are in
// flight.
func TestLastReportFollowsTheLastRecord(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.createTopic(night, 1)
	s.produce(night, 0, numbered(20)...)
	s.refuseTopic(resources.RawTopic())
	r := s.start(s.stream())
	eventually(t, "all records read", func() bool { return r.value("nightwire_connector_consumed_records_total") == 20 })
	s.reported("them as read and not confirmed", func(r watermark.Report) bool {
		return len(r.Partitions) == 1 && r.Partitions[0].Last != nil && *r.Partitions[0].Last == 19 && r.Partitions[0].Confirmed == 0
	})
	stopped := make(chan struct{})
	go func() { r.stop(); close(stopped) }()
	s.refusal.set(nil)
	<-stopped
	last := s.last()
	if diff := cmp.Diff([]watermark.Partition{whole(0, 20)}, last.Partitions); diff != "" || !last.Drained {
		t.Errorf("the last report says drained: %v (-want +got):\n%s", last.Drained, diff)
	}
}

// TestLastReportAsksKafka has records come that no fetch has told of.
func TestLastReportAsksKafka(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.createTopic(night, 1)
	s.produce(night, 0, numbered(5)...)
	r := s.start(s.stream())
	eventually(t, "first commit", func() bool { return s.committed(night, 0) == 5 })
	s.kafka.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: night, Err: kerr.UnknownServerError, Count: -1})
	s.produce(night, 0, numbered(10)...)
	r.stop()
	if p := s.last().Partitions[0]; p.High != 15 || p.Confirmed > 15 || s.distinct() != int(p.Confirmed) {
		t.Errorf("the last report has %+v, and Pub/Sub %d records; want a high of 15", p, s.distinct())
	}
}

func TestGapIsReported(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.createTopic(night, 2)
	s.commit(night, 0, 5)
	for number := range int32(2) { // of the other partition, nobody has read anything yet
		s.produce(night, number, numbered(15)...)
		if err := s.kafka.DeleteRecords(night, number, 12); err != nil {
			t.Fatal(err)
		}
	}
	r := s.start(s.stream())
	eventually(t, "commit past the gap", func() bool { return s.committed(night, 0) == 15 && s.committed(night, 1) == 15 })
	r.stop()
	first := whole(0, 15)
	first.First, first.Low, first.Gaps = new(int64(12)), 12, []watermark.Gap{{From: 5, To: 12, Reason: "gap"}}
	second := whole(1, 15)
	second.First, second.Low = new(int64(12)), 12
	if diff := cmp.Diff([]watermark.Partition{first, second}, s.last().Partitions); diff != "" {
		t.Errorf("the last report (-want +got):\n%s", diff)
	}
}

// TestReportsNeverHoldUpRecords has Pub/Sub take none.
func TestReportsNeverHoldUpRecords(t *testing.T) {
	t.Parallel()
	for name, code := range map[string]codes.Code{"refused at once": codes.PermissionDenied, "tried again": codes.Unavailable} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			s.createTopic(night, 1)
			s.refusal.setReports(func(*pubsubpb.PublishRequest) error { return grpcstatus.Error(code, "closed") })
			r := s.start(s.stream())
			eventually(t, "a report that is not taken", func() bool { return r.value("nightwire_connector_report_errors_total") > 0 })
			s.produce(night, 0, numbered(30)...)
			eventually(t, "all records", func() bool { return s.committed(night, 0) == 30 && s.distinct() == 30 })
			if code, body := r.get("/readyz"); code != http.StatusOK {
				t.Errorf("/readyz = %d %q", code, body)
			}
			if len(s.reports()) > 0 {
				t.Fatal("a report was taken")
			}
			s.refusal.setReports(nil)
			s.reported("all that was missed", func(r watermark.Report) bool { return cmp.Equal([]watermark.Partition{whole(0, 30)}, r.Partitions) })

			s.refusal.setReports(func(*pubsubpb.PublishRequest) error { return grpcstatus.Error(code, "closed") })
			r.stop() // without a last report, and without an error
		})
	}
}

// TestReportsOfTwoProcessesCombine takes the greatest of what both say, in
// whatever order; nothing depends on whose partition it is.
func TestReportsOfTwoProcessesCombine(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.createTopic(night, 4)
	produce := func() {
		for p := range int32(4) {
			s.produce(night, p, numbered(10)...)
		}
	}
	produce()
	first := s.start(s.stream())
	eventually(t, "the first forty", func() bool { return s.distinct() == 40 })
	second := s.start(s.stream())
	eventually(t, "two partitions each", func() bool {
		members, each := s.assigned()
		return members == 2 && each[0] == 2 && each[1] == 2
	})
	produce()
	eventually(t, "the second forty", func() bool { return s.distinct() == 80 })
	first.stop()
	produce()
	eventually(t, "the third forty", func() bool { return s.distinct() == 120 })
	second.stop()

	combined := map[int64]watermark.Partition{}
	drained := 0
	for _, r := range s.reports() {
		if r.Drained {
			drained++
		}
		for _, p := range r.Partitions {
			c, ok := combined[p.Partition]
			if !ok {
				c = p
			}
			if p.First != nil && (c.First == nil || *p.First < *c.First) {
				c.First = p.First
			}
			if p.Last != nil && (c.Last == nil || *p.Last > *c.Last) {
				c.Last = p.Last
			}
			c.High, c.Confirmed = max(c.High, p.High), max(c.Confirmed, p.Confirmed)
			combined[p.Partition] = c
		}
	}
	want := map[int64]watermark.Partition{}
	for p := range int64(4) {
		want[p] = whole(p, 30)
	}
	if diff := cmp.Diff(want, combined); diff != "" || drained != 2 {
		t.Errorf("%d last reports; all of them combined (-want +got):\n%s", drained, diff)
	}
}

// TestNightsOfALastingTopic sends records of two nights through one topic.
func TestNightsOfALastingTopic(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	const topic = "survey-alerts"
	s.createTopic(topic, 1)
	producer, err := kgo.NewClient(kgo.SeedBrokers(s.kafka.ListenAddrs()...), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	for _, at := range []time.Time{
		time.Date(2026, 9, 1, 23, 59, 0, 0, time.UTC),
		time.Date(2026, 9, 2, 0, 1, 0, 0, time.UTC), // the same night, past midnight
		time.Date(2026, 9, 2, 23, 0, 0, 0, time.UTC),
	} {
		if err := producer.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Value: []byte("alert"), Timestamp: at}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	stream := s.stream()
	stream.Topics = []topics.Pattern{topic}
	r := s.start(stream)
	of := func(night string, first, last int64) watermark.Partition {
		return watermark.Partition{Topic: topic, Night: night, First: &first, Last: &last, High: 3, Confirmed: 3}
	}
	s.reported("both nights", func(r watermark.Report) bool {
		return len(r.Partitions) == 3 && // and the present one
			cmp.Equal([]watermark.Partition{of("2026-09-01", 0, 1), of("2026-09-02", 2, 2)}, r.Partitions[:2])
	})
	r.stop()
}
