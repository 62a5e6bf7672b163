package main

import (
	"bytes"
	"database/sql"
	"io"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/google/go-cmp/cmp"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/warehouse"

	_ "github.com/duckdb/duckdb-go/v2" // reads Parquet
)

// candid needs more than the 53 bits of a double.
const candid = int64(1642404680815015001)

func field(name, typ, mode string, fields ...schemas.Column) schemas.Column {
	return schemas.Column{Name: name, Type: typ, Mode: mode, Fields: fields}
}

// answerColumns have every type and nesting of an answer.
var answerColumns = []schemas.Column{
	field("z", schemas.Integer, schemas.Nullable), // not in the alphabet's order
	field("a", schemas.Float, schemas.Nullable),
	field("night", schemas.Date, schemas.Nullable),
	field("at", schemas.Timestamp, schemas.Nullable),
	field("good", schemas.Boolean, schemas.Nullable),
	field("text", schemas.String, schemas.Nullable),
	field("raw", schemas.Bytes, schemas.Nullable),
	field("exact", "NUMERIC", schemas.Nullable),
	field("computed", schemas.JSON, schemas.Nullable),
	field("candids", schemas.Integer, schemas.Repeated),
	field("c", schemas.Record, schemas.Nullable,
		field("fid", schemas.Integer, schemas.Nullable),
		field("tags", schemas.String, schemas.Repeated)),
	field("points", schemas.Record, schemas.Repeated,
		field("mjd", schemas.Float, schemas.Nullable),
		field("inner", schemas.Record, schemas.Repeated, field("candid", schemas.Integer, schemas.Nullable))),
}

func point(mjd any, candids ...any) warehouse.Struct {
	inner := []any{}
	for _, c := range candids {
		inner = append(inner, warehouse.Struct{{Name: "candid", Value: c}})
	}
	return warehouse.Struct{{Name: "mjd", Value: mjd}, {Name: "inner", Value: inner}}
}

// answerRows are a full row and one in which all is missing.
var answerRows = [][]any{
	{
		candid, 0.1, civil.Date{Year: 2026, Month: 9, Day: 1}, time.Date(2026, 9, 1, 4, 5, 6, 700_000, time.UTC), true, "a,\"b\"\n<ä>",
		[]byte{1, 255}, big.NewRat(5, 4), `{"x":1642404680815015001}`, []any{candid, candid + 1},
		warehouse.Struct{{Name: "fid", Value: int64(1)}, {Name: "tags", Value: []any{"x", "y"}}},
		[]any{point(1.5, candid, nil), point(nil), point(2.5, candid+2)},
	},
	{
		nil, math.NaN(), nil, nil, nil, nil, nil, nil, nil, []any{},
		warehouse.Struct{{Name: "fid", Value: nil}, {Name: "tags", Value: []any{}}}, []any{},
	},
	{nil, nil, nil, nil, nil, nil, nil, nil, nil, []any{}, nil, []any{}},
}

