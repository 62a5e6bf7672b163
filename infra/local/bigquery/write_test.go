package bigquery_test

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/civil"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
)

var ratCompare = cmp.Comparer(func(a, b *big.Rat) bool { return a.Cmp(b) == 0 })

// everyType is a schema with every type that rows can bring, and every mode.
var everyType = bigquery.Schema{
	{Name: "objectId", Type: bigquery.StringFieldType, Required: true},
	{Name: "candid", Type: bigquery.IntegerFieldType},
	{Name: "magpsf", Type: bigquery.FloatFieldType},
	{Name: "isReal", Type: bigquery.BooleanFieldType},
	{Name: "stamp", Type: bigquery.BytesFieldType},
	{Name: "observed_at", Type: bigquery.TimestampFieldType},
	{Name: "night", Type: bigquery.DateFieldType},
	{Name: "extra", Type: bigquery.JSONFieldType},
	{Name: "position", Type: bigquery.GeographyFieldType},
	{Name: "fids", Type: bigquery.IntegerFieldType, Repeated: true},
	{Name: "prv_candidates", Type: bigquery.RecordFieldType, Repeated: true, Schema: bigquery.Schema{
		{Name: "jd", Type: bigquery.FloatFieldType, Required: true},
		{Name: "magpsf", Type: bigquery.FloatFieldType},
		{Name: "inner", Type: bigquery.RecordFieldType, Schema: bigquery.Schema{
			{Name: "note", Type: bigquery.StringFieldType},
			{Name: "at", Type: bigquery.TimestampFieldType},
		}},
	}},
}

const everyValue = `{"objectId":"ZTF1","candid":"1234567890123456789","magpsf":18.25,"isReal":true,"stamp":"AAH/",
	"observed_at":"1700000000123456","night":19723,"extra":"{\"candid\":1234567890123456789}",
	"position":"POINT(200.5 -12.25)","fids":["1","2"],
	"prv_candidates":[{"jd":2460000.5,"magpsf":19.5,"inner":{"note":"a","at":"1700000000000000"}},{"jd":2460001.5}]}`

func testEveryTypeReadsBack(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	table := r.table(t, "alerts", everyType)
	r.stream(t, table, everyType).must(t, everyValue, `{"objectId":"ZTF2"}`)

	at := time.UnixMicro(1700000000123456).UTC()
	want := [][]bigquery.Value{
		{"ZTF1", int64(1234567890123456789), 18.25, true, []byte{0, 1, 255}, at, civil.Date{Year: 2024, Month: 1, Day: 1},
			`{"candid":1234567890123456789}`,
			"POINT(-159.5 -12.25)", []bigquery.Value{int64(1), int64(2)},
			[]bigquery.Value{
				[]bigquery.Value{2460000.5, 19.5, []bigquery.Value{"a", time.Unix(1700000000, 0).UTC()}},
				[]bigquery.Value{2460001.5, nil, nil},
			}},
		{"ZTF2", nil, nil, nil, nil, nil, nil, nil, nil, []bigquery.Value(nil), []bigquery.Value(nil)},
	}
	got := r.must(t, "SELECT * FROM ztf.alerts ORDER BY objectId")
	if diff := cmp.Diff(want, got, ratCompare); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
	listed, err := readAll(table.Read(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, listed, ratCompare); diff != "" {
		t.Errorf("table data (-want +got):\n%s", diff)
	}
}

// TestTypesThatRowsCannotBring: columns of these types are filled by SQL, and
// a writer is refused by the name of the first.
func TestTypesThatRowsCannotBring(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.dataset(t, "ztf")
	for _, column := range []struct {
		kind        bigquery.FieldType
		value, from string // as protocol buffers' JSON, and from what type
		literal     string
		want        bigquery.Value
	}{
		{bigquery.NumericFieldType, `"AOQLVAIAAAA="`, "bytes", "NUMERIC '10'", big.NewRat(10, 1)},
		{bigquery.TimeFieldType, `"50403074168"`, "int64", "TIME '11:47:04'", civil.Time{Hour: 11, Minute: 47, Second: 4}},
		{bigquery.DateTimeFieldType, `"142431024298590214"`, "int64", "DATETIME '2024-01-02 03:04:05'",
			civil.DateTime{Date: civil.Date{Year: 2024, Month: 1, Day: 2}, Time: civil.Time{Hour: 3, Minute: 4, Second: 5}}},
	} {
		t.Run(string(column.kind), func(t *testing.T) {
			t.Parallel()
			name := strings.ToLower(string(column.kind))
			schema := bigquery.Schema{{Name: "sought", Type: column.kind}}
			table := r.table(t, name, schema)
			_, err := r.stream(t, table, schema).append(t, `{"sought":`+column.value+`}`).GetResult(t.Context())
			want := fmt.Sprintf("field sought of type %s cannot become the column's type %s here", column.from, column.kind)
			if grpcstatus.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), want) {
				t.Errorf("append: %v, want %v with %q", err, codes.InvalidArgument, want)
			}
			r.must(t, "INSERT ztf."+name+" (sought) VALUES ("+column.literal+")")
			listed, err := readAll(table.Read(t.Context()))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([][]bigquery.Value{{column.want}}, listed, ratCompare); diff != "" {
				t.Errorf("table data (-want +got):\n%s", diff)
			}
		})
	}
}

