package warehouse

import (
	"errors"
	"testing"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/event"
)

// TestIntegersForFloats encodes integers into columns that are FLOAT: exactly,
// or not at all.
func TestIntegersForFloats(t *testing.T) {
	t.Parallel()
	const tooLong = int64(1)<<53 + 1
	prv := func(n int64) []any { return []any{map[string]any{"pid": int64(1)}, map[string]any{"pid": n}} }
	cases := map[string]struct {
		record map[string]any
		want   string // the column that would round
	}{
		"short":             {map[string]any{"n": int32(7), "pid": int64(-7), "pids": []any{int64(7)}, "prv": prv(7)}, ""},
		"none":              {map[string]any{"n": int32(7), "pid": nil, "pids": []any{}, "prv": nil}, ""},
		"long and exact":    {map[string]any{"n": int32(7), "pid": int64(1) << 62, "pids": []any{}, "prv": nil}, ""},
		"too long":          {map[string]any{"n": int32(7), "pid": tooLong, "pids": []any{}, "prv": nil}, "pid"},
		"in an array":       {map[string]any{"n": int32(7), "pid": nil, "pids": []any{int64(1), -tooLong}, "prv": nil}, "pids"},
		"in a record of it": {map[string]any{"n": int32(7), "pid": nil, "pids": []any{}, "prv": prv(tooLong)}, "prv.pid"},
	}
	schema := parseSchema(t, []byte(`{"type":"record","name":"a","fields":[{"name":"n","type":"int"},{"name":"pid","type":["null","long"]},
		{"name":"pids","type":{"type":"array","items":"long"}},{"name":"id","type":"long"},
		{"name":"prv","type":["null",{"type":"array","items":{"type":"record","name":"p","fields":[{"name":"pid","type":"long"}]}}]}]}`))
	float := func(name, mode string) schemas.Column { return column(name, schemas.Float, mode) }
	l := newLayout([]schemas.Column{
		float("n", schemas.Nullable), float("pid", schemas.Nullable), float("pids", schemas.Repeated),
		column("id", schemas.Integer, schemas.Nullable),
		column("prv", schemas.Record, schemas.Repeated, float("pid", schemas.Nullable)),
	})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.record["id"] = tooLong // for a column that is INTEGER
			_, err := l.encode(Row{Record: encodeRecord(t, schema, c.record)})
			var rounds *DigitsError
			if got := errors.As(err, &rounds); got != (c.want != "") || got && (rounds.Column != c.want || !event.IsPermanent(err)) {
				t.Errorf("error is %v, want a permanent one of %q", err, c.want)
			}
		})
	}
	if p := newLayout([]schemas.Column{column("pid", schemas.Integer, schemas.Nullable)}).planFor(schema.Root); p.rounds {
		t.Error("a table without FLOAT is looked at for integers")
	}
}
