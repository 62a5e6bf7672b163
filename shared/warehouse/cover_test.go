package warehouse

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	bigqueryapi "google.golang.org/api/bigquery/v2"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/packet"
)

// schemaOf is a packet's schema with an objectId and the given other fields.
func schemaOf(t *testing.T, fields ...string) *packet.Schema {
	t.Helper()
	all := append([]string{`{"name":"objectId","type":"string"}`}, fields...)
	return parseSchema(t, fmt.Appendf(nil, `{"type":"record","name":"alert","namespace":"new","fields":[%s]}`, strings.Join(all, ",")))
}

// addColumn changes a table as another instance would.
func (s *server) addColumn(table, name string) {
	t := s.tables[table]
	t.Schema.Fields = append(t.Schema.Fields, &bigqueryapi.TableFieldSchema{Name: name, Type: "STRING", Mode: "NULLABLE"})
	s.put(table, t)
}

const optionalNumber = `{"name":"%s","type":["null","double"],"default":null}`

// TestCover takes a schema with new fields, one of them inside a record, and
// appends a row of it behind rows of the old one.
func TestCover(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	definition := small
	definition.Columns = append([]schemas.Column{
		column("candidate", schemas.Record, schemas.Nullable, column("jd", schemas.Float, schemas.Nullable)),
	}, small.Columns...)
	table := s.table(t, definition)
	s.serve(t)
	ctx := limited(t)
	if err := table.Append(ctx, rowOf("before")); err != nil {
		t.Fatal(err)
	}
	s.take()

	schema := schemaOf(t,
		`{"name":"candidate","type":{"type":"record","name":"candidate","fields":[{"name":"jd","type":"double"},{"name":"drb","type":"double"}]}}`,
		`{"name":"cutoutScience","type":"bytes"}`, `{"name":"fp","type":{"type":"array","items":"double"}}`)
	for range 2 {
		if err := table.Cover(ctx, schema, schemas.ZTF, "cutoutScience"); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"GET", "PATCH version-1"}, s.take()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	wantColumns := []string{"candidate RECORD", "objectId STRING", "note STRING", "night DATE", "fp FLOAT"}
	if diff := cmp.Diff(wantColumns, s.columns("alerts")); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}

	record := encodeRecord(t, schema, map[string]any{
		"objectId": "after", "candidate": map[string]any{"jd": 1.5, "drb": 0.5}, "cutoutScience": []byte{1}, "fp": []any{1.0, 2.0},
	})
	if err := table.Append(ctx, Row{Record: record, Values: Values{"note": "n"}}); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{
		{"objectId": "before"},
		{"objectId": "after", "note": "n", "candidate": map[string]any{"jd": 1.5, "drb": 0.5}, "fp": []any{1.0, 2.0}},
	}
	if diff := cmp.Diff(want, s.kept()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// TestCoverRelaxes takes schemas that may leave out what the table requires.
func TestCoverRelaxes(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"made nullable": `{"name":"objectId","type":["null","string"]}`,
		"removed":       `{"name":"note","type":"string"}`,
	}
	for name, field := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			table := s.table(t, small)
			s.serve(t)
			s.take()
			schema := parseSchema(t, []byte(`{"type":"record","name":"alert","fields":[`+field+`]}`))
			if err := table.Cover(limited(t), schema, schemas.ZTF); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"GET", "PATCH version-1"}, s.take()); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if err := table.Append(limited(t), Row{Values: Values{"night": "1970-01-02"}}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]map[string]any{{"night": int64(1)}}, s.kept()); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

// TestOldAndNewRowsGoApart queues rows that were encoded before and after the
// table grew: each goes out with the layout that it was written for.
func TestOldAndNewRowsGoApart(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	table := s.table(t, small)
	schema := schemaOf(t, fmt.Sprintf(optionalNumber, "drb"))
	for i := range maxInFlight {
		start(t, table, rowOf("ahead"))
		await(t, func() bool { return len(table.appender.slots) == i+1 })
	}
	old := enqueue(t, table, rowOf("old"))
	if err := table.Cover(limited(t), schema, schemas.ZTF); err != nil {
		t.Fatal(err)
	}
	recent := enqueue(t, table, Row{Record: encodeRecord(t, schema, map[string]any{"objectId": "new", "drb": 0.5})})
	await(t, func() bool { return len(table.appender.queue) == 1 })
	got := map[string]any{} // requests may arrive in any order
	for range maxInFlight + 2 {
		r := s.receive(t)
		if len(r.rows) != 1 {
			t.Errorf("%d rows in a request, want 1", len(r.rows))
		}
		id, _ := r.rows[0]["objectId"].(string)
		got[id] = r.rows[0]["drb"]
		r.accept()
	}
	if diff := cmp.Diff(map[string]any{"ahead": nil, "old": nil, "new": 0.5}, got); diff != "" {
		t.Errorf("rows of the requests (-want +got):\n%s", diff)
	}
	for _, returned := range []<-chan error{old, recent} {
		if err := <-returned; err != nil {
			t.Error(err)
		}
	}
}

