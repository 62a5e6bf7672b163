package dawn_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/certificate"
	"nightwire.dev/shared/certificate/evidence"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/origin"
	"nightwire.dev/shared/warehouse"
)

const (
	night = "2026-09-01"
	topic = "ztf_20260901_programid1"
)

var lookedAt = time.Date(2026, 9, 1, 16, 0, 0, 0, time.UTC)

// alert is where an alert stands, and what the archive and the tables have of it.
type alert struct {
	origin.Origin
	night, name string
	has         string // l: a ledger row, f: a file, r: a row, e: an evaluation
}

func (a alert) file() string {
	return fmt.Sprintf("v4.02/night=%s/ZTF%s/%s.avro", a.night, a.name, a.name)
}

func (h *home) add(t *testing.T, a alert) {
	t.Helper()
	a.Timestamp = lookedAt.Add(-time.Hour)
	kafka := warehouse.Values(a.Columns())
	for _, what := range a.has {
		switch what {
		case 'l':
			h.Append(t, "ledger", warehouse.Values{
				"outcome": "stored", "object": a.file(), "night": a.night, "kafka": kafka, "recorded_at": lookedAt,
			})
		case 'f':
			h.put(t, a.file())
		case 'r':
			h.Append(t, "alerts_stream", h.row(a, kafka))
		case 'e':
			h.Append(t, "evaluations", warehouse.Values{
				"night": a.night, "objectId": "ZTF" + a.name, "candid": int64(1), "object": a.file(), "evaluated_at": lookedAt,
			})
		}
	}
}

// row is an alert's row, with what its survey requires.
func (h *home) row(a alert, kafka warehouse.Values) warehouse.Values {
	values := warehouse.Values{
		"night":     a.night,
		"nightwire": warehouse.Values{"object": a.file(), "kafka": kafka, "ingested_at": a.Timestamp.Add(1500 * time.Millisecond)},
	}
	if h.Stream == names.LSST {
		values["diaSourceId"], values["diaSource"] = int64(1), warehouse.Values{"diaSourceId": int64(1)}
		return values
	}
	values["objectId"], values["candid"] = "ZTF"+a.name, int64(1)
	return values
}

// watermark is a report of one partition and night.
func (h *home) watermark(t *testing.T, night, topic string, values warehouse.Values) {
	t.Helper()
	row := warehouse.Values{"night": night, "reported_at": lookedAt.Add(-time.Minute), "connector": "c", "topic": topic, "partition": int64(0), "low": int64(0)}
	for name, value := range values {
		row[name] = value
	}
	h.Append(t, "watermarks", row)
}

func (h *home) certificate(t *testing.T, night string) *certificate.Certificate {
	t.Helper()
	s := evidence.Sources{Stream: h.Stream, Tables: h.Warehouse, Archive: h.Alerts}
	a, err := s.OfNight(t.Context(), night)
	if err != nil {
		t.Fatal(err)
	}
	return a.Close(lookedAt, time.Time{})
}

// prepare makes the tables that are asked.
func (h *home) prepare(t *testing.T) {
	t.Helper()
	h.add(t, alert{Origin: origin.Origin{Topic: "ztf_20200101_programid1"}, night: "2020-01-01", name: "old", has: "lfre"})
	h.watermark(t, "2020-01-01", "ztf_20200101_programid1", warehouse.Values{"high": int64(1), "confirmed": int64(1)})
}

func at(offset int64) origin.Origin { return origin.Origin{Topic: topic, Offset: offset} }

