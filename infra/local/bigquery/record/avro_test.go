package record_test

import (
	"database/sql/driver"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	bq "google.golang.org/api/bigquery/v2"
	"nightwire.dev/infra/local/bigquery/record"
	"nightwire.dev/shared/packet"
)

func parse(t *testing.T, fields string) *packet.Schema {
	t.Helper()
	s, err := packet.ParseSchema([]byte(`{"type":"record","name":"alert","fields":[` + fields + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestFromAvro reads a record into a table that has its columns in another order,
// spells one in another way, and has one more.
func TestFromAvro(t *testing.T) {
	t.Parallel()
	s := parse(t, `{"name":"candid","type":"long"},{"name":"names","type":{"type":"array","items":["null","string"]}},
		{"name":"prv","type":["null",{"type":"record","name":"prv","fields":[{"name":"at","type":{"type":"long","logicalType":"timestamp-micros"}}]}]}`)
	table := []*bq.TableFieldSchema{
		{Name: "PRV", Type: "RECORD", Mode: "NULLABLE", Fields: []*bq.TableFieldSchema{
			{Name: "extra", Type: "STRING", Mode: "REPEATED"}, {Name: "at", Type: "INTEGER", Mode: "NULLABLE"}}},
		{Name: "more", Type: "STRING", Mode: "NULLABLE"},
		{Name: "names", Type: "STRING", Mode: "REPEATED"},
		{Name: "candid", Type: "INTEGER", Mode: "NULLABLE"},
	}
	read := func(names ...any) ([]driver.Value, error) {
		encoded, err := s.Encode(nil, map[string]any{"candid": int64(1)<<53 + 1, "names": names, "prv": map[string]any{"at": int64(1e15)}})
		if err != nil {
			t.Fatal(err)
		}
		alert, err := s.Record(encoded)
		if err != nil {
			t.Fatal(err)
		}
		return record.FromAvro(alert, table)
	}
	got, err := read("a", "bc")
	if err != nil {
		t.Fatal(err)
	}
	want := []driver.Value{
		map[string]any{"extra": []any(nil), "at": int64(1e15)}, nil, []any{[]byte("a"), []byte("bc")}, int64(1)<<53 + 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		name, want string
		in         any // the array names
	}{
		{"no text", "field names: the string is not valid UTF-8", "\xff"},
		{"null in an array", "field names: an array cannot hold null", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := read(tt.in); err == nil || err.Error() != tt.want {
				t.Errorf("error is %v, want %s", err, tt.want)
			}
		})
	}
}

func TestColumnsRefuses(t *testing.T) {
	t.Parallel()
	const candid = `{"name":"candid","type":"long"}`
	tests := []struct{ name, fields, want string }{
		{"names that differ in case", candid + `,{"name":"Candid","type":"long"}`, "field Candid: it is there twice"},
		{"a map", candid + `,{"name":"m","type":{"type":"map","values":"int"}}`, "field m: no column is made of Avro's map"},
		{"nothing", candid + `,{"name":"m","type":["null"]}`, "field m: no column is made of Avro's null"},
		{"an array of nothing", candid + `,{"name":"m","type":{"type":"array","items":["null"]}}`, "field m: no column is made of Avro's null"},
		{"two types", candid + `,{"name":"m","type":["int","string"]}`, "field m: no column is made of Avro's union"},
		{"arrays of arrays", candid + `,{"name":"m","type":{"type":"array","items":{"type":"array","items":"int"}}}`, "field m: no column is made of Avro's array"},
		{"decimals", candid + `,{"name":"m","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}}`, "field m: no column is made of Avro's bytes decimal"},
		{"itself", candid + `,{"name":"next","type":["null","alert"]}`, "records are nested more than 15 deep"},
		{"records of records", `{"name":"a","type":` + bomb(6) + `}`, "there are more than 10000 columns"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := record.Columns(parse(t, tt.fields).Root); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}

// bomb is the type of a record that has the next one twelve times, so many deep.
func bomb(levels int) string {
	name := "level" + strconv.Itoa(levels)
	inner, again := `"int"`, `"int"`
	if levels > 1 {
		inner, again = bomb(levels-1), `"level`+strconv.Itoa(levels-1)+`"`
	}
	fields := `{"name":"f0","type":` + inner + `}`
	for i := 1; i < 12; i++ {
		fields += `,{"name":"f` + strconv.Itoa(i) + `","type":` + again + `}`
	}
	return `{"type":"record","name":"` + name + `","fields":[` + fields + `]}`
}
