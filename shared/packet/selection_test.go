package packet_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/packet"
	"pgregory.net/rapid"
)

// nested has every kind of field before, between and behind those that a
// selection may take.
const nested = `{"type":"record","name":"top","fields":[
	{"name":"id","type":"long"},
	{"name":"inner","type":["null",{"type":"record","name":"inner","fields":[
		{"name":"a","type":["null","float"]},{"name":"b","type":"string"},{"name":"c","type":["null","int"]},
		{"name":"deep","type":{"type":"record","name":"deep","fields":[{"name":"x","type":"double"},{"name":"y","type":"boolean"}]}},
		{"name":"d","type":"int"}]}]},
	{"name":"list","type":["null",{"type":"array","items":{"type":"record","name":"item","fields":[{"name":"v","type":"int"}]}}]},
	{"name":"blob","type":["null","bytes"]},
	{"name":"last","type":["string","null"]}]}`

// TestSelection compares what a selection reads with what Get finds, for any
// choice of fields and any record.
func TestSelection(t *testing.T) {
	t.Parallel()
	schema, err := packet.ParseSchema([]byte(nested))
	if err != nil {
		t.Fatal(err)
	}
	ways := [][]string{
		{"id"}, {"inner"}, {"inner", "a"}, {"inner", "b"}, {"inner", "c"}, {"inner", "deep"}, {"inner", "deep", "x"}, {"inner", "deep", "y"},
		{"inner", "d"}, {"list"}, {"blob"}, {"last"}, {"nothing"}, {"inner", "nothing"}, {"last", "nothing"},
	}
	rapid.Check(t, func(t *rapid.T) {
		bytes, err := schema.Encode(nil, drawNested(t))
		if err != nil {
			t.Fatal(err)
		}
		record, err := schema.Record(bytes)
		if err != nil {
			t.Fatal(err)
		}
		chosen := rapid.SliceOfNDistinct(rapid.IntRange(0, len(ways)-1), 1, len(ways), rapid.ID[int]).Draw(t, "chosen")
		var paths, want, got []string
		for _, i := range chosen {
			path := ""
			for j, name := range ways[i] {
				if j > 0 {
					path += "."
				}
				path += name
			}
			paths = append(paths, path)
			want = append(want, string(record.Get(ways[i]...).AppendJSON(nil)))
		}
		selection := packet.Select(paths...)
		into := make([]packet.Value, selection.Len())
		for range 2 { // the second time by the way that it learned
			got = got[:0]
			selection.Read(record, into)
			for _, v := range into {
				got = append(got, string(v.AppendJSON(nil)))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%v (-want +got):\n%s", paths, diff)
			}
		}
	})
}

func drawNested(t *rapid.T) map[string]any {
	maybe := func(name string, v any) any {
		if rapid.Bool().Draw(t, name+" is there") {
			return v
		}
		return nil
	}
	var items []any
	for range rapid.IntRange(0, 3).Draw(t, "items") {
		items = append(items, map[string]any{"v": rapid.Int32().Draw(t, "v")})
	}
	return map[string]any{
		"id": rapid.Int64().Draw(t, "id"),
		"inner": maybe("inner", map[string]any{
			"a": maybe("a", rapid.Float32Range(-9, 9).Draw(t, "a")), "b": rapid.StringMatching("[a-z]{0,5}").Draw(t, "b"), "c": maybe("c", rapid.Int32().Draw(t, "c")),
			"deep": map[string]any{"x": rapid.Float64Range(-9, 9).Draw(t, "x"), "y": rapid.Bool().Draw(t, "y")},
			"d":    rapid.Int32().Draw(t, "d"),
		}),
		"list": maybe("list", items), "blob": maybe("blob", rapid.SliceOfN(rapid.Byte(), 0, 5).Draw(t, "blob")),
		"last": maybe("last", "end"),
	}
}