// TestCoverWhileAnotherChangesTheTable has another instance add a column
// between our look and our call: we look again, and both columns stay.
func TestCoverWhileAnotherChangesTheTable(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	table := s.table(t, small)
	s.take()
	s.before["PATCH"] = func() { s.addColumn("alerts", "theirs") }
	if err := table.Cover(limited(t), schemaOf(t, fmt.Sprintf(optionalNumber, "ours")), schemas.ZTF); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"GET", "PATCH version-1", "GET", "PATCH version-2"}, s.take()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	want := []string{"objectId STRING", "note STRING", "night DATE", "theirs STRING", "ours FLOAT"}
	if diff := cmp.Diff(want, s.columns("alerts")); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}

// TestCoverWhatAnotherHasAdded finds the columns there already.
func TestCoverWhatAnotherHasAdded(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	first, second := s.table(t, small), s.table(t, small)
	s.serve(t)
	schema := schemaOf(t, fmt.Sprintf(optionalNumber, "drb"))
	if err := first.Cover(limited(t), schema, schemas.ZTF); err != nil {
		t.Fatal(err)
	}
	s.take()
	if err := second.Cover(limited(t), schema, schemas.ZTF); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"GET"}, s.take()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	row := Row{Record: encodeRecord(t, schema, map[string]any{"objectId": "a", "drb": 0.5})}
	if err := second.Append(limited(t), row); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]map[string]any{{"objectId": "a", "drb": 0.5}}, s.kept()); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestCoverConcurrently(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	table := s.table(t, small)
	s.take()
	schema := schemaOf(t, fmt.Sprintf(optionalNumber, "drb"))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if err := table.Cover(limited(t), schema, schemas.ZTF); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff([]string{"GET", "PATCH version-1"}, s.take()); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

func TestCoverRefuses(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		field string
		want  []string
		cause bool // no columns can be derived
	}{
		"another type":            {`{"name":"note","type":"double"}`, []string{"column note is STRING in the table and FLOAT in the packet"}, false},
		"a list":                  {`{"name":"note","type":{"type":"array","items":"string"}}`, []string{"column note is STRING", "REPEATED STRING"}, false},
		"another spelling":        {`{"name":"Note","type":"string"}`, []string{"column note is note in the table and Note in the packet"}, false},
		"what no table can hold":  {`{"name":"self","type":["null","alert"]}`, []string{"new.alert", "contains itself"}, true},
		"a name BigQuery refuses": {`{"name":"_TABLE_x","type":"string"}`, []string{"_TABLE_"}, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			table := s.table(t, small)
			s.take()
			schema := schemaOf(t, c.field)
			for range 2 {
				err := table.Cover(limited(t), schema, schemas.ZTF)
				var refused *SchemaError
				if !errors.As(err, &refused) || !event.IsPermanent(err) {
					t.Fatalf("error is %v, want a permanent *SchemaError", err)
				}
				for _, want := range c.want {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("error %q does not say %q", err, want)
					}
				}
			}
			looks := []string{"GET"} // the table may have changed since we opened it
			if c.cause {
				looks = nil
			}
			if diff := cmp.Diff(looks, s.take()); diff != "" {
				t.Errorf("calls for what cannot be (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCoverConflictsWithAnother meets a column that another instance has added
// with another type since we looked.
func TestCoverConflictsWithAnother(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	table := s.table(t, small)
	s.mu.Lock()
	s.addColumn("alerts", "drb")
	s.mu.Unlock()
	err := table.Cover(limited(t), schemaOf(t, fmt.Sprintf(optionalNumber, "drb")), schemas.ZTF)
	var refused *SchemaError
	if !errors.As(err, &refused) || refused.Conflicts[0].Path != "drb" {
		t.Errorf("error is %v, want a *SchemaError of drb", err)
	}
}
