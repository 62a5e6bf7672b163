package bigquery_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/bigquery"
	"github.com/google/go-cmp/cmp"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/warehouse"
)

// open connects a warehouse, as an instance of a function does.
func (r *running) open(t testing.TB) *warehouse.Warehouse {
	t.Helper()
	config := warehouse.Config{Endpoint: "http://" + r.address, WriteEndpoint: r.accepted}
	w, err := warehouse.Open(context.Background(), config, project, "ztf", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// opened is a table as an instance has it.
func opened(t testing.TB, w *warehouse.Warehouse, definition schemas.Table) *warehouse.Table {
	t.Helper()
	table, err := w.Table(t.Context(), definition)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// write does with a record what the function rows does.
func write(ctx context.Context, table *warehouse.Table, survey string, s *packet.Schema, record packet.Value) error {
	if err := table.Cover(ctx, s, survey, schemas.Cutouts()...); err != nil {
		return err
	}
	return table.Append(ctx, warehouse.Row{Record: record})
}

// version is a schema, the table that its first packet makes, and a packet
// with a value in every field.
type version struct {
	name   string
	schema *packet.Schema
	table  []schemas.Column
	record packet.Value
}

func versions(t *testing.T, survey string) []version {
	t.Helper()
	var all []version
	for _, s := range schemas.All() {
		if s.Survey != survey {
			continue
		}
		parsed, err := packet.ParseSchema(s.JSON)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := schemas.Columns(s.JSON, survey, schemas.Cutouts()...)
		if err != nil {
			t.Fatal(err)
		}
		n := 1000 * len(all) // each version has its own numbers, and candid
		filled, _ := fill(parsed.Root, &n).(map[string]any)
		all = append(all, version{s.Version, parsed, columns, encode(t, parsed, filled)})
	}
	return all
}

// fill makes a value of a type; no two numbers in it are the same.
func fill(t *packet.Type, n *int) any {
	t, _ = t.Optional()
	*n++
	switch t.Kind {
	case packet.Boolean:
		return *n%2 == 0
	case packet.Int:
		return int32(*n)
	case packet.Long:
		return int64(1)<<53 + int64(*n) // more digits than a FLOAT has
	case packet.Float:
		return float32(*n) + 0.5
	case packet.Double:
		return float64(*n) + 0.1
	case packet.String:
		return fmt.Sprint("text ", *n)
	case packet.Bytes:
		return []byte{byte(*n)}
	case packet.Array:
		return []any{fill(t.Elem, n), fill(t.Elem, n)}
	default:
		record := map[string]any{}
		for _, f := range t.Fields {
			record[f.Name] = fill(f.Type, n)
		}
		return record
	}
}

func encode(t testing.TB, s *packet.Schema, record map[string]any) packet.Value {
	t.Helper()
	encoded, err := s.Encode(nil, record)
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.Record(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// rowOf is the row that a record should make of a table's columns: null where
// the record has no such field.
func rowOf(record packet.Value, columns []schemas.Column) warehouse.Struct {
	row := warehouse.Struct{}
	for _, c := range columns {
		v := record.Get(c.Name)
		if c.Mode != schemas.Repeated {
			row = append(row, warehouse.Field{Name: c.Name, Value: valueOf(v, c)})
			continue
		}
		var items []any
		for _, item := range v.Items() {
			items = append(items, valueOf(item, c))
		}
		row = append(row, warehouse.Field{Name: c.Name, Value: items})
	}
	return row
}

func valueOf(v packet.Value, c schemas.Column) any {
	if v.IsNull() {
		return nil
	}
	switch c.Type {
	case schemas.Record:
		return rowOf(v, c.Fields)
	case schemas.Integer:
		return v.Int()
	case schemas.Float:
		return v.Float()
	case schemas.Boolean:
		return v.Bool()
	case schemas.Timestamp:
		return time.UnixMicro(v.Int()).UTC()
	default:
		return v.Text()
	}
}

// stored are the rows of a table, and its columns.
func stored(t *testing.T, w *warehouse.Warehouse, sql string) ([]warehouse.Struct, []schemas.Column) {
	t.Helper()
	result, err := w.Query(t.Context(), sql, nil)
	if err != nil {
		t.Fatal(err)
	}
	var rows []warehouse.Struct
	for values, err := range result.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		row := warehouse.Struct{}
		for i, c := range result.Fields {
			if items, ok := values[i].([]any); ok && len(items) == 0 {
				values[i] = []any(nil) // a null array is an empty one
			}
			row = append(row, warehouse.Field{Name: c.Name, Value: values[i]})
		}
		rows = append(rows, row)
	}
	return rows, result.Fields
}

// TestVersionsMeet writes a packet of each version into the table of each
// other, old into new and new into old: the table gains what it lacked, loses
// nothing, and has both packets' values, null where one has no such field.
func TestVersionsMeet(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.dataset(t, "ztf")
	w := r.open(t)
	for _, survey := range []string{schemas.ZTF, schemas.LSST} {
		all := versions(t, survey)
		for i, first := range all {
			for j, second := range all {
				if i == j {
					continue
				}
				name := fmt.Sprintf("%s %s then %s", survey, first.name, second.name)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					id := strings.NewReplacer(" ", "_", ".", "_").Replace(name)
					table := opened(t, w, schemas.Table{Name: id, Columns: first.table})
					want, conflicts := schemas.Merge(first.table, second.table)
					if len(conflicts) > 0 {
						t.Fatalf("conflicts: %+v", conflicts)
					}
					for _, v := range []version{first, second, first} { // a late packet of the first comes, too
						if err := write(t.Context(), table, survey, v.schema, v.record); err != nil {
							t.Fatal(err)
						}
					}
					rows, columns := stored(t, w, "SELECT * FROM "+id)
					if diff := cmp.Diff(paths(want, ""), paths(columns, "")); diff != "" {
						t.Fatalf("columns (-want +got):\n%s", diff)
					}
					old := rowOf(first.record, columns)
					if diff := cmp.Diff([]warehouse.Struct{old, rowOf(second.record, columns), old}, rows); diff != "" {
						t.Errorf("rows (-want +got):\n%s", diff)
					}
				})
			}
		}
	}
}

func paths(columns []schemas.Column, path string) []string {
	var all []string
	for _, c := range columns {
		all = append(append(all, path+c.Name+" "+c.Type), paths(c.Fields, path+c.Name+".")...)
	}
	return all
}

// TestRenamedFields writes an asteroid as each version of LSST would send it,
// and asks for all of them in one query.
func TestRenamedFields(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.dataset(t, "ztf")
	w := r.open(t)
	for _, definition := range schemas.Tables(schemas.LSST) {
		if err := w.Create(t.Context(), definition); err != nil {
			t.Fatal(err)
		}
	}
	for _, view := range schemas.Views(schemas.LSST) {
		if err := w.CreateView(t.Context(), view); err != nil {
			t.Fatal(err)
		}
	}
	table := opened(t, w, schemas.Tables(schemas.LSST)[0])
	var want [][]bigquery.Value
	for i, v := range versions(t, schemas.LSST) {
		if err := table.Cover(t.Context(), v.schema, schemas.LSST, schemas.Cutouts()...); err != nil {
			t.Fatal(err)
		}
		from := warehouse.Values{"object": "v" + v.name + "/night=2026-09-01/sso-7/1.avro", "generation": int64(i)}
		if err := table.Append(t.Context(), warehouse.Row{Record: v.record, Values: warehouse.Values{"nightwire": from, "night": "2026-09-01"}}); err != nil {
			t.Fatal(err)
		}
		// Of two names a version has one; 7.4 has neither circumstances nor an orbit.
		either := func(paths ...string) any {
			for _, path := range paths {
				if value := v.record.Get(strings.Split(path, ".")...); value.Kind() == packet.Double || value.Kind() == packet.Float {
					return value.Float()
				}
			}
			return nil
		}
		id := v.record.Get("alertId")
		if id.IsNull() {
			id = v.record.Get("diaSourceId")
		}
		negative := v.record.Get("diaSource", "isNegative")
		if negative.IsNull() {
			negative = v.record.Get("diaSource", "is_negative")
		}
		want = append(want, []bigquery.Value{
			id.Int(), negative.Bool(),
			either("ssSource.eclLambda", "ssSource.eclipticLambda"), either("ssSource.helioRange", "ssSource.heliocentricDist"),
			either("ssSource.ephVmag", "ssSource.predictedVMagnitude"), either("mpc_orbits.h", "MPCORB.mpcH"),
			either("mpc_orbits.i", "MPCORB.incl"), either("mpc_orbits.q", "MPCORB.q"),
		})
	}
	got := r.must(t, `SELECT a.diaSourceId, s.isNegative, s.eclLambda, s.helioRange, s.ephVmag, s.h, s.i, s.q
		FROM ztf.solar_system AS s JOIN ztf.alerts AS a ON a.diaSource.diaSourceId = s.candid ORDER BY a.nightwire.generation`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}
