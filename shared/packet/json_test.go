package packet_test

import (
	"bytes"
	"encoding/json"
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hamba/avro/v2"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/realdata"
	"nightwire.dev/shared/simulate"
	"pgregory.net/rapid"
)

// sameNumber compares JSON numbers by their value, digit by digit: 1e2 is 100,
// and 9007199254740993 is not 9007199254740992.
var sameNumber = cmp.Comparer(func(a, b json.Number) bool {
	x, okX := new(big.Rat).SetString(a.String())
	y, okY := new(big.Rat).SetString(b.String())
	return okX && okY && x.Cmp(y) == 0
})

// parseJSON reads JSON with all digits.
func parseJSON(t rapid.TB, text []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatalf("%v in %.200q", err, text)
	}
	if decoder.More() {
		t.Fatalf("text after the end of the JSON in %.200q", text)
	}
	return v
}

// without replaces what JSON cannot say: it has no NaN and no infinities.
func without(v any) any {
	switch v := v.(type) {
	case float32:
		if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
			return nil
		}
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
	case map[string]any:
		for key, item := range v {
			v[key] = without(item)
		}
	case []any:
		for i, item := range v {
			v[i] = without(item)
		}
	}
	return v
}

// TestJSONOfAlerts compares our JSON with the standard library's of the same
// record, for alerts of every schema that the simulator knows.
func TestJSONOfAlerts(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"3.3", "4.02"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			shipped, _ := schemas.Find(schemas.ZTF, version)
			schema, err := packet.ParseSchema(shipped.JSON)
			if err != nil {
				t.Fatal(err)
			}
			night, err := simulate.New(simulate.Options{
				Seed: 5, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: 20, Schema: version,
			})
			if err != nil {
				t.Fatal(err)
			}
			for i, record := range night.All() {
				encoded, err := schema.Encode(nil, record)
				if err != nil {
					t.Fatal(err)
				}
				v, err := schema.Record(encoded)
				if err != nil {
					t.Fatal(err)
				}
				text, err := json.Marshal(without(record))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(parseJSON(t, text), parseJSON(t, v.AppendJSON(nil)), sameNumber); diff != "" {
					t.Fatalf("alert %d (-standard library +ours):\n%s", i, diff)
				}
			}
		})
	}
}

func TestJSONOfRealAlerts(t *testing.T) {
	t.Parallel()
	decoder := &packet.Decoder{}
	for _, alert := range realdata.Alerts(t, nil) {
		t.Run(alert.File, func(t *testing.T) {
			t.Parallel()
			p, err := decoder.Decode(t.Context(), alert.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			record, ok := parseJSON(t, p.Record.AppendJSON(nil)).(map[string]any)
			if !ok {
				t.Fatal("the JSON is no object")
			}
			if alert.Truth["survey"] != "ztf" {
				return
			}
			if diff := cmp.Diff(alert.Truth["candid"], record["candid"]); diff != "" {
				t.Errorf("candid (-truth +ours):\n%s", diff)
			}
		})
	}
}

// everyKind is a schema with a field of every kind.
const everyKind = `{"type":"record","name":"a","fields":[
	{"name":"none","type":"null"},
	{"name":"yes","type":"boolean"},
	{"name":"small","type":"int"},
	{"name":"large","type":"long"},
	{"name":"single","type":"float"},
	{"name":"double","type":"double"},
	{"name":"raw","type":"bytes"},
	{"name":"text","type":"string"},
	{"name":"four","type":{"type":"fixed","name":"four","size":4}},
	{"name":"band","type":{"type":"enum","name":"band","symbols":["g","r","i"]}},
	{"name":"list","type":{"type":"array","items":["null","long"]}},
	{"name":"nothing","type":{"type":"array","items":"int"}},
	{"name":"map","type":{"type":"map","values":"double"}},
	{"name":"either","type":["null","long","string"]}]}`

func kinds() map[string]any {
	return map[string]any{
		"none": nil, "yes": true, "small": int32(-7), "large": int64(math.MaxInt64),
		"single": float32(0.1), "double": 0.1, "raw": []byte{0, 1, 254, 255}, "text": "a",
		"four": [4]byte{1, 2, 3, 4}, "band": "r", "list": []any{int64(1), nil, int64(1<<53 + 1)},
		"nothing": []any{}, "map": map[string]any{"x": 1e300}, "either": "b",
	}
}

// writeKinds encodes a record of everyKind with the library, since maps, enums
// and fixed are not for our encoder.
func writeKinds(t rapid.TB, record map[string]any) packet.Value {
	t.Helper()
	encoded, err := avro.Marshal(avro.MustParse(everyKind), record)
	if err != nil {
		t.Fatal(err)
	}
	schema, err := packet.ParseSchema([]byte(everyKind))
	if err != nil {
		t.Fatal(err)
	}
	v, err := schema.Record(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestJSONOfEveryKind(t *testing.T) {
	t.Parallel()
	const want = `{"none":null,"yes":true,"small":-7,"large":9223372036854775807,"single":0.1,"double":0.1,` +
		`"raw":"AAH+/w==","text":"a","four":"AQIDBA==","band":"r","list":[1,null,9007199254740993],"nothing":[],` +
		`"map":{"x":1e+300},"either":"b"}`
	if diff := cmp.Diff(want, string(writeKinds(t, kinds()).AppendJSON(nil))); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	if got := string(packet.Value{}.AppendJSON([]byte("["))); got != "[null" {
		t.Errorf("the zero value appended to [ is %s", got)
	}
}

func TestJSONHasNoNaN(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]float64{"NaN": math.NaN(), "infinity": math.Inf(1), "minus infinity": math.Inf(-1)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			record := kinds()
			record["single"], record["double"], record["map"] = float32(f), f, map[string]any{"x": f}
			got, _ := parseJSON(t, writeKinds(t, record).AppendJSON(nil)).(map[string]any)
			for _, field := range []string{"single", "double"} {
				if got[field] != nil {
					t.Errorf("%s is %v, want null", field, got[field])
				}
			}
			if diff := cmp.Diff(map[string]any{"x": nil}, got["map"]); diff != "" {
				t.Errorf("map (-want +got):\n%s", diff)
			}
		})
	}
}

// TestJSONRoundTrip draws values that are hard for JSON: quotes, controls,
// bytes that are no UTF-8, integers beyond a double, numbers at its limits.
func TestJSONRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		record := kinds()
		record["large"] = rapid.Int64().Draw(t, "large")
		record["single"] = rapid.Float32().Draw(t, "single")
		record["double"] = rapid.Float64().Draw(t, "double")
		record["raw"] = rapid.SliceOf(rapid.Byte()).Draw(t, "raw")
		record["text"] = string(rapid.SliceOf(rapid.Byte()).Draw(t, "text"))
		record["map"] = map[string]any{rapid.String().Draw(t, "key"): rapid.Float64().Draw(t, "value")}
		v := writeKinds(t, record)
		record["four"] = []byte{1, 2, 3, 4} // an array of bytes is a list to the standard library
		text, err := json.Marshal(without(record))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(parseJSON(t, text), parseJSON(t, v.AppendJSON(nil)), sameNumber); diff != "" {
			t.Errorf("JSON (-standard library +ours):\n%s", diff)
		}
	})
}
