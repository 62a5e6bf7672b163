package schemas

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// one wraps a type as the only field, "a", of a record.
func one(typ string) string {
	return `{"type": "record", "name": "r", "fields": [{"name": "a", "type": ` + typ + `}]}`
}

func TestColumnsOfTypes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, typ string
		want      Column
	}{
		{"int", `"int"`, Column{Type: Integer, Mode: Nullable}},
		{"long", `"long"`, Column{Type: Integer, Mode: Nullable}},
		{"float", `"float"`, Column{Type: Float, Mode: Nullable}},
		{"double", `"double"`, Column{Type: Float, Mode: Nullable}},
		{"string", `"string"`, Column{Type: String, Mode: Nullable}},
		{"enum", `{"type": "enum", "name": "e", "symbols": ["A"]}`, Column{Type: String, Mode: Nullable}},
		{"bytes", `"bytes"`, Column{Type: Bytes, Mode: Nullable}},
		{"fixed", `{"type": "fixed", "name": "f", "size": 4}`, Column{Type: Bytes, Mode: Nullable}},
		{"boolean", `"boolean"`, Column{Type: Boolean, Mode: Nullable}},
		{"null first", `["null", "float"]`, Column{Type: Float, Mode: Nullable}},
		{"null last", `["float", "null"]`, Column{Type: Float, Mode: Nullable}},
		{"union of one", `["string"]`, Column{Type: String, Mode: Nullable}},
		{"union of several", `["null", "string", "long"]`, Column{Type: JSON, Mode: Nullable}},
		{"null only", `"null"`, Column{Type: JSON, Mode: Nullable}},
		{"map", `{"type": "map", "values": "int"}`, Column{Type: JSON, Mode: Nullable}},
		{
			"microseconds or null", `["null", {"type": "long", "logicalType": "timestamp-micros"}]`,
			Column{Type: Timestamp, Mode: Nullable},
		},
		{"milliseconds", `{"type": "long", "logicalType": "timestamp-millis"}`, Column{Type: Timestamp, Mode: Nullable}},
		{"date", `{"type": "int", "logicalType": "date"}`, Column{Type: Date, Mode: Nullable}},
		{"date on a long is no date", `{"type": "long", "logicalType": "date"}`, Column{Type: Integer, Mode: Nullable}},
		{"other logical type", `{"type": "bytes", "logicalType": "decimal", "precision": 4}`, Column{Type: Bytes, Mode: Nullable}},
		{"array", `{"type": "array", "items": "double"}`, Column{Type: Float, Mode: Repeated}},
		{"array or null", `["null", {"type": "array", "items": "long"}]`, Column{Type: Integer, Mode: Repeated}},
		{"array of maps", `{"type": "array", "items": {"type": "map", "values": "int"}}`, Column{Type: JSON, Mode: Repeated}},
		{"array with nulls", `{"type": "array", "items": ["null", "long"]}`, Column{Type: JSON, Mode: Nullable}},
		{"array of arrays", `{"type": "array", "items": {"type": "array", "items": "int"}}`, Column{Type: JSON, Mode: Nullable}},
		{"record without fields", `{"type": "record", "name": "s", "fields": []}`, Column{Type: JSON, Mode: Nullable}},
		{
			"array of records", `{"type": "array", "items": {"type": "record", "name": "s", "fields": [{"name": "b", "type": "int"}]}}`,
			Column{Type: Record, Mode: Repeated, Fields: []Column{{Name: "b", Type: Integer, Mode: Nullable}}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.want.Name = "a"
			got, err := Columns([]byte(one(tt.typ)), ZTF)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]Column{tt.want}, got); diff != "" {
				t.Errorf("columns (-want +got):\n%s", diff)
			}
		})
	}
}