// TestOfNight reads a night in which one of everything is missing.
func TestOfNight(t *testing.T) {
	t.Parallel()
	h := open(t, names.ZTF)
	h.prepare(t)
	for _, a := range []alert{
		{at(0), night, "whole", "lfre"},
		{at(1), night, "norow", "lfe"},
		{at(2), night, "unjudged", "lfr"},
		{at(3), night, "nofile", "lre"},
		{at(4), "2026-08-31", "late", "lfre"},
		{at(5), "2018-06-01", "ancient", "lfre"},
		{at(6), "2018-06-01", "ancientnorow", "lfe"},
		{at(7), night, "unledgered", "fre"}, // and its record is without an outcome
		{origin.File("a/folder", []byte("x")), night, "folder", "lfre"},
		{origin.Origin{Topic: "ztf_20260831_programid1"}, "2026-08-31", "others", "l"},
	} {
		h.add(t, a)
	}
	h.watermark(t, night, topic, warehouse.Values{"first": int64(0), "last": int64(3), "high": int64(4), "confirmed": int64(2)})
	h.watermark(t, night, topic, warehouse.Values{
		"first": int64(4), "last": int64(7), "low": int64(4), "high": int64(12), "confirmed": int64(10), "drained": true,
		"gaps": []warehouse.Values{{"from": int64(8), "to": int64(9), "reason": "gap"}},
	})
	c := h.certificate(t, night)
	file := func(night, name string) []string { return []string{alert{night: night, name: name}.file()} }
	span := func(first, last int64) []certificate.Span {
		return []certificate.Span{{Topic: topic, First: first, Last: last}}
	}
	want := []certificate.Loss{
		{Cause: certificate.Expired, Count: 1, Spans: span(8, 8)},
		{Cause: certificate.Unread, Count: 2, Spans: span(10, 11)},
		{Cause: certificate.Unrecorded, Count: 2, Spans: append(span(7, 7), span(9, 9)...)},
		{Cause: certificate.Unledgered, Count: 1, Names: file(night, "unledgered")},
		{Cause: certificate.NoFile, Count: 1, Names: file(night, "nofile"), Spans: span(3, 3)},
		{Cause: certificate.NoRow, Count: 2, Names: append(file("2018-06-01", "ancientnorow"), file(night, "norow")...)},
		{Cause: certificate.Unjudged, Count: 1, Names: file(night, "unjudged")},
	}
	if diff := cmp.Diff(want, c.Losses); diff != "" {
		t.Errorf("losses (-want +got):\n%s", diff)
	}
	if c.Records != 12 || c.Stored != 7 || c.Files != 8 || c.Rows != 7 || c.Evaluated != 8 || len(c.Doubts) > 0 {
		t.Errorf("%d records, %d stored, %d files, %d rows, %d evaluated, doubts %q", c.Records, c.Stored, c.Files, c.Rows, c.Evaluated, c.Doubts)
	}
	if diff := cmp.Diff(certificate.Latency{P50: 1.5, P90: 1.5, P99: 1.5, Max: 1.5}, c.Latency); diff != "" {
		t.Errorf("latency (-want +got):\n%s", diff)
	}
	if reported := c.Partitions[0].Reported; reported == nil || !reported.Equal(lookedAt.Add(-time.Minute)) {
		t.Errorf("reported at %v", reported)
	}
}

// TestNightsOfAFixedTopic divides a topic that goes on for years.
func TestNightsOfAFixedTopic(t *testing.T) {
	t.Parallel()
	const fixed = "lsst-alerts"
	h := open(t, names.LSST)
	h.prepare(t)
	for i := range int64(6) {
		h.add(t, alert{origin.Origin{Topic: fixed, Offset: i}, night, fmt.Sprint(i), "lfre"})
	}
	h.watermark(t, "2026-08-31", fixed, warehouse.Values{"first": int64(0), "last": int64(3), "high": int64(8), "confirmed": int64(6)})
	h.watermark(t, night, fixed, warehouse.Values{"first": int64(4), "last": int64(5), "high": int64(8), "confirmed": int64(6)})
	before := h.certificate(t, "2026-08-31")
	if before.State != certificate.Clean || before.Records != 4 || before.Files != 4 {
		t.Errorf("the night before: %s, %d records, %d files: %+v %q", before.State, before.Records, before.Files, before.Losses, before.Doubts)
	}
	c := h.certificate(t, night)
	want := []certificate.Loss{{Cause: certificate.Unread, Count: 2, Spans: []certificate.Span{{Topic: fixed, First: 6, Last: 7}}}}
	if diff := cmp.Diff(want, c.Losses); diff != "" || c.Records != 4 || c.Stored != 2 {
		t.Errorf("%d records, %d stored; losses (-want +got):\n%s", c.Records, c.Stored, diff)
	}
}

// TestNightWithoutAlerts is clean only where somebody was there to see.
func TestNightWithoutAlerts(t *testing.T) {
	t.Parallel()
	h := open(t, names.ZTF)
	h.prepare(t)
	if c := h.certificate(t, night); c.State != certificate.Unproven {
		t.Errorf("nobody was there: %s", c.State)
	}
	heartbeat := func(at time.Time) {
		h.Append(t, "watermarks", warehouse.Values{
			"night": at.Format(time.DateOnly), "reported_at": at, "connector": "c", "awaiting": []string{topic},
		})
	}
	heartbeat(lookedAt.AddDate(0, 0, 9)) // when Kafka would have let go of everything
	heartbeat(lookedAt)
	if c := h.certificate(t, night); c.State != certificate.Unproven || len(c.Doubts) != 1 {
		t.Errorf("somebody came at the end: %s %q", c.State, c.Doubts)
	}
	for at := lookedAt.Add(-16 * time.Hour); at.Before(lookedAt); at = at.Add(15 * time.Minute) {
		heartbeat(at)
	}
	if c := h.certificate(t, night); c.State != certificate.Clean || c.Records != 0 {
		t.Errorf("somebody was there: %s %q, %d records", c.State, c.Doubts, c.Records)
	}
}

