package queries_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"nightwire.dev/infra/local/house"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/simulate"
	"nightwire.dev/shared/survey"
	"nightwire.dev/shared/warehouse"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, house.Leaks()...) }

// store is the tables and views of one stream on a BigQuery of its own.
type store struct {
	*warehouse.Warehouse
	tables *house.Tables
	stream names.Stream
	rows   int
}

func build(t testing.TB, stream names.Stream) *store {
	t.Helper()
	tables := house.BigQuery(t, names.Resources{Project: "sky", Stream: stream})
	tables.Create(t)
	return &store{Warehouse: tables.Warehouse, tables: tables, stream: stream}
}

// insert puts rows into a table by the table's name, all at one time.
func (s *store) insert(t testing.TB, table string, rows ...warehouse.Row) {
	t.Helper()
	open := s.tables.Table(t, table)
	var all sync.WaitGroup
	for _, row := range rows {
		all.Go(func() {
			if err := open.Append(t.Context(), row); err != nil {
				t.Errorf("append to %s: %v", table, err)
			}
		})
	}
	all.Wait()
}

// archivedAt is when the file before the first was written.
var archivedAt = time.Date(2026, 9, 2, 6, 0, 0, 0, time.UTC)

// archive makes the packets' rows, as the function rows does.
func (s *store) archive(t testing.TB, packets ...*packet.Packet) []alert.Alert {
	t.Helper()
	var alerts []alert.Alert
	var rows []warehouse.Row
	for _, p := range packets {
		a, err := survey.Read(s.stream, p)
		if err != nil {
			t.Fatal(err)
		}
		alerts = append(alerts, a)
		rows = append(rows, warehouse.Row{Record: p.Record, Values: s.added(a.ObservedAt, survey.Object(&a), a.RADeg, a.DecDeg)})
	}
	s.insert(t, "alerts_stream", rows...)
	return alerts
}

// added are the columns that the table has besides the survey's own.
func (s *store) added(at time.Time, object names.Object, raDeg, decDeg float64) warehouse.Values {
	s.rows++
	return warehouse.Values{
		"night":       object.Night,
		"observed_at": at,
		"position":    warehouse.Point(raDeg, decDeg),
		"nightwire": warehouse.Values{
			"object":      object.Path(),
			"generation":  int64(s.rows),
			"archived_at": archivedAt.Add(time.Duration(s.rows) * time.Second),
			"schema":      object.Schema,
		},
	}
}

// night is a synthetic ZTF night.
func night(t testing.TB, alerts int) []*packet.Packet {
	t.Helper()
	n, err := simulate.New(simulate.Options{Seed: 5, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: alerts})
	if err != nil {
		t.Fatal(err)
	}
	shipped, _ := schemas.Find(schemas.ZTF, "4.02")
	schema, err := packet.ParseSchema(shipped.JSON)
	if err != nil {
		t.Fatal(err)
	}
	decoder := new(packet.Decoder)
	var packets []*packet.Packet
	for i := range n.Len() {
		encoded, err := schema.Encode(nil, n.Alert(i))
		if err != nil {
			t.Fatal(err)
		}
		p, err := decoder.Decode(t.Context(), packet.Container(schema, encoded))
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, p)
	}
	return packets
}

// ask answers a query with the values of its rows.
func (s *store) ask(t testing.TB, sql string, parameters map[string]any) [][]any {
	t.Helper()
	result, err := s.Query(t.Context(), sql, parameters)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var rows [][]any
	for row, err := range result.Rows() {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// expect compares the rows of a query.
func (s *store) expect(t testing.TB, want [][]any, sql string, options ...cmp.Option) {
	t.Helper()
	if diff := cmp.Diff(want, s.ask(t, sql, nil), options...); diff != "" {
		t.Errorf("%s (-want +got):\n%s", sql, diff)
	}
}
