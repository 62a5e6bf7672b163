package relay

import (
	"bytes"
	"net/http"
	"testing"
)

func (s *stand) assigned() (members int, each []int) {
	info := s.kafka.GroupInfo(group)
	if info == nil {
		return 0, nil
	}
	for i := range info.Members {
		each = append(each, info.Members[i].NumAssigned())
	}
	return len(info.Members), each
}

func TestTwoProcessesShareTheGroup(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.createTopic(night, 4)
	first := s.start(s.stream())
	for p := range int32(4) {
		s.produce(night, p, numbered(25)...)
	}
	eventually(t, "the first hundred", func() bool { return s.distinct() == 100 })

	second := s.start(s.stream())
	eventually(t, "two partitions each", func() bool {
		members, each := s.assigned()
		return members == 2 && each[0] == 2 && each[1] == 2
	})
	for p := range int32(4) {
		s.produce(night, p, numbered(25)...)
	}
	eventually(t, "the second hundred", func() bool { return s.distinct() == 200 })

	first.stop()
	for p := range int32(4) {
		s.produce(night, p, numbered(25)...)
	}
	eventually(t, "the third hundred, by the one left", func() bool { return s.distinct() == 300 })
	eventually(t, "commits", func() bool {
		for p := range int32(4) {
			if s.committed(night, p) != 75 {
				return false
			}
		}
		return true
	})
	eventually(t, "ready", func() bool { code, _ := second.get("/readyz"); return code == http.StatusOK })
	if n := len(s.in(resources.RawTopic())); n != 300 {
		t.Errorf("%d messages, want 300: partitions that move settle first", n)
	}
}

func TestMoreProcessesThanPartitionsAreReady(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.createTopic(night, 1)
	a, b := s.start(s.stream()), s.start(s.stream())
	eventually(t, "both ready, one without a partition", func() bool {
		members, _ := s.assigned()
		codeA, _ := a.get("/readyz")
		codeB, _ := b.get("/readyz")
		return members == 2 && codeA == http.StatusOK && codeB == http.StatusOK
	})
}

func TestReadingPausesWhilePubSubRefusesAll(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.createTopic(night, 2)
	const records = 40
	for i := range records {
		s.produce(night, int32(i%2), bytes.Repeat([]byte("x"), 900_000))
	}
	stream := s.stream()
	stream.MaxOutstandingBytes = 20 << 20
	s.refuseTopic(resources.RawTopic())
	r := s.start(stream)
	const most = 20 << 20 / 900_000
	eventually(t, "the budget full", func() bool { return r.value("nightwire_connector_consumed_records_total") >= most })
	eventually(t, "reading paused", func() bool { return r.value("nightwire_connector_paused") == 1 })
	// A new topic is taken up meanwhile: a paused reader still rebalances.
	const second = "ztf_20260102_programid1"
	s.createTopic(second, 1)
	s.produce(second, 0, []byte("small"))
	eventually(t, "the second topic assigned", func() bool {
		members, each := s.assigned()
		return members == 1 && each[0] == 3
	})
	if n := r.value("nightwire_connector_consumed_records_total"); n > most {
		t.Errorf("%v records in flight, want at most %d", n, most)
	}
	if n := r.value("nightwire_connector_in_flight_bytes"); n > 20<<20 {
		t.Errorf("%v bytes in flight, want at most %d", n, 20<<20)
	}

	s.refusal.set(nil)
	eventually(t, "everything after the outage", func() bool { return s.distinct() == records+1 })
	eventually(t, "commits", func() bool {
		return s.committed(night, 0) == records/2 && s.committed(night, 1) == records/2 && s.committed(second, 0) == 1
	})
	if n := r.value("nightwire_connector_paused"); n != 0 {
		t.Errorf("still paused")
	}
}