// written writes the rows in a format.
func written(t testing.TB, format string, columns []schemas.Column, rows ...[]any) string {
	t.Helper()
	var out bytes.Buffer
	w, err := newRowWriter(format, &out, columns)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestJSONLines(t *testing.T) {
	t.Parallel()
	want := `{"z":"1642404680815015001","a":0.1,"night":"2026-09-01","at":"2026-09-01T04:05:06.0007Z","good":true,` +
		`"text":"a,\"b\"\n\u003cä\u003e","raw":"Af8=","exact":"1.25","computed":{"x":1642404680815015001},` +
		`"candids":["1642404680815015001","1642404680815015002"],"c":{"fid":"1","tags":["x","y"]},` +
		`"points":[{"mjd":1.5,"inner":[{"candid":"1642404680815015001"},{"candid":null}]},{"mjd":null,"inner":[]},` +
		`{"mjd":2.5,"inner":[{"candid":"1642404680815015003"}]}]}
{"z":null,"a":null,"night":null,"at":null,"good":null,"text":null,"raw":null,"exact":null,"computed":null,"candids":[],` +
		`"c":{"fid":null,"tags":[]},"points":[]}
`
	if diff := cmp.Diff(want, written(t, "jsonl", answerColumns, answerRows[:2]...)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestCSV(t *testing.T) {
	t.Parallel()
	want := `z,a,night,at,good,text,raw,exact,computed,candids,c,points
1642404680815015001,0.1,2026-09-01,2026-09-01 04:05:06.0007,true,"a,""b""
<ä>",01ff,1.25,"{""x"":1642404680815015001}","[""1642404680815015001"",""1642404680815015002""]",` +
		`"{""fid"":""1"",""tags"":[""x"",""y""]}","[{""mjd"":1.5,""inner"":[{""candid"":""1642404680815015001""},{""candid"":null}]},` +
		`{""mjd"":null,""inner"":[]},{""mjd"":2.5,""inner"":[{""candid"":""1642404680815015003""}]}]"
,NaN,,,,,,,,[],"{""fid"":null,""tags"":[]}",[]
,,,,,,,,,[],,[]
`
	if diff := cmp.Diff(want, written(t, "csv", answerColumns, answerRows...)); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
}

// TestTable aligns what is wide in runes, and keeps a width that it has had.
func TestTable(t *testing.T) {
	t.Parallel()
	columns := []schemas.Column{field("o", schemas.String, schemas.Nullable), field("candid", schemas.Integer, schemas.Nullable)}
	if got, want := written(t, "table", columns, []any{"ä", candid}, []any{nil, nil}), "o     candid\nä     1642404680815015001\nnull  null\n"; got != want {
		t.Errorf("table is\n%s, want\n%s", got, want)
	}
	var rows [][]any
	for i := range 2 * tableBlock {
		rows = append(rows, []any{strings.Repeat("x", 1+i/tableBlock*7), int64(i)})
	}
	lines := strings.Split(written(t, "table", columns, rows...), "\n")
	if lines[1] != "x  0" || lines[tableBlock-1] != "x  498" || lines[2*tableBlock] != "xxxxxxxx  999" {
		t.Errorf("lines are %q, %q, %q", lines[1], lines[tableBlock-1], lines[2*tableBlock])
	}
}

// TestParquet reads a file with DuckDB.
func TestParquet(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "answer.parquet")
	if err := os.WriteFile(file, []byte(written(t, "parquet", answerColumns, answerRows...)), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	types := texts(t, db, "SELECT column_name || ' ' || column_type FROM (DESCRIBE SELECT * FROM '"+file+"')")
	want := []string{
		"z BIGINT", "a DOUBLE", "night DATE", "at TIMESTAMP WITH TIME ZONE", "good BOOLEAN", "text VARCHAR", "raw BLOB", "exact VARCHAR",
		"computed JSON", "candids BIGINT[]", "c STRUCT(fid BIGINT, tags VARCHAR[])",
		"points STRUCT(mjd DOUBLE, \"inner\" STRUCT(candid BIGINT)[])[]",
	}
	if diff := cmp.Diff(want, types); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	rows := texts(t, db, `SELECT concat_ws(' | ', ifnull(z::VARCHAR, '-'), ifnull(a::VARCHAR, '-'), ifnull(night::VARCHAR, '-'),
		ifnull(epoch_us("at")::VARCHAR, '-'), ifnull(good::VARCHAR, '-'), ifnull(text, '-'), ifnull(hex(raw), '-'), ifnull(exact, '-'),
		ifnull(computed::VARCHAR, '-'), candids::VARCHAR, ifnull(c::VARCHAR, '-'), points::VARCHAR) FROM '`+file+"'")
	want = []string{
		`1642404680815015001 | 0.1 | 2026-09-01 | 1788235506000700 | true | a,"b"` + "\n" + `<ä> | 01FF | 1.25 | {"x":1642404680815015001} | ` +
			`[1642404680815015001, 1642404680815015002] | {'fid': 1, 'tags': [x, y]} | ` +
			`[{'mjd': 1.5, 'inner': [{'candid': 1642404680815015001}, {'candid': NULL}]}, {'mjd': NULL, 'inner': []}, ` +
			`{'mjd': 2.5, 'inner': [{'candid': 1642404680815015003}]}]`,
		"- | nan | - | - | - | - | - | - | - | [] | {'fid': NULL, 'tags': []} | []",
		"- | - | - | - | - | - | - | - | - | [] | - | []",
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// texts asks for rows of one text.
func texts(t testing.TB, db *sql.DB, query string) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestParquetGroups writes more than a group holds.
func TestParquetGroups(t *testing.T) {
	t.Parallel()
	columns := []schemas.Column{field("n", schemas.Integer, schemas.Nullable), field("text", schemas.String, schemas.Nullable)}
	const count = 100
	file := filepath.Join(t.TempDir(), "large.parquet")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	w, err := newRowWriter("parquet", out, columns)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("x", 2*groupBytes/count)
	for n := range count {
		if err := w.Write([]any{int64(n), text}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	got := texts(t, db, "SELECT concat(count(*), ' ', sum(n), ' ', (SELECT count(DISTINCT row_group_id) FROM parquet_metadata('"+file+"'))) FROM '"+file+"'")
	if diff := cmp.Diff([]string{"100 4950 2"}, got); diff != "" {
		t.Errorf("rows, sum and groups (-want +got):\n%s", diff)
	}
}

func TestRowWriterRefuses(t *testing.T) {
	t.Parallel()
	if _, err := newRowWriter("fits", io.Discard, nil); err == nil || !strings.Contains(err.Error(), "want table, csv, jsonl or parquet") {
		t.Errorf("a format that is none: %v", err)
	}
}

// BenchmarkExport writes rows of a light curve of ten points.
func BenchmarkExport(b *testing.B) {
	var points []any
	for i := range 10 {
		points = append(points, point(60000.5+float64(i), candid+int64(i)))
	}
	row := []any{"ZTF21abiuvdk", points}
	columns := []schemas.Column{field("objectId", schemas.String, schemas.Nullable), answerColumns[len(answerColumns)-1]}
	for _, format := range []string{"table", "csv", "jsonl", "parquet"} {
		b.Run(format, func(b *testing.B) {
			w, err := newRowWriter(format, io.Discard, columns)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := w.Write(row); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