// TestTooManyRows: a request that would not fit into one transaction stores
// nothing.
func TestTooManyRows(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.dataset(t, "ztf")
	schema := bigquery.Schema{{Name: "candid", Type: bigquery.IntegerFieldType}}
	w := r.stream(t, r.table(t, "alerts", schema), schema)
	for rows, want := range map[int]codes.Code{200_000: codes.OK, 200_001: codes.InvalidArgument} {
		result, err := w.stream.AppendRows(t.Context(), slices.Repeat(w.encode(t, `{"candid":"1"}`), rows))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := result.GetResult(t.Context()); grpcstatus.Code(err) != want {
			t.Errorf("%d rows: %v, want %v", rows, err, want)
		}
	}
	if diff := cmp.Diff([][]bigquery.Value{{int64(200_000)}}, r.must(t, "SELECT COUNT(*) FROM ztf.alerts")); diff != "" {
		t.Errorf("stored rows (-want +got):\n%s", diff)
	}
}

func testBadRowsStoreNothing(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	table := r.table(t, "alerts", everyType)
	w := r.stream(t, table, everyType)
	tests := []struct {
		name, row, message string
	}{
		{"required field missing", `{"candid":"1"}`, "objectId"},
		{"nested required field missing", `{"objectId":"a","prv_candidates":[{"magpsf":1}]}`, "jd"},
		{"no point", `{"objectId":"a","position":"LINESTRING(0 0, 1 1)"}`, "position"},
		{"no JSON", `{"objectId":"a","extra":"{"}`, "extra"},
		{"latitude out of range", `{"objectId":"a","position":"POINT(0 91)"}`, "position"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			result := w.append(t, `{"objectId":"good"}`, tt.row)
			response, err := result.FullResponse(t.Context())
			if code := grpcstatus.Code(err); code != codes.InvalidArgument {
				t.Fatalf("code = %v (%v), want InvalidArgument", code, err)
			}
			if len(response.GetRowErrors()) != 1 || response.GetRowErrors()[0].GetIndex() != 1 ||
				!strings.Contains(response.GetRowErrors()[0].GetMessage(), tt.message) {
				t.Errorf("row errors = %v, want one for row 1 that names %s", response.GetRowErrors(), tt.message)
			}
		})
	}
	w.must(t, `{"objectId":"after"}`)
	if diff := cmp.Diff([][]bigquery.Value{{"after"}}, r.must(t, "SELECT objectId FROM ztf.alerts")); diff != "" {
		t.Errorf("stored rows (-want +got):\n%s", diff)
	}
}

func testWriterSeesNewSchema(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	table := r.table(t, "alerts", everyType)
	w := r.stream(t, table, everyType)
	w.must(t, everyValue)

	wider := append(bigquery.Schema{}, everyType...)
	prv := *wider[len(wider)-1]
	prv.Schema = append(append(bigquery.Schema{}, prv.Schema...), &bigquery.FieldSchema{Name: "drb", Type: bigquery.FloatFieldType})
	wider[len(wider)-1] = &prv
	wider = append(wider, &bigquery.FieldSchema{Name: "schemavsn", Type: bigquery.StringFieldType})
	if _, err := table.Update(t.Context(), bigquery.TableMetadataToUpdate{Schema: wider}, ""); err != nil {
		t.Fatal(err)
	}
	result := w.append(t, `{"objectId":"old writer","prv_candidates":[{"jd":1}]}`)
	updated, err := result.UpdatedSchema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := updated.GetFields(); len(got) != len(wider) || got[len(got)-1].GetName() != "schemavsn" {
		t.Fatalf("updated schema has fields %v, want those of the new schema", got)
	}
	r.stream(t, table, wider).must(t, `{"objectId":"new writer","schemavsn":"4.02","prv_candidates":[{"jd":2,"drb":0.5}]}`)
	got := r.must(t, "SELECT objectId, schemavsn, p.drb FROM ztf.alerts, UNNEST(prv_candidates) AS p ORDER BY objectId, p.jd")
	want := [][]bigquery.Value{
		{"ZTF1", nil, nil}, {"ZTF1", nil, nil}, {"new writer", "4.02", 0.5}, {"old writer", nil, nil},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func testConcurrentAppends(t *testing.T, r *running) {
	r.dataset(t, "ztf")
	schema := bigquery.Schema{{Name: "candid", Type: bigquery.IntegerFieldType, Required: true}}
	tables := []*bigquery.Table{r.table(t, "a", schema), r.table(t, "b", schema)}
	const writers, requests = 6, 40
	var wg sync.WaitGroup
	for i := range writers {
		w := r.stream(t, tables[i%2], schema)
		wg.Go(func() {
			for k := range requests {
				if _, err := w.append(t, fmt.Sprintf(`{"candid":"%d"}`, i*requests+k), fmt.Sprintf(`{"candid":"%d"}`, -1)).GetResult(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got := r.must(t, "SELECT COUNT(*), COUNT(DISTINCT candid) FROM (SELECT candid FROM ztf.a UNION ALL SELECT candid FROM ztf.b)")
	if diff := cmp.Diff([][]bigquery.Value{{int64(2 * writers * requests), int64(writers*requests + 1)}}, got); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

// TestWriterSeesSchemaOfTableMadeAnew has a writer go on while its table is
// removed and made with another schema.
func TestWriterSeesSchemaOfTableMadeAnew(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.dataset(t, "ztf")
	table := r.table(t, "alerts", schemaOfA)
	w := r.stream(t, table, schemaOfA)
	w.must(t, `{"a":"before"}`)
	if err := table.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.append(t, `{"a":"meanwhile"}`).GetResult(t.Context()); grpcstatus.Code(err) != codes.NotFound {
		t.Errorf("without a table: error %v, want one of code %s", err, codes.NotFound)
	}
	r.table(t, "alerts", bigquery.Schema{schemaOfA[0], {Name: "b", Type: bigquery.StringFieldType}})
	updated, err := w.append(t, `{"a":"after"}`).UpdatedSchema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := len(updated.GetFields()); got != 2 {
		t.Errorf("the updated schema has %d fields, want 2", got)
	}
}
