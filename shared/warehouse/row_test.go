package warehouse

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/realdata"
	"nightwire.dev/shared/simulate"
)

// decode reads an encoded row with Google's own decoder, by the descriptor
// that BigQuery is sent. A field that the descriptor has not is an error.
func decode(t testing.TB, l *layout, encoded []byte) protoreflect.Message {
	t.Helper()
	row := dynamicpb.NewMessage(messageOf(t, l))
	if err := proto.Unmarshal(encoded, row); err != nil {
		t.Fatal(err)
	}
	if unknown := row.GetUnknown(); len(unknown) > 0 {
		t.Fatalf("the row has unknown fields: %x", unknown)
	}
	return row
}

// columnsOf reads a decoded row as Go values by column; a missing value is
// left out.
func columnsOf(row protoreflect.Message) map[string]any {
	values := map[string]any{}
	row.Range(func(field protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if !field.IsList() {
			values[string(field.Name())] = plain(v.Interface())
			return true
		}
		items := []any{}
		for i := range v.List().Len() {
			items = append(items, plain(v.List().Get(i).Interface()))
		}
		values[string(field.Name())] = items
		return true
	})
	return values
}

func plain(v any) any {
	switch v := v.(type) {
	case protoreflect.Message:
		return columnsOf(v)
	case int32:
		return int64(v)
	default:
		return v
	}
}

// valuesOf reads from a record what the columns of a table should have: the
// same as columnsOf, from the other end and by the fields' names.
func valuesOf(record packet.Value, columns []schemas.Column) map[string]any {
	values := map[string]any{}
	for _, c := range columns {
		v := record.Get(c.Name)
		switch {
		case v.IsNull(), c.Mode == schemas.Repeated && v.Len() == 0:
		case c.Mode == schemas.Repeated:
			items := []any{}
			for _, item := range v.Items() {
				items = append(items, valueOf(item, c))
			}
			values[c.Name] = items
		default:
			values[c.Name] = valueOf(v, c)
		}
	}
	return values
}

func valueOf(v packet.Value, c schemas.Column) any {
	switch c.Type {
	case schemas.Record:
		return valuesOf(v, c.Fields)
	case schemas.Float:
		return v.Float()
	case schemas.Integer:
		return v.Int()
	case schemas.Timestamp:
		if v.Type.Logical == "timestamp-millis" {
			return v.Int() * 1000
		}
		return v.Int()
	case schemas.Boolean:
		return v.Bool()
	case schemas.Bytes:
		return v.Bytes()
	case schemas.String:
		return v.Text()
	default:
		return fmt.Sprintf("the test does not know a %s", c.Type)
	}
}

// checkRow encodes a record as a row of a survey's alerts and compares each
// value with the packet's.
func checkRow(t *testing.T, l *layout, record packet.Value) {
	t.Helper()
	encoded, err := l.encode(Row{Record: record})
	if err != nil {
		t.Fatal(err)
	}
	want, got := valuesOf(record, l.columns), columnsOf(decode(t, l, encoded))
	if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("row (-record +decoded):\n%s", diff)
	}
	for _, name := range schemas.Cutouts() {
		if _, ok := got[name]; ok {
			t.Errorf("the row has %s", name)
		}
	}
}

func parseSchema(t testing.TB, text []byte) *packet.Schema {
	t.Helper()
	s, err := packet.ParseSchema(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// encodeRecord writes a record and reads it as a value in place.
func encodeRecord(t testing.TB, s *packet.Schema, record map[string]any) packet.Value {
	t.Helper()
	encoded, err := s.Encode(nil, record)
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.Record(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestEncodeSimulated(t *testing.T) {
	t.Parallel()
	l := newLayout(schemas.AlertsStream(schemas.ZTF))
	for _, version := range []string{"3.3", "4.02"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			shipped, _ := schemas.Find(schemas.ZTF, version)
			schema := parseSchema(t, shipped.JSON)
			night, err := simulate.New(simulate.Options{
				Seed: 3, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: 25, Schema: version,
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, record := range night.All() {
				checkRow(t, l, encodeRecord(t, schema, record))
			}
		})
	}
}

// TestEncodeRandom fills every field of every schema that we know: some are
// null, lists are empty or not, integers need all their bits.
func TestEncodeRandom(t *testing.T) {
	t.Parallel()
	for _, shipped := range schemas.All() {
		t.Run(shipped.Survey+" "+shipped.Version, func(t *testing.T) {
			t.Parallel()
			l := newLayout(schemas.AlertsStream(shipped.Survey))
			schema := parseSchema(t, shipped.JSON)
			random := rand.New(rand.NewPCG(1, 2))
			for range 5 {
				checkRow(t, l, encodeRecord(t, schema, draw(random, schema.Root).(map[string]any)))
			}
		})
	}
}

// draw makes a value of a type.
func draw(random *rand.Rand, t *packet.Type) any {
	switch t.Kind {
	case packet.Union:
		inner, optional := t.Optional()
		if optional && random.IntN(4) == 0 {
			return nil
		}
		return draw(random, inner)
	case packet.Record:
		record := map[string]any{}
		for _, field := range t.Fields {
			record[field.Name] = draw(random, field.Type)
		}
		return record
	case packet.Array:
		items := []any{}
		for range random.IntN(4) {
			items = append(items, draw(random, t.Elem))
		}
		return items
	case packet.Boolean:
		return random.IntN(2) == 1
	case packet.Int:
		return int32(random.Uint32())
	case packet.Long:
		return int64(random.Uint64())
	case packet.Float:
		return float32(random.NormFloat64())
	case packet.Double:
		return random.NormFloat64()
	case packet.String:
		return fmt.Sprintf("αβγ %d", random.Uint32())
	case packet.Bytes:
		return []byte{byte(random.Uint32()), 0xff, 0}
	default:
		return nil
	}
}

func TestEncodeReal(t *testing.T) {
	t.Parallel()
	decoder := &packet.Decoder{}
	layouts := map[string]*layout{
		schemas.ZTF: newLayout(schemas.AlertsStream(schemas.ZTF)), schemas.LSST: newLayout(schemas.AlertsStream(schemas.LSST)),
	}
	known := func(truth map[string]any) bool {
		return truth["survey"] == schemas.ZTF || truth["survey"] == schemas.LSST
	}
	for _, alert := range realdata.Alerts(t, known) {
		t.Run(alert.File, func(t *testing.T) {
			t.Parallel()
			p, err := decoder.Decode(t.Context(), alert.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			checkRow(t, layouts[alert.Truth["survey"].(string)], p.Record)
		})
	}
}

// BenchmarkEncode makes the row of a ZTF alert with 30 days of history.
func BenchmarkEncode(b *testing.B) {
	shipped, _ := schemas.Find(schemas.ZTF, "4.02")
	schema := parseSchema(b, shipped.JSON)
	night, err := simulate.New(simulate.Options{Seed: 1, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: 40})
	if err != nil {
		b.Fatal(err)
	}
	var record packet.Value
	for _, r := range night.All() {
		if v := encodeRecord(b, schema, r); v.Get("prv_candidates").Len() > record.Get("prv_candidates").Len() {
			record = v
		}
	}
	l := newLayout(schemas.AlertsStream(schemas.ZTF))
	encoded, err := l.encode(Row{Record: record})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(encoded)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.encode(Row{Record: record}); err != nil {
			b.Fatal(err)
		}
	}
}