// TestRecordsOfAProcessThatDied: one process says that all before offset 4 is
// confirmed, another begins at 8, and nobody knows what became of the records
// between them.
func TestRecordsOfAProcessThatDied(t *testing.T) {
	t.Parallel()
	const fixed, before = "lsst-alerts", "2026-08-31"
	h := open(t, names.LSST)
	h.prepare(t)
	for i := range int64(4) {
		h.add(t, alert{origin.Origin{Topic: fixed, Offset: i}, before, fmt.Sprint(i), "lfre"})
	}
	for i := int64(8); i < 10; i++ {
		h.add(t, alert{origin.Origin{Topic: fixed, Offset: i}, night, fmt.Sprint(i), "lfre"})
	}
	h.watermark(t, before, fixed, warehouse.Values{
		"reported_at": lookedAt.Add(-5 * time.Hour), "first": int64(0), "last": int64(3), "high": int64(4), "confirmed": int64(4),
	})
	h.watermark(t, night, fixed, warehouse.Values{"high": int64(4), "confirmed": int64(4)})
	h.watermark(t, night, fixed, warehouse.Values{"first": int64(8), "last": int64(9), "high": int64(10), "confirmed": int64(10), "connector": "d"})
	c := h.certificate(t, night)
	want := []certificate.Loss{{Cause: certificate.Unrecorded, Count: 4, Spans: []certificate.Span{{Topic: fixed, First: 4, Last: 7}}}}
	if diff := cmp.Diff(want, c.Losses); diff != "" || c.Records != 6 || len(c.Doubts) > 0 {
		t.Errorf("%d records, %q; losses (-want +got):\n%s", c.Records, c.Doubts, diff)
	}
	if c := h.certificate(t, before); c.Stored != 4 || c.State == certificate.Clean {
		t.Errorf("the night before, of which the lost ones may be: %s, %d stored", c.State, c.Stored)
	}
}

// TestLedgerKnowsMore than was reported, as when reports do not become rows.
func TestLedgerKnowsMore(t *testing.T) {
	t.Parallel()
	h := open(t, names.LSST)
	h.prepare(t)
	for i := range int64(5) {
		h.add(t, alert{origin.Origin{Topic: "lsst-alerts", Offset: i}, night, fmt.Sprint(i), "lfre"})
	}
	for at := lookedAt.Add(-4 * time.Hour); !at.After(lookedAt); at = at.Add(15 * time.Minute) {
		h.Append(t, "watermarks", warehouse.Values{"night": night, "reported_at": at, "connector": "c"})
	}
	c := h.certificate(t, night)
	want := []string{"the ledger knows lsst-alerts/0 up to offset 4, further than any connector has told"}
	if diff := cmp.Diff(want, c.Doubts); diff != "" || c.State != certificate.Unproven {
		t.Errorf("%s; doubts (-want +got):\n%s", c.State, diff)
	}
}

// TestPartitionsThatNobodyTellsOf are in the hands of a process that cannot
// publish, or in none, and Kafka had let go of some of those that are told of.
func TestPartitionsThatNobodyTellsOf(t *testing.T) {
	t.Parallel()
	h := open(t, names.ZTF)
	h.prepare(t)
	h.watermark(t, night, topic, warehouse.Values{"partitions": int64(4), "low": int64(4), "high": int64(4), "confirmed": int64(4)})
	h.Append(t, "watermarks", warehouse.Values{
		"night": night, "reported_at": lookedAt, "connector": "c", "topic": "ztf_20260901_programid2", "partitions": int64(2),
	})
	c := h.certificate(t, night)
	doubts := []string{
		topic + " has 4 partitions, and of 3 no connector has told, the first being 1",
		"ztf_20260901_programid2 has 2 partitions, and of 2 no connector has told, the first being 0",
	}
	if diff := cmp.Diff(doubts, c.Doubts); diff != "" {
		t.Errorf("doubts (-want +got):\n%s", diff)
	}
	want := []certificate.Loss{{Cause: certificate.Expired, Count: 4, Spans: []certificate.Span{{Topic: topic, First: 0, Last: 3}}}}
	if diff := cmp.Diff(want, c.Losses); diff != "" {
		t.Errorf("losses (-want +got):\n%s", diff)
	}
}

// TestOfStream asks of everything, of which Kafka has let go of some.
func TestOfStream(t *testing.T) {
	t.Parallel()
	h := open(t, names.ZTF)
	h.prepare(t)
	h.add(t, alert{at(1), night, "a", "lfre"})
	h.add(t, alert{at(4), night, "b", "lfre"})
	s := evidence.Sources{Stream: h.Stream, Tables: h.Warehouse, Archive: h.Alerts}
	a, err := s.OfStream(t.Context(), []certificate.Held{{Topic: topic, First: 3, End: 6, Confirmed: 5}})
	if err != nil {
		t.Fatal(err)
	}
	c := a.Close(lookedAt, time.Time{})
	span := func(offset int64) []certificate.Span {
		return []certificate.Span{{Topic: topic, First: offset, Last: offset}}
	}
	want := []certificate.Loss{
		{Cause: certificate.Expired, Count: 1, Spans: span(2)},
		{Cause: certificate.Unread, Count: 1, Spans: span(5)},
		{Cause: certificate.Unrecorded, Count: 1, Spans: span(3)},
	}
	if diff := cmp.Diff(want, c.Losses); diff != "" || c.Records != 6 || c.Stored != 3 || c.Files != 3 || len(c.Doubts) > 0 {
		t.Errorf("%d records, %d stored, %d files, doubts %q; losses (-want +got):\n%s", c.Records, c.Stored, c.Files, c.Doubts, diff)
	}
}
