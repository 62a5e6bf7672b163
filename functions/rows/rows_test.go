package rows_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/google/go-cmp/cmp"
	"nightwire.dev/functions/rows"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/archived"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/origin"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/simulate"
	"nightwire.dev/shared/warehouse"
)

// alerts keeps the rows that it is given, if it can.
type alerts struct {
	rows           []warehouse.Row
	covered        []string // name of each schema, and what is skipped of it
	refuse, append error
}

func (a *alerts) Cover(_ context.Context, schema *packet.Schema, survey string, skip ...string) error {
	a.covered = append(a.covered, survey+" "+schema.Name+" without "+strings.Join(skip, ", "))
	return a.refuse
}

func (a *alerts) Append(_ context.Context, row warehouse.Row) error {
	if a.append != nil {
		return a.append
	}
	a.rows = append(a.rows, row)
	return nil
}

const bucket = "p-ztf-alerts"

// bench is the function on a fake of Cloud Storage.
type bench struct {
	rows   *rows.Rows
	alerts *alerts
	server *fakestorage.Server
}

func newBench(t *testing.T) *bench {
	t.Helper()
	server := fakestorage.NewServer(nil)
	t.Cleanup(server.Stop)
	server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: bucket})
	b := &bench{alerts: &alerts{}, server: server}
	b.rows = &rows.Rows{
		Archive: &archived.Reader{Stream: names.ZTF, Decoder: &packet.Decoder{}, Client: server.Client()}, Alerts: b.alerts,
	}
	return b
}

var (
	kafkaTime   = time.Date(2026, 9, 1, 5, 0, 0, 0, time.UTC)
	archiveTime = time.Date(2026, 9, 1, 5, 0, 1, 0, time.UTC)
	from        = origin.Origin{Topic: "ztf_20260901_programid1", Partition: 3, Offset: 41, Timestamp: kafkaTime}
)

// alertFile is a synthetic alert: its record and its file. change may alter
// the record before it is encoded.
func alertFile(t *testing.T, change func(record map[string]any)) (map[string]any, []byte) {
	t.Helper()
	night, err := simulate.New(simulate.Options{Seed: 1, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: 1})
	if err != nil {
		t.Fatal(err)
	}
	record := night.Alert(0)
	if change != nil {
		change(record)
	}
	file, err := night.Encode(record)
	if err != nil {
		t.Fatal(err)
	}
	return record, file
}

// store puts a file into the bucket as archive does, and returns the bucket's
// notification.
func (b *bench) store(t *testing.T, name string, content []byte) *event.Message {
	t.Helper()
	metadata := map[string]string{"objectId": "ZTF21abiuvdk", "sha256": fmt.Sprintf("%x", sha256.Sum256(content))}
	from.Attributes(metadata)
	b.server.CreateObject(fakestorage.Object{
		ObjectAttrs: fakestorage.ObjectAttrs{BucketName: bucket, Name: name, Metadata: metadata}, Content: content,
	})
	object, err := b.server.GetObject(bucket, name)
	if err != nil {
		t.Fatal(err)
	}
	return notification(t, "OBJECT_FINALIZE", map[string]any{
		"bucket": bucket, "name": name, "generation": strconv.FormatInt(object.Generation, 10),
		"size": strconv.Itoa(len(content)), "metadata": metadata, "timeCreated": archiveTime,
	})
}

// notification is a bucket's notification as Pub/Sub pushes it.
func notification(t *testing.T, kind string, resource map[string]any) *event.Message {
	t.Helper()
	data, err := json.Marshal(resource)
	if err != nil {
		t.Fatal(err)
	}
	return push(t, data, map[string]string{"eventType": kind, "payloadFormat": "JSON_API_V1"})
}