func TestColumnsOfANewVersion(t *testing.T) {
	t.Parallel()
	schema := `{"type": "record", "name": "alert", "namespace": "ztf", "fields": [
		{"name": "objectId", "type": "string"},
		{"name": "candid", "type": ["null", "long"]},
		{"name": "first", "type": {"type": "record", "name": "candidate", "fields": [
			{"name": "jd", "type": "double", "doc": "the survey's words"},
			{"name": "candid", "type": "long"},
			{"name": "novelty", "type": "double", "doc": "` + strings.Repeat("é", maxDescription+1) + `"}]}},
		{"name": "second", "type": ["null", "ztf.candidate"]},
		{"name": "stamp", "type": "bytes"}]}`
	got, err := Columns([]byte(schema), ZTF, "stamp", "second.jd", "second.candid", "absent")
	if err != nil {
		t.Fatal(err)
	}
	novelty := Column{Name: "novelty", Type: Float, Mode: Nullable, Description: strings.Repeat("é", maxDescription)}
	want := []Column{
		{Name: "objectId", Type: String, Mode: Required, Description: library().fields[ZTF]["alert.objectId"].text},
		// A null candid cannot be REQUIRED, whatever the alert's identity.
		{Name: "candid", Type: Integer, Mode: Nullable, Description: library().fields[ZTF]["alert.candid"].text},
		{Name: "first", Type: Record, Mode: Nullable, Fields: []Column{
			{Name: "jd", Type: Float, Mode: Nullable, Description: library().fields[ZTF]["candidate.jd"].String()},
			{Name: "candid", Type: Integer, Mode: Nullable, Description: library().fields[ZTF]["candidate.candid"].text},
			novelty,
		}},
		{Name: "second", Type: Record, Mode: Nullable, Fields: []Column{novelty}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}

func TestColumnsRefuses(t *testing.T) {
	t.Parallel()
	fields := func(names ...string) string {
		var list []string
		for _, name := range names {
			list = append(list, fmt.Sprintf(`{"name": %q, "type": "int"}`, name))
		}
		return `{"type": "record", "name": "r", "fields": [` + strings.Join(list, ",") + `]}`
	}
	many := make([]string, maxColumns+1)
	for i := range many {
		many[i] = fmt.Sprintf("f%d", i)
	}
	tests := []struct {
		name, schema, want string
	}{
		{"no JSON", `nope`, "parse schema"},
		{"no record", `"int"`, "an alert is a record, not int"},
		{"field twice", fields("a", "a"), "a: BigQuery takes it for the same column as a"},
		{"same but for case", fields("isNegative", "isnegative"), "isnegative: BigQuery takes it for the same column as isNegative"},
		{"reserved name", fields("_table_x"), "_table_x: BigQuery keeps names that start with _TABLE_"},
		{"long name", fields(strings.Repeat("a", maxName+1)), "a column's name has at most 300 characters"},
		{"too many", fields(many...), "f10000: more columns than BigQuery's 10000"},
		{"contains itself", one(`["null", "r"]`), "a: record r contains itself, which no table can hold"},
		{"contains itself in an array", one(`{"type": "array", "items": "r"}`), "a: record r contains itself"},
		{
			"contains itself further in",
			one(`{"type": "record", "name": "s", "fields": [{"name": "b", "type": ["null", "r"]}]}`),
			"a.b: record r contains itself",
		},
		{"too deep", nested(maxLevels + 1), "records nest deeper than BigQuery's 15 levels"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Columns([]byte(tt.schema), ZTF)
			if err == nil || !strings.HasPrefix(err.Error(), "derive columns: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestColumnsAtTheDeepest(t *testing.T) {
	t.Parallel()
	if _, err := Columns([]byte(nested(maxLevels)), ZTF); err != nil {
		t.Error(err)
	}
}

// nested is a schema with records inside records, so many levels below the top.
func nested(levels int) string {
	schema := `"int"`
	for i := levels; i >= 0; i-- {
		schema = fmt.Sprintf(`{"type": "record", "name": "r%d", "fields": [{"name": "a", "type": %s}]}`, i, schema)
	}
	return schema
}

// A small schema may ask for 4^12 columns by naming records again; the limit must stop the derivation early.
func TestColumnsOfAFanStopEarly(t *testing.T) {
	t.Parallel()
	schema := `{"type": "record", "name": "r12", "fields": [{"name": "x", "type": "int"}]}`
	for i := 11; i >= 0; i-- {
		schema = fmt.Sprintf(`{"type": "record", "name": "r%d", "fields": [{"name": "a", "type": %s},
			{"name": "b", "type": "r%d"}, {"name": "c", "type": "r%d"}, {"name": "d", "type": "r%d"}]}`, i, schema, i+1, i+1, i+1)
	}
	if _, err := Columns([]byte(schema), ZTF); err == nil || !strings.Contains(err.Error(), "more columns than") {
		t.Errorf("error %v", err)
	}
}

func FuzzColumns(f *testing.F) {
	// Seeds are small, since the fuzzer spends its time shrinking large ones.
	for _, text := range []string{
		`[`,
		`{"type": {"type": []}}`,
		one(`["null", "r"]`),
		one(`{"type": "map", "values": "int"}`),
		one(`{"type": "array", "items": {"type": "enum", "name": "x.e", "symbols": ["A"]}}`),
		one(`["null", {"type": "fixed", "name": "f", "size": 2}]`),
		one(`{"type": "long", "logicalType": "timestamp-micros"}`),
		nested(3),
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		columns, err := Columns(text, LSST, Cutouts()...)
		if err != nil {
			return
		}
		if !json.Valid(text) {
			t.Errorf("columns from what is not JSON")
		}
		for path, problem := range problems(columns) {
			t.Errorf("%s: %s", path, problem)
		}
		// What BigQuery would take once, it takes again unchanged.
		merged, conflicts := Merge(columns, columns)
		if diff := cmp.Diff(columns, merged); diff != "" || len(conflicts) > 0 {
			t.Errorf("merged with itself: %v\n%s", conflicts, diff)
		}
	})
}

// problems lists what BigQuery would refuse in a table's columns, by path.
func problems(columns []Column) map[string]string {
	found := map[string]string{}
	count := 0
	var walk func(columns []Column, path string, level int)
	walk = func(columns []Column, path string, level int) {
		seen := map[string]bool{}
		for _, c := range columns {
			count++
			p := strings.TrimPrefix(path+"."+c.Name, ".")
			folded := strings.ToLower(c.Name)
			switch {
			case !isName(c.Name) || checkName(c.Name) != nil:
				found[p] = "invalid name"
			case seen[folded]:
				found[p] = "name used twice"
			case utf8.RuneCountInString(c.Description) > maxDescription:
				found[p] = "description too long"
			case c.Mode != Nullable && c.Mode != Required && c.Mode != Repeated:
				found[p] = "no mode"
			case (c.Type == Record) != (len(c.Fields) > 0):
				found[p] = "a RECORD has fields, and nothing else has"
			case level > maxLevels:
				found[p] = "too deep"
			}
			seen[folded] = true
			walk(c.Fields, p, level+1)
		}
	}
	walk(columns, "", 0)
	if count > maxColumns {
		found[""] = "too many columns"
	}
	return found
}
