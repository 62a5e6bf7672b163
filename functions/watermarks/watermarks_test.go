package watermarks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/functions/watermarks"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
	"nightwire.dev/shared/watermark"
)

// book keeps the rows that it is given; it refuses the first of them with err.
type book struct {
	mu   sync.Mutex
	rows []warehouse.Values
	err  error
}

func (b *book) Append(_ context.Context, row warehouse.Row) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.err; err != nil {
		b.err = nil
		return err
	}
	b.rows = append(b.rows, row.Values)
	return nil
}

// sorted are the rows in an order that does not depend on who came first.
func (b *book) sorted() []warehouse.Values {
	slices.SortFunc(b.rows, func(x, y warehouse.Values) int {
		key := func(v warehouse.Values) string { return fmt.Sprint(v["night"], v["topic"], v["partition"]) }
		return slices.Compare([]byte(key(x)), []byte(key(y)))
	})
	return b.rows
}

var at = time.Date(2026, 9, 2, 5, 0, 0, 0, time.UTC)

func message(t *testing.T, r watermark.Report) *event.Message {
	t.Helper()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return &event.Message{ID: "1", Data: data, Attributes: map[string]string{"stream": string(r.Stream)}}
}

func partition(topic, night string) watermark.Partition {
	return watermark.Partition{
		Topic: topic, Partition: 3, Night: night, First: new(int64(40)), Last: new(int64(41)), Low: 12, High: 43, Confirmed: 42,
		Gaps: []watermark.Gap{{From: 20, To: 40, Reason: "gap"}},
	}
}

// with adds a value.
func with(values warehouse.Values, name string, value any) warehouse.Values {
	values[name] = value
	return values
}

