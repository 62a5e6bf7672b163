package warehouse

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	"nightwire.dev/schemas"
	"pgregory.net/rapid"
)

func TestEncodeValues(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		kind  string
		value any
		want  any // nil for a null
	}{
		"text":                        {schemas.String, "ZTF21abiuvdk", "ZTF21abiuvdk"},
		"empty text":                  {schemas.String, "", ""},
		"text that is no UTF-8":       {schemas.String, "a\xff\xfeb", "a\uFFFDb"},
		"bytes":                       {schemas.Bytes, []byte{0, 0xff, 0xfe}, []byte{0, 0xff, 0xfe}},
		"an integer":                  {schemas.Integer, int64(1<<53 + 1), int64(1<<53 + 1)},
		"the smallest integer":        {schemas.Integer, int64(math.MinInt64), int64(math.MinInt64)},
		"a number":                    {schemas.Float, -0.1, -0.1},
		"infinity":                    {schemas.Float, math.Inf(-1), math.Inf(-1)},
		"true":                        {schemas.Boolean, true, true},
		"false":                       {schemas.Boolean, false, false},
		"an instant":                  {schemas.Timestamp, time.Date(2026, 9, 1, 5, 0, 0, 123456789, time.UTC), int64(1788238800123456)},
		"an instant before 1970":      {schemas.Timestamp, time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), int64(-1000000)},
		"an instant elsewhere":        {schemas.Timestamp, time.Date(1970, 1, 1, 2, 0, 0, 0, time.FixedZone("", 7200)), int64(0)},
		"a day":                       {schemas.Date, "2026-09-01", int64(20697)},
		"the first day":               {schemas.Date, "1970-01-01", int64(0)},
		"the day before":              {schemas.Date, "1969-12-31", int64(-1)},
		"the epoch of MJD":            {schemas.Date, "1858-11-17", int64(-40587)},
		"a place":                     {schemas.Geography, "POINT(-159.5 -12.25)", "POINT(-159.5 -12.25)"},
		"JSON":                        {schemas.JSON, `{"a":1}`, `{"a":1}`},
		"null":                        {schemas.String, nil, nil},
		"a record of one":             {schemas.Record, Values{"x": int64(1)}, map[string]any{"x": int64(1)}},
		"a record of a null":          {schemas.Record, Values{"x": nil}, map[string]any{}},
		"an empty record":             {schemas.Record, Values{}, map[string]any{}},
		"a record in another, filled": {schemas.Record, Values{"deep": Values{"y": "z"}}, map[string]any{"deep": map[string]any{"y": "z"}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var fields []schemas.Column
			if c.kind == schemas.Record {
				fields = []schemas.Column{
					column("w", schemas.String, schemas.Nullable),
					column("x", schemas.Integer, schemas.Nullable),
					column("deep", schemas.Record, schemas.Nullable, column("y", schemas.String, schemas.Nullable)),
				}
			}
			l := newLayout([]schemas.Column{column("before", schemas.Float, schemas.Nullable), column("c", c.kind, schemas.Nullable, fields...)})
			encoded, err := l.encode(Row{Values: Values{"c": c.value}})
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]any{}
			if c.want != nil {
				want["c"] = c.want
			}
			if diff := cmp.Diff(want, columnsOf(decode(t, l, encoded))); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	t.Parallel()
	l := newLayout([]schemas.Column{
		column("objectId", schemas.String, schemas.Nullable),
		column("candid", schemas.Integer, schemas.Nullable),
		column("mag", schemas.Float, schemas.Nullable),
		column("night", schemas.Date, schemas.Nullable),
		column("at", schemas.Timestamp, schemas.Nullable),
		column("raw", schemas.Bytes, schemas.Nullable),
		column("kafka", schemas.Record, schemas.Nullable, column("offset", schemas.Integer, schemas.Nullable)),
	})
	cases := map[string]struct {
		values Values
		want   []string
	}{
		"an unknown column":                {Values{"objectID": "a"}, []string{"1 of the 1 values have no column"}},
		"an unknown column beside known":   {Values{"candid": int64(1), "x": 1.0, "y": 2.0}, []string{"2 of the 3 values have no column"}},
		"an unknown column in a record":    {Values{"kafka": Values{"ofset": int64(1)}}, []string{"column kafka", "no column"}},
		"a wrong value in a record":        {Values{"kafka": Values{"offset": "1"}}, []string{"column kafka: column offset", "a string is no value of a INTEGER"}},
		"an int":                           {Values{"candid": 1}, []string{"column candid", "a int is no value"}},
		"text for an integer":              {Values{"candid": "1"}, []string{"column candid", "a string is no value of a INTEGER"}},
		"an integer for a number":          {Values{"mag": int64(18)}, []string{"column mag", "a int64 is no value of a FLOAT"}},
		"a number for an integer":          {Values{"candid": 1.0}, []string{"column candid"}},
		"text for an instant":              {Values{"at": "2026-09-01"}, []string{"column at"}},
		"an instant for a day":             {Values{"night": time.Unix(0, 0)}, []string{"column night"}},
		"a day that is on no calendar":     {Values{"night": "2026-02-30"}, []string{"column night", "2026-02-30"}},
		"an empty day":                     {Values{"night": ""}, []string{"column night"}},
		"text for bytes":                   {Values{"raw": "a"}, []string{"column raw"}},
		"bytes for text":                   {Values{"objectId": []byte("a")}, []string{"column objectId"}},
		"a boolean for text":               {Values{"objectId": true}, []string{"column objectId"}},
		"a record for text":                {Values{"objectId": Values{}}, []string{"column objectId"}},
		"a map that is not called Values":  {Values{"kafka": map[string]any{"offset": int64(1)}}, []string{"column kafka"}},
		"a list, which Values do not have": {Values{"candid": []int64{1}}, []string{"column candid"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := l.encode(Row{Values: c.values})
			if err == nil {
				t.Fatal("the row was encoded")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
}

// TestEncodeRepeated fills columns that hold lists.
func TestEncodeRepeated(t *testing.T) {
	t.Parallel()
	l := newLayout([]schemas.Column{
		column("matched", schemas.String, schemas.Repeated),
		column("failed", schemas.Record, schemas.Repeated,
			column("filter", schemas.String, schemas.Nullable),
			column("within", schemas.String, schemas.Repeated)),
		column("one", schemas.String, schemas.Nullable),
		column("night", schemas.Date, schemas.Repeated),
	})
	cases := map[string]struct {
		values Values
		want   map[string]any // nil for an error
		says   string
	}{
		"texts":         {Values{"matched": []string{"a@1", "", "b\xff"}}, map[string]any{"matched": []any{"a@1", "", "b\uFFFD"}}, ""},
		"no texts":      {Values{"matched": []string{}}, map[string]any{}, ""},
		"nil texts":     {Values{"matched": []string(nil)}, map[string]any{}, ""},
		"records":       {Values{"failed": []Values{{"filter": "a"}, {}}}, map[string]any{"failed": []any{map[string]any{"filter": "a"}, map[string]any{}}}, ""},
		"lists inside":  {Values{"failed": []Values{{"within": []string{"x", "y"}}}}, map[string]any{"failed": []any{map[string]any{"within": []any{"x", "y"}}}}, ""},
		"no records":    {Values{"failed": []Values{}}, map[string]any{}, ""},
		"days":          {Values{"night": []string{"1970-01-02", "1970-01-01"}}, map[string]any{"night": []any{int64(1), int64(0)}}, ""},
		"a bad day":     {Values{"night": []string{"1970-01-02", "today"}}, nil, "column night: item 1:"},
		"for one text":  {Values{"one": []string{"a"}}, nil, "column one: a []string is no value of a STRING"},
		"no column":     {Values{"failed": []Values{{"filtre": "a"}}}, nil, "column failed: item 0:"},
		"texts, wanted": {Values{"failed": []string{"a"}}, nil, "column failed: item 0: a string is no value of a RECORD"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			encoded, err := l.encode(Row{Values: c.values})
			if c.want == nil {
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("error is %v, want it to say %q", err, c.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, columnsOf(decode(t, l, encoded))); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPoint(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		ra, dec float64
		want    string
	}{
		"the origin":             {0, 0, "POINT(0 0)"},
		"half way round":         {180, 45, "POINT(180 45)"},
		"beyond half way":        {181, -45, "POINT(-179 -45)"},
		"all the way round":      {360, 90, "POINT(0 90)"},
		"many digits":            {12.3456789012345, -0.0000001, "POINT(12.3456789012345 -0.0000001)"},
		"close to the beginning": {359.75, 0, "POINT(-0.25 0)"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Point(c.ra, c.dec); got != c.want {
				t.Errorf("point is %s, want %s", got, c.want)
			}
		})
	}
}

// TestNestedLengths crosses the sizes at which a length takes one byte more,
// for records of Values and for records of a packet.
func TestNestedLengths(t *testing.T) {
	t.Parallel()
	l := newLayout([]schemas.Column{
		column("outer", schemas.Record, schemas.Nullable,
			column("inner", schemas.Record, schemas.Repeated, column("text", schemas.String, schemas.Nullable)),
			column("after", schemas.Integer, schemas.Nullable)),
		column("last", schemas.Integer, schemas.Nullable),
	})
	schema := parseSchema(t, []byte(`{"type":"record","name":"a","fields":[
		{"name":"outer","type":{"type":"record","name":"o","fields":[
			{"name":"inner","type":{"type":"array","items":{"type":"record","name":"i","fields":[{"name":"text","type":"string"}]}}},
			{"name":"after","type":"long"}]}},
		{"name":"last","type":"long"}]}`))
	for _, size := range []int{0, 1, 100, 120, 123, 124, 125, 126, 127, 128, 16379, 16380, 16381, 16382, 16383, 16384, 2097151, 2097152} {
		text := strings.Repeat("x", size)
		record := encodeRecord(t, schema, map[string]any{
			"outer": map[string]any{"inner": []any{map[string]any{"text": text}, map[string]any{"text": "second"}}, "after": int64(1)},
			"last":  int64(2),
		})
		values := Values{"outer": Values{"inner": Values{"text": text}, "after": int64(1)}, "last": int64(2)}
		second := map[string]any{"text": "second"}
		for name, c := range map[string]struct {
			row   Row
			inner []any
		}{
			"packet": {Row{Record: record}, []any{map[string]any{"text": text}, second}},
			"values": {Row{Values: values}, []any{map[string]any{"text": text}}},
		} {
			encoded, err := l.encode(c.row)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]any{"outer": map[string]any{"inner": c.inner, "after": int64(1)}, "last": int64(2)}
			if diff := cmp.Diff(want, columnsOf(decode(t, l, encoded))); diff != "" {
				t.Errorf("%s of %d bytes (-want +got):\n%.500s", name, size, diff)
			}
		}
	}
}

// TestNestedRoundTrip nests content of any length at any place of a row.
func TestNestedRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		head := rapid.SliceOf(rapid.Byte()).Draw(t, "head")
		content := make([]byte, rapid.IntRange(0, 1<<17).Draw(t, "length"))
		for i := range content {
			content[i] = byte(i)
		}
		number := rapid.IntRange(1, 10000).Draw(t, "number")
		b := appendNested(append([]byte(nil), head...), number, func(b []byte) []byte { return append(b, content...) })
		if string(b[:len(head)]) != string(head) {
			t.Fatal("what was there before has changed")
		}
		got, kind, n := protowire.ConsumeTag(b[len(head):])
		if n < 0 || int(got) != number || kind != protowire.BytesType {
			t.Fatalf("tag is %d %d, length %d", got, kind, n)
		}
		inner, m := protowire.ConsumeBytes(b[len(head)+n:])
		if len(head)+n+m != len(b) || string(inner) != string(content) {
			t.Fatalf("content of %d bytes came back with %d", len(content), len(inner))
		}
	})
}

// TestPacketText has a survey send a string that is no UTF-8, which BigQuery
// would refuse with the whole row.
func TestPacketText(t *testing.T) {
	t.Parallel()
	schema := parseSchema(t, []byte(`{"type":"record","name":"a","fields":[{"name":"publisher","type":"string"}]}`))
	l := newLayout([]schemas.Column{column("publisher", schemas.String, schemas.Nullable)})
	for sent, want := range map[string]string{"": "", "plain": "plain", "β Lyræ": "β Lyræ", "a\xffb": "a\uFFFDb", "\xc3": "\uFFFD"} {
		encoded, err := l.encode(Row{Record: encodeRecord(t, schema, map[string]any{"publisher": sent})})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]any{"publisher": want}, columnsOf(decode(t, l, encoded))); diff != "" {
			t.Errorf("text %q (-want +got):\n%s", sent, diff)
		}
	}
}
