package bigquery_test

import (
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/bigquery"
	"github.com/google/go-cmp/cmp"
)

// TestRetype changes types as the service allows it, and checks what is in the
// table before and after.
func TestRetype(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.dataset(t, "ztf")
	integer := func(name string) *bigquery.FieldSchema {
		return &bigquery.FieldSchema{Name: name, Type: bigquery.IntegerFieldType, Description: "of " + name}
	}
	schema := bigquery.Schema{
		{Name: "candid", Type: bigquery.IntegerFieldType, Required: true},
		{Name: "candidate", Type: bigquery.RecordFieldType, Schema: bigquery.Schema{
			{Name: "nid", Type: bigquery.IntegerFieldType, Required: true},
			{Name: "inner", Type: bigquery.RecordFieldType, Schema: bigquery.Schema{integer("n")}},
			{Name: "prv", Type: bigquery.RecordFieldType, Repeated: true, Schema: bigquery.Schema{integer("fid")}},
			{Name: "place", Type: bigquery.GeographyFieldType}, {Name: "extra", Type: bigquery.JSONFieldType},
		}},
		{Name: "fids", Type: bigquery.IntegerFieldType, Repeated: true},
		{Name: "name", Type: bigquery.StringFieldType},
	}
	candidate := func(n, fid string) string {
		return "STRUCT<nid INT64 NOT NULL, `inner` STRUCT<n " + n + ">, prv ARRAY<STRUCT<fid " + fid + ">>, place GEOGRAPHY, extra JSON>"
	}
	tests := []struct{ name, change, refused, changed string }{
		{"a column", "candid SET DATA TYPE FLOAT64", "", "candid FLOAT"},
		{"to NUMERIC", "candid SET DATA TYPE NUMERIC", "", "candid NUMERIC"},
		{"the same type", "name SET DATA TYPE STRING", "", ""},
		{"a field of a record", "candidate SET DATA TYPE " + candidate("FLOAT64", "INT64"), "", "candidate.inner.n FLOAT"},
		{"a field in an array", "candidate SET DATA TYPE " + candidate("INT64", "FLOAT64"), "assignable", ""},
		{"an array", "fids SET DATA TYPE ARRAY<FLOAT64>", "assignable", ""},
		{"a text", "name SET DATA TYPE INT64", "assignable", ""},
		{"a number to a text", "candid SET DATA TYPE STRING", "assignable", ""},
		{"a record without one of its fields", "candidate SET DATA TYPE STRUCT<nid INT64>", "assignable", ""},
		{"no such column", "nothing SET DATA TYPE INT64", "Column not found: nothing", ""},
		{"no such type", "name SET DATA TYPE WORDS", "Type not found: WORDS", ""},
		{"another change", "name DROP NOT NULL", "ALTER TABLE is supported only with", ""},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table := r.table(t, "t"+string(rune('a'+i)), schema)
			r.stream(t, table, schema).must(t, `{"candid":"7","candidate":{"nid":"1","inner":{"n":"2"},"prv":[{"fid":"3"}]},"fids":["4"],"name":"x"}`)
			before := shapes(t, table)
			_, err := r.rows(t.Context(), "ALTER TABLE `sky.ztf."+table.TableID+"` ALTER COLUMN "+tt.change)
			if tt.refused == "" && err != nil || tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)) {
				t.Fatalf("error is %v, want %q in it", err, tt.refused)
			}
			var changed []string
			for _, column := range shapes(t, table) {
				if !slices.Contains(before, column) {
					changed = append(changed, column)
				}
			}
			if got := strings.Join(changed, ", "); got != tt.changed {
				t.Errorf("changed are %q, want %q", got, tt.changed)
			}
			got := r.must(t, "SELECT CAST(candid AS INT64), CAST(candidate.inner.n AS INT64), candidate.prv[OFFSET(0)].fid, fids[OFFSET(0)], name FROM ztf."+table.TableID)
			if diff := cmp.Diff([][]bigquery.Value{{int64(7), int64(2), int64(3), int64(4), "x"}}, got); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
		})
	}
}

// shapes are a table's columns, nested ones too, as "path TYPE".
func shapes(t *testing.T, table *bigquery.Table) []string {
	t.Helper()
	metadata, err := table.Metadata(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	var walk func(fields bigquery.Schema, path string)
	walk = func(fields bigquery.Schema, path string) {
		for _, f := range fields {
			all = append(all, path+f.Name+" "+string(f.Type))
			walk(f.Schema, path+f.Name+".")
		}
	}
	walk(metadata.Schema, "")
	return all
}

// TestWriterOfTheOldType has a writer that still sends integers where the
// column has become FLOAT: the service converts none.
func TestWriterOfTheOldType(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.dataset(t, "ztf")
	schema := bigquery.Schema{{Name: "n", Type: bigquery.IntegerFieldType}}
	table := r.table(t, "alerts", schema)
	w := r.stream(t, table, schema)
	w.must(t, `{"n":"1"}`)
	r.must(t, "ALTER TABLE ztf.alerts ALTER COLUMN n SET DATA TYPE FLOAT64")
	if _, err := w.append(t, `{"n":"2"}`).FullResponse(t.Context()); err == nil || !strings.Contains(err.Error(), "field n of type int64") {
		t.Errorf("error is %v, want one that names n and its type", err)
	}
	if diff := cmp.Diff([][]bigquery.Value{{1.0}}, r.must(t, "SELECT n FROM ztf.alerts")); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}