// push is a message as a function receives it.
func push(t testing.TB, data []byte, attributes map[string]string) *event.Message {
	t.Helper()
	body, err := json.Marshal(map[string]any{"message": map[string]any{"messageId": "1", "data": data, "attributes": attributes}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := event.Parse(httptest.NewRequest(http.MethodPost, "/rows", bytes.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const name = "v4.02/night=2026-09-01/ZTF21abiuvdk/1.avro"

func TestRow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	record, content := alertFile(t, func(record map[string]any) {
		candidate := record["candidate"].(map[string]any)
		candidate["jd"], candidate["ra"], candidate["dec"] = 2461283.75, 200.5, -12.25
	})
	m := b.store(t, name, content)
	before := time.Now()
	if err := b.rows.Handle(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ztf ztf.alert without cutoutScience, cutoutTemplate, cutoutDifference"}, b.alerts.covered); diff != "" {
		t.Errorf("schemas covered (-want +got):\n%s", diff)
	}
	if len(b.alerts.rows) != 1 {
		t.Fatalf("%d rows, want one", len(b.alerts.rows))
	}
	row := b.alerts.rows[0]
	if got := row.Record.Get("candid").Int(); got != record["candid"] {
		t.Errorf("the record's candid is %d, want %d", got, record["candid"])
	}
	own, _ := row.Values["nightwire"].(warehouse.Values)
	if at, _ := own["ingested_at"].(time.Time); at.Before(before) || at.After(time.Now()) {
		t.Errorf("ingested_at is %v", own["ingested_at"])
	}
	object, err := b.server.GetObject(bucket, name)
	if err != nil {
		t.Fatal(err)
	}
	want := warehouse.Values{
		"night": "2026-08-31", "observed_at": time.Date(2026, 8, 31, 6, 0, 0, 0, time.UTC), "position": "POINT(-159.5 -12.25)",
		"nightwire": warehouse.Values{
			"object": name, "generation": object.Generation, "kafka": warehouse.Values(from.Columns()), "archived_at": archiveTime,
			"ingested_at": own["ingested_at"], "schema": "4.02", "sha256": object.Metadata["sha256"],
		},
	}
	if diff := cmp.Diff(want, row.Values); diff != "" {
		t.Errorf("the row's own columns (-want +got):\n%s", diff)
	}
}

// TestColumnsAreTheTables has each column of our own be one of the table, and
// the other way round.
func TestColumnsAreTheTables(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, content := alertFile(t, nil)
	if err := b.rows.Handle(t.Context(), b.store(t, name, content)); err != nil {
		t.Fatal(err)
	}
	row := b.alerts.rows[0]
	survey := map[string]bool{}
	for field := range row.Record.Fields() {
		survey[field.Name] = true
	}
	want := map[string]bool{}
	for _, c := range schemas.AlertsStream(schemas.ZTF) {
		if !survey[c.Name] {
			want[c.Name] = true
		}
	}
	got := map[string]bool{}
	for column := range maps.Keys(row.Values) {
		got[column] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("columns (-of the table +of the row):\n%s", diff)
	}
}

func TestOtherNewsIsIgnored(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"OBJECT_DELETE", "OBJECT_ARCHIVE", "OBJECT_METADATA_UPDATE"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			_, content := alertFile(t, nil)
			m := b.store(t, name, content)
			m.Attributes["eventType"] = kind
			if err := b.rows.Handle(t.Context(), m); err != nil || len(b.alerts.rows) > 0 || len(b.alerts.covered) > 0 {
				t.Errorf("error %v, rows %d; want nothing at all", err, len(b.alerts.rows))
			}
		})
	}
}

// TestPermanent has events that no other try can help.
func TestPermanent(t *testing.T) {
	t.Parallel()
	_, good := alertFile(t, nil)
	_, nameless := alertFile(t, func(record map[string]any) { record["objectId"] = "" })
	cases := map[string]struct {
		message func(t *testing.T, b *bench) *event.Message
		want    string
	}{
		"no notification": {
			func(t *testing.T, _ *bench) *event.Message { return push(t, good, nil) }, "not a bucket's notification",
		},
		"the file is gone": {
			func(t *testing.T, b *bench) *event.Message {
				m := b.store(t, name, good)
				if err := b.server.Client().Bucket(bucket).Object(name).Delete(t.Context()); err != nil {
					t.Fatal(err)
				}
				return m
			},
			"the file is gone",
		},
		"another file has the name": {
			func(t *testing.T, b *bench) *event.Message {
				m := b.store(t, name, good)
				m.Data = []byte(strings.Replace(string(m.Data), `"generation":"`, `"generation":"1`, 1))
				return m
			},
			"the file is gone",
		},
		"not an alert": {
			func(t *testing.T, b *bench) *event.Message { return b.store(t, name, []byte("hello")) }, "first byte is 0x68",
		},
		"an empty file": {
			func(t *testing.T, b *bench) *event.Message { return b.store(t, name, nil) }, "the packet is empty",
		},
		"an alert without a name": {
			func(t *testing.T, b *bench) *event.Message { return b.store(t, name, nameless) }, "object id",
		},
		"a file that we did not write": {
			func(t *testing.T, b *bench) *event.Message {
				m := b.store(t, name, good)
				m.Data = []byte(strings.Replace(string(m.Data), "kafka.topic", "topic", 1))
				return m
			},
			"kafka.topic is missing",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			err := b.rows.Handle(t.Context(), c.message(t, b))
			if !event.IsPermanent(err) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v, want a permanent one that says %q", err, c.want)
			}
			if len(b.alerts.rows) > 0 {
				t.Errorf("%d rows, want none", len(b.alerts.rows))
			}
		})
	}
}

// TestTable has the table refuse, for now or for good: the reason comes
// through, with the file's name.
func TestTable(t *testing.T) {
	t.Parallel()
	conflict := &warehouse.SchemaError{Conflicts: []schemas.Conflict{{Path: "candidate.drb", Have: "FLOAT", Want: "STRING"}}}
	cases := map[string]struct {
		alerts    alerts
		permanent bool
	}{
		"out of reach for columns": {alerts{refuse: errors.New("no route")}, false},
		"out of reach for the row": {alerts{append: errors.New("no route")}, false},
		"a field changed its type": {alerts{refuse: conflict}, true},
		"a bad row":                {alerts{append: &warehouse.RowError{Code: "FIELDS_ERROR"}}, true},
		"more digits than a FLOAT": {alerts{append: &warehouse.DigitsError{Column: "candidate.pid", Value: 1<<53 + 1}}, true},
	}
	_, content := alertFile(t, nil)
	for test, c := range cases {
		t.Run(test, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.rows.Alerts = &c.alerts
			err := b.rows.Handle(t.Context(), b.store(t, name, content))
			if err == nil || event.IsPermanent(err) != c.permanent || !strings.Contains(err.Error(), name) {
				t.Errorf("error is %v, want one that names the file, permanent: %v", err, c.permanent)
			}
		})
	}
}

// TestStorageOutOfReach is no reason to give up on an event.
func TestStorageOutOfReach(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, content := alertFile(t, nil)
	m := b.store(t, name, content)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.rows.Handle(ctx, m); err == nil || event.IsPermanent(err) {
		t.Errorf("error is %v, want one that may pass", err)
	}
}
