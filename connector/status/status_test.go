package status

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nightwire.dev/connector/offsets"
	"nightwire.dev/shared/names"
)

func get(b *Board, path string) (code int, body string) {
	recorder := httptest.NewRecorder()
	b.Handler().ServeHTTP(recorder, httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil))
	return recorder.Code, recorder.Body.String()
}

func TestReady(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		set  func(*Stream)
		code int
		note string
	}{
		{"at start", func(*Stream) {}, 503, "ztf: not ready: connecting to Kafka\n"},
		{"Kafka out of reach", func(s *Stream) { s.Assigned(2); s.Connecting(errors.New("no route")) }, 503, "ztf: not ready: connecting to Kafka: no route\n"},
		{"Kafka silent", func(s *Stream) { s.Assigned(2); s.Silence(errors.New("timed out")) }, 503, "ztf: not ready: Kafka does not answer: timed out; 2 partitions assigned\n"},
		{"Kafka answers again", func(s *Stream) { s.Assigned(2); s.Silence(errors.New("timed out")); s.Silence(nil) }, 200, "ztf: ready: 2 partitions assigned\n"},
		{"no topic yet", func(s *Stream) { s.Waiting(); s.Awaiting([]string{"ztf_{date}_programid1"}) }, 200, "ztf: ready: waiting for topics; not there yet: ztf_{date}_programid1\n"},
		{"joining", func(s *Stream) { s.Joining(3) }, 503, "ztf: not ready: waiting for an assignment in 3 topics\n"},
		{"assigned", func(s *Stream) { s.Assigned(16) }, 200, "ztf: ready: 16 partitions assigned\n"},
		{"publishing fails", func(s *Stream) { s.Assigned(16); s.Outage(errors.New("denied")) }, 503, "ztf: not ready: publishing fails: denied; 16 partitions assigned\n"},
		{"publishing works again", func(s *Stream) { s.Assigned(16); s.Outage(errors.New("denied")); s.Outage(nil) }, 200, "ztf: ready: 16 partitions assigned\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			board := NewBoard()
			test.set(board.Stream(names.ZTF, "g"))
			code, note := get(board, "/readyz")
			if code != test.code || note != test.note {
				t.Errorf("/readyz = %d %q, want %d %q", code, note, test.code, test.note)
			}
			want := "nightwire_connector_ready{stream=\"ztf\"} 0\n"
			if code == http.StatusOK {
				want = "nightwire_connector_ready{stream=\"ztf\"} 1\n"
			}
			if _, metrics := get(board, "/metrics"); !strings.Contains(metrics, want) {
				t.Errorf("/metrics lacks %s", want)
			}
		})
	}
}

func TestEveryStreamMustBeReady(t *testing.T) {
	t.Parallel()
	board := NewBoard()
	board.Stream(names.ZTF, "g").Assigned(1)
	board.Stream(names.LSST, "g").Joining(1)
	code, note := get(board, "/readyz")
	if code != http.StatusServiceUnavailable || !strings.Contains(note, "ztf: ready") || !strings.Contains(note, "lsst: not ready") {
		t.Errorf("/readyz = %d %q", code, note)
	}
}

func TestOffsets(t *testing.T) {
	t.Parallel()
	board := NewBoard()
	s := board.Stream(names.ZTF, "g")
	first, last := int64(3), int64(8)
	s.Seen(Partition{Topic: "b", Partition: 1, Assigned: true, Records: 6, First: &first, Last: &last, Confirmed: 7, Low: 3, High: 9})
	s.Seen(Partition{Topic: "a", Partition: 2, Assigned: true})
	s.Seen(Partition{Topic: "old", Partition: 0, Assigned: true, High: 5})
	s.Gap(offsets.Place{Topic: "b", Partition: 1}, offsets.Gap{From: 1, To: 3, Reason: offsets.ReasonExpired})
	s.Gap(offsets.Place{Topic: "old"}, offsets.Gap{From: 1, To: 2, Reason: offsets.ReasonExpired})
	s.Unassigned(offsets.Place{Topic: "a", Partition: 2})
	s.Keep([]string{"a", "b"})

	var got Report
	_, body := get(board, "/offsets")
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	want := Report{Streams: []StreamReport{{Stream: "ztf", Group: "g", Partitions: []Partition{
		{Topic: "a", Partition: 2},
		{
			Topic: "b", Partition: 1, Assigned: true, Records: 6, First: &first, Last: &last, Confirmed: 7, Low: 3, High: 9,
			Gaps: []Gap{{From: 1, To: 3, Reason: "gap"}},
		},
	}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("/offsets (-want +got):\n%s", diff)
	}
	if len(s.accounts) != 2 {
		t.Errorf("%d accounts are kept, want those of a/2 and b/1", len(s.accounts))
	}
	_, metrics := get(board, "/metrics")
	if !strings.Contains(metrics, `nightwire_connector_lag_records{partition="1",stream="ztf",topic="b"} 2`) {
		t.Error("/metrics lacks the lag of b/1")
	}
	for _, gone := range []string{`topic="old"`, `topic="a"`} {
		if strings.Contains(metrics, gone) {
			t.Errorf("/metrics still has a series with %s", gone)
		}
	}
}
