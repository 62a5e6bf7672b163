package queries_test

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"nightwire.dev/infra/local/bigquery"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/simulate"
	"nightwire.dev/shared/survey"
	"nightwire.dev/shared/warehouse"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The client's statistics worker lives as long as the process.
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"),
		// A writer that reconnects lets its old connection drain for 20 seconds.
		goleak.IgnoreAnyFunction("cloud.google.com/go/bigquery/storage/managedwriter.(*connection).getStream.func1"),
		// The clients' default transport keeps idle connections.
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// house is the tables and views of one stream on a BigQuery of its own.
type house struct {
	*warehouse.Warehouse
	stream names.Stream
	rows   int
}

func build(t testing.TB, stream names.Stream) *house {
	t.Helper()
	server, err := bigquery.Open(bigquery.Options{Dir: t.TempDir(), Project: "sky", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	rest, write := listen(t), listen(t)
	served := make(chan error, 1)
	go func() { served <- server.Serve(rest, write) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	ctx := context.Background()
	dataset := names.Resources{Project: "sky", Stream: stream}.Dataset()
	c := warehouse.Config{Endpoint: "http://" + rest.Addr().String(), WriteEndpoint: write.Addr().String()}
	w, err := warehouse.Open(ctx, c, "sky", dataset, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	if err := w.CreateDataset(ctx); err != nil {
		t.Fatal(err)
	}
	for _, table := range schemas.Tables(stream.Survey()) {
		if err := w.Create(ctx, table); err != nil {
			t.Fatal(err)
		}
	}
	for _, view := range schemas.Views(stream.Survey()) {
		if err := w.CreateView(ctx, view); err != nil {
			t.Fatal(err)
		}
	}
	return &house{Warehouse: w, stream: stream}
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// insert puts rows into a table by the table's name.
func (h *house) insert(t testing.TB, table string, rows ...warehouse.Row) {
	t.Helper()
	i := slices.IndexFunc(schemas.Tables(h.stream.Survey()), func(d schemas.Table) bool { return d.Name == table })
	open, err := h.Table(t.Context(), schemas.Tables(h.stream.Survey())[i])
	if err != nil {
		t.Fatal(err)
	}
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
func (h *house) archive(t testing.TB, packets ...*packet.Packet) []alert.Alert {
	t.Helper()
	var alerts []alert.Alert
	var rows []warehouse.Row
	for _, p := range packets {
		a, err := survey.Read(h.stream, p)
		if err != nil {
			t.Fatal(err)
		}
		alerts = append(alerts, a)
		rows = append(rows, warehouse.Row{Record: p.Record, Values: h.added(a.ObservedAt, survey.Object(&a), a.RADeg, a.DecDeg)})
	}
	h.insert(t, "alerts_stream", rows...)
	return alerts
}

// added are the columns that the table has besides the survey's own.
func (h *house) added(at time.Time, object names.Object, raDeg, decDeg float64) warehouse.Values {
	h.rows++
	return warehouse.Values{
		"night":       object.Night,
		"observed_at": at,
		"position":    warehouse.Point(raDeg, decDeg),
		"nightwire": warehouse.Values{
			"object":      object.Path(),
			"generation":  int64(h.rows),
			"archived_at": archivedAt.Add(time.Duration(h.rows) * time.Second),
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
func (h *house) ask(t testing.TB, sql string, parameters map[string]any) [][]any {
	t.Helper()
	result, err := h.Query(t.Context(), sql, parameters)
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
func (h *house) expect(t testing.TB, want [][]any, sql string, options ...cmp.Option) {
	t.Helper()
	if diff := cmp.Diff(want, h.ask(t, sql, nil), options...); diff != "" {
		t.Errorf("%s (-want +got):\n%s", sql, diff)
	}
}