func TestRows(t *testing.T) {
	t.Parallel()
	common := func(night string, more warehouse.Values) warehouse.Values {
		values := warehouse.Values{
			"night": night, "reported_at": at, "connector": "vm/7", "drained": true, "awaiting": []string{"ztf_{date}_programid1"},
		}
		for name, value := range more {
			values[name] = value
		}
		return values
	}
	of := func(topic string) warehouse.Values {
		return warehouse.Values{
			"topic": topic, "partition": int64(3), "first": int64(40), "last": int64(41), "low": int64(12), "high": int64(43),
			"confirmed": int64(42), "gaps": []warehouse.Values{{"from": int64(20), "to": int64(40), "reason": "gap"}},
		}
	}
	unread := partition("ztf_20260902_programid1", "2026-09-02")
	unread.First, unread.Last, unread.Gaps = nil, nil, nil
	cases := map[string]struct {
		stream     names.Stream
		partitions []watermark.Partition
		want       []warehouse.Values
		topics     []watermark.Topic
	}{
		"a heartbeat":         {stream: names.ZTF, want: []warehouse.Values{common("2026-09-02", nil)}},
		"a heartbeat of LSST": {stream: names.LSST, want: []warehouse.Values{common("2026-09-01", nil)}},
		"topics of which others have the partitions": {
			stream: names.ZTF,
			topics: []watermark.Topic{
				{Name: "ztf_20260901_programid1", Night: "2026-09-01", Partitions: 16},
				{Name: "ztf_20260902_programid1", Night: "2026-09-02", Partitions: 8},
			},
			want: []warehouse.Values{
				common("2026-09-01", warehouse.Values{"topic": "ztf_20260901_programid1", "partitions": int64(16)}),
				common("2026-09-02", warehouse.Values{"topic": "ztf_20260902_programid1", "partitions": int64(8)}),
			},
		},
		"a topic of which we have a part, and read of another night": {
			stream:     names.LSST,
			topics:     []watermark.Topic{{Name: "lsst-alerts", Night: "2026-09-01", Partitions: 4}},
			partitions: []watermark.Partition{partition("lsst-alerts", "2026-08-31"), partition("lsst-alerts", "2026-09-01")},
			want: []warehouse.Values{
				common("2026-08-31", with(of("lsst-alerts"), "partitions", int64(4))), common("2026-09-01", with(of("lsst-alerts"), "partitions", int64(4))),
			},
		},
		"the present night": {
			stream: names.ZTF, partitions: []watermark.Partition{partition("ztf_20260902_programid1", "2026-09-02")},
			want: []warehouse.Values{common("2026-09-02", of("ztf_20260902_programid1"))},
		},
		"nothing read": {
			stream: names.ZTF, partitions: []watermark.Partition{unread},
			want: []warehouse.Values{common("2026-09-02", warehouse.Values{
				"topic": "ztf_20260902_programid1", "partition": int64(3), "low": int64(12), "high": int64(43),
				"confirmed": int64(42), "gaps": []warehouse.Values{},
			})},
		},
		"an earlier night alone": {
			stream: names.ZTF, partitions: []watermark.Partition{partition("ztf_20260901_programid1", "2026-09-01")},
			want: []warehouse.Values{common("2026-09-01", of("ztf_20260901_programid1")), common("2026-09-02", nil)},
		},
		"two nights of a topic": {
			stream: names.LSST, partitions: []watermark.Partition{partition("lsst-alerts", "2026-08-31"), partition("lsst-alerts", "2026-09-01")},
			want: []warehouse.Values{common("2026-08-31", of("lsst-alerts")), common("2026-09-01", of("lsst-alerts"))},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := &book{}
			f := &watermarks.Watermarks{Stream: c.stream, Table: b}
			r := watermark.Report{
				Stream: c.stream, Connector: "vm/7", At: at, Drained: true,
				Awaiting: []string{"ztf_{date}_programid1"}, Topics: c.topics, Partitions: c.partitions,
			}
			if err := f.Handle(t.Context(), message(t, r)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, b.sorted()); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

// TestColumnsAreTheTables has each value have its column, and the other way
// round.
func TestColumnsAreTheTables(t *testing.T) {
	t.Parallel()
	b := &book{}
	f := &watermarks.Watermarks{Stream: names.ZTF, Table: b}
	r := watermark.Report{
		Stream: names.ZTF, Connector: "vm/7", At: at,
		Topics:     []watermark.Topic{{Name: "ztf_20260902_programid1", Night: "2026-09-02", Partitions: 4}},
		Partitions: []watermark.Partition{partition("ztf_20260902_programid1", "2026-09-02")},
	}
	if err := f.Handle(t.Context(), message(t, r)); err != nil {
		t.Fatal(err)
	}
	var have, want []string
	for name := range b.rows[0] {
		have = append(have, name)
	}
	tables := schemas.Tables(schemas.ZTF)
	table := tables[slices.IndexFunc(tables, func(t schemas.Table) bool { return t.Name == "watermarks" })]
	for _, c := range table.Columns {
		want = append(want, c.Name)
	}
	slices.Sort(have)
	slices.Sort(want)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("columns (-table +row):\n%s", diff)
	}
}

// letters is a dead-letter topic.
type letters struct{ all []event.Letter }

func (l *letters) Put(_ context.Context, letter event.Letter) error {
	l.all = append(l.all, letter)
	return nil
}

// TestMalformedReportIsADeadLetter pushes what is no report of the stream.
func TestMalformedReportIsADeadLetter(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ data, reason string }{
		"nothing":        {"", "report of watermarks: unexpected end"},
		"another format": {"first 40 last 41", "report of watermarks: invalid character"},
		"another stream": {`{"stream":"lsst","connector":"vm/7","at":"2026-09-02T05:00:00Z"}`, `it is of stream "lsst", not of ztf`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, dead := &book{}, &letters{}
			f := &watermarks.Watermarks{Stream: names.ZTF, Table: b}
			h := &event.Handler{Function: watermarks.Name, Handle: f.Handle, DeadLetters: dead, Log: slog.New(slog.DiscardHandler)}
			body, err := json.Marshal(map[string]any{"message": map[string]any{"messageId": "1", "data": []byte(c.data)}})
			if err != nil {
				t.Fatal(err)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/watermarks", bytes.NewReader(body)))
			if w.Code != http.StatusNoContent || len(b.rows) > 0 || len(dead.all) != 1 {
				t.Fatalf("answer %d, %d rows, %d letters; want it acknowledged, and one letter", w.Code, len(b.rows), len(dead.all))
			}
			if letter := dead.all[0]; !strings.Contains(letter.Reason, c.reason) || string(letter.Message.Data) != c.data {
				t.Errorf("letter %q with %q, want %q in it", letter.Reason, letter.Message.Data, c.reason)
			}
		})
	}
}

// TestReportThatFailsComesAgain is refused a row in the middle: the whole report
// is written anew.
func TestReportThatFailsComesAgain(t *testing.T) {
	t.Parallel()
	b := &book{err: errors.New("busy")}
	f := &watermarks.Watermarks{Stream: names.ZTF, Table: b}
	m := message(t, watermark.Report{
		Stream: names.ZTF, Connector: "vm/7", At: at, Partitions: []watermark.Partition{
			partition("ztf_20260902_programid1", "2026-09-02"), partition("ztf_20260902_programid1", "2026-09-02"),
		},
	})
	if err := f.Handle(t.Context(), m); err == nil || event.IsPermanent(err) {
		t.Errorf("error is %v, want one that may pass", err)
	}
	before := len(b.rows)
	if err := f.Handle(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if n := len(b.rows) - before; n != 2 {
		t.Errorf("%d rows, want both", n)
	}
}
