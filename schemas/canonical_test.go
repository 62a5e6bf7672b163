package schemas

import (
	"crypto/sha256"
	"strings"
	"testing"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, schema, want string
	}{
		{"primitive", `"int"`, `"int"`},
		{"primitive as an object", `{"type": "int"}`, `"int"`},
		{"logical type is stripped", `{"type": "long", "logicalType": "timestamp-micros"}`, `"long"`},
		{"type in a type", `{"type": {"type": "string"}}`, `"string"`},
		{"empty union", `[]`, `[]`},
		{"union", `["null", {"type": "int"}]`, `["null","int"]`},
		{"array", `{"items": "bytes", "type": "array"}`, `{"type":"array","items":"bytes"}`},
		{"map", `{"values": ["null", "double"], "type": "map"}`, `{"type":"map","values":["null","double"]}`},
		{
			"enum",
			`{"type": "enum", "symbols": ["g", "r"], "name": "band", "doc": "filter", "namespace": "x.y", "default": "g"}`,
			`{"name":"x.y.band","type":"enum","symbols":["g","r"]}`,
		},
		{"fixed", `{"type": "fixed", "size": 16, "name": "md5"}`, `{"name":"md5","type":"fixed","size":16}`},
		{
			"record: order, prose, defaults, aliases",
			`{"fields": [{"default": 1, "type": "int", "doc": "d", "order": "ignore", "name": "a"}],
			  "aliases": ["s"], "doc": "d", "name": "r", "type": "record"}`,
			`{"name":"r","type":"record","fields":[{"name":"a","type":"int"}]}`,
		},
		{
			"namespace of the record holds inside",
			`{"type": "record", "name": "x.r", "namespace": "ignored", "fields": [
			   {"name": "a", "type": {"type": "enum", "name": "e", "symbols": ["A"]}},
			   {"name": "b", "type": "e"},
			   {"name": "c", "type": {"type": "x.e"}}]}`,
			`{"name":"x.r","type":"record","fields":[` +
				`{"name":"a","type":{"name":"x.e","type":"enum","symbols":["A"]}},` +
				`{"name":"b","type":"x.e"},{"name":"c","type":"x.e"}]}`,
		},
		{
			"recursive record",
			`{"type": "record", "name": "list", "fields": [{"name": "next", "type": ["null", "list"]}]}`,
			`{"name":"list","type":"record","fields":[{"name":"next","type":["null","list"]}]}`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			parsed, err := parseAvro([]byte(tt.schema))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(parsed.appendCanonical(nil)); got != tt.want {
				t.Errorf("canonical form\n got %s\nwant %s", got, tt.want)
			}
			got, err := Fingerprint([]byte(tt.schema))
			if err != nil || got != sha256.Sum256([]byte(tt.want)) {
				t.Errorf("Fingerprint = %x, %v", got, err)
			}
			again, err := parseAvro([]byte(tt.want))
			if err != nil || string(again.appendCanonical(nil)) != tt.want {
				t.Errorf("the canonical form's canonical form is another one, %v", err)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, schema, want string
	}{
		{"no JSON", `{`, "unexpected end of JSON input"},
		{"empty", ``, "unexpected end of JSON input"},
		{"number", `1`, "a type is a name, an object or a list, not 1"},
		{"unknown name", `"candidate"`, `unknown type "candidate"`},
		{"union in a union", `["null", ["int"]]`, "a union stands directly in a union"},
		{"object without type", `{"name": "a"}`, "a type is a name"},
		{"record without name", `{"type": "record", "fields": []}`, "record has the invalid name"},
		{"record without fields", `{"type": "record", "name": "r"}`, "record r: fields are a list"},
		{"field that is no object", `{"type": "record", "name": "r", "fields": [1]}`, "a field is an object"},
		{"field without name", `{"type": "record", "name": "r", "fields": [{"type": "int"}]}`, "a field has the invalid name"},
		{
			"field of unknown type", `{"type": "record", "name": "r", "namespace": "n", "fields": [{"name": "a", "type": "s"}]}`,
			`record n.r: field a: unknown type "n.s"`,
		},
		{
			"name defined twice", `[{"type": "fixed", "name": "f", "size": 1}, {"type": "fixed", "name": "f", "size": 1}]`,
			"fixed f is defined twice",
		},
		{"fixed of half a byte", `{"type": "fixed", "name": "f", "size": 0.5}`, "size is a count of bytes"},
		{"fixed without size", `{"type": "fixed", "name": "f"}`, "size is a count of bytes"},
		{"enum without symbols", `{"type": "enum", "name": "e"}`, "symbols are a list"},
		{"enum with a number", `{"type": "enum", "name": "e", "symbols": [1]}`, "invalid symbol 1"},
		{"array without items", `{"type": "array"}`, "array: a type is a name"},
		{"map of unknown", `{"type": "map", "values": "x"}`, `map: unknown type "x"`},
		{
			"too deep", strings.Repeat(`{"type": "array", "items": `, 70) + `"int"` + strings.Repeat(`}`, 70),
			"types stand inside each other more than 64 deep",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := Fingerprint([]byte(tt.schema))
			if err == nil || !strings.HasPrefix(err.Error(), "parse schema: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}
