package record_test

import (
	"database/sql/driver"
	"math"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/bigquery/storage/managedwriter/adapt"
	"github.com/google/go-cmp/cmp"
	bq "google.golang.org/api/bigquery/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"pgregory.net/rapid"

	"nightwire.dev/infra/local/bigquery/record"
)

type kind = descriptorpb.FieldDescriptorProto_Type

// message builds a descriptor; a field's name ends in "s" where it repeats.
func message(tb testing.TB, kinds map[string]kind, nested map[string]kind) protoreflect.MessageDescriptor {
	tb.Helper()
	fields := func(kinds map[string]kind) []*descriptorpb.FieldDescriptorProto {
		var out []*descriptorpb.FieldDescriptorProto
		for name, k := range kinds {
			f := &descriptorpb.FieldDescriptorProto{
				Name: proto.String(name), Number: proto.Int32(int32(len(out) + 1)), Type: k.Enum(),
				Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(),
			}
			if strings.HasSuffix(name, "s") {
				f.Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
				packed := k != descriptorpb.FieldDescriptorProto_TYPE_STRING && k != descriptorpb.FieldDescriptorProto_TYPE_MESSAGE
				f.Options = &descriptorpb.FieldOptions{Packed: proto.Bool(packed)}
			}
			if k == descriptorpb.FieldDescriptorProto_TYPE_MESSAGE {
				f.TypeName = proto.String(".sky.Alert.Entry")
			}
			out = append(out, f)
		}
		return out
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("alert.proto"), Package: proto.String("sky"), Syntax: proto.String("proto2"),
		MessageType: []*descriptorpb.DescriptorProto{{
			Name: proto.String("Alert"), Field: fields(kinds),
			NestedType: []*descriptorpb.DescriptorProto{{Name: proto.String("Entry"), Field: fields(nested)}},
		}},
	}, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return file.Messages().Get(0)
}

var (
	alertKinds = map[string]kind{
		"candid": descriptorpb.FieldDescriptorProto_TYPE_INT64, "fid": descriptorpb.FieldDescriptorProto_TYPE_INT32,
		"jd": descriptorpb.FieldDescriptorProto_TYPE_DOUBLE, "observed_at": descriptorpb.FieldDescriptorProto_TYPE_INT64,
		"magnitudes": descriptorpb.FieldDescriptorProto_TYPE_DOUBLE, "names": descriptorpb.FieldDescriptorProto_TYPE_STRING,
		"entrys": descriptorpb.FieldDescriptorProto_TYPE_MESSAGE,
	}
	entryKinds  = map[string]kind{"note": descriptorpb.FieldDescriptorProto_TYPE_STRING, "rcid": descriptorpb.FieldDescriptorProto_TYPE_INT64}
	alertFields = []*bq.TableFieldSchema{
		{Name: "candid", Type: "INTEGER", Mode: "NULLABLE"}, {Name: "fid", Type: "INTEGER", Mode: "NULLABLE"},
		{Name: "jd", Type: "FLOAT", Mode: "NULLABLE"}, {Name: "observed_at", Type: "TIMESTAMP", Mode: "NULLABLE"},
		{Name: "magnitudes", Type: "FLOAT", Mode: "REPEATED"}, {Name: "names", Type: "STRING", Mode: "REPEATED"},
		{Name: "entrys", Type: "RECORD", Mode: "REPEATED", Fields: []*bq.TableFieldSchema{
			{Name: "note", Type: "STRING", Mode: "NULLABLE"}, {Name: "rcid", Type: "INTEGER", Mode: "NULLABLE"},
		}},
	}
)

// TestRow checks rows against the values that the protobuf library wrote.
func TestProtoRow(t *testing.T) {
	t.Parallel()
	alert := message(t, alertKinds, entryKinds)
	normal, err := adapt.NormalizeDescriptor(alert)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := record.NewProto(normal, alertFields)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		m := dynamicpb.NewMessage(alert)
		by := func(name protoreflect.Name) protoreflect.FieldDescriptor { return alert.Fields().ByName(name) }
		want := []driver.Value{nil, nil, nil, nil, []any(nil), []any(nil), []any(nil)}
		if rapid.Bool().Draw(t, "candid") {
			v := rapid.Int64().Draw(t, "v")
			m.Set(by("candid"), protoreflect.ValueOfInt64(v))
			want[0] = v
		}
		fid := rapid.Int32().Draw(t, "fid")
		m.Set(by("fid"), protoreflect.ValueOfInt32(fid))
		want[1] = int64(fid)
		jd := rapid.Float64().Draw(t, "jd")
		m.Set(by("jd"), protoreflect.ValueOfFloat64(jd))
		want[2] = jd
		micros := rapid.Int64Range(-6e16, 2e17).Draw(t, "micros")
		m.Set(by("observed_at"), protoreflect.ValueOfInt64(micros))
		want[3] = time.UnixMicro(micros).UTC()
		var magnitudes, names, entries []any
		for range rapid.IntRange(0, 4).Draw(t, "n") {
			f, s := rapid.Float64().Draw(t, "f"), rapid.String().Draw(t, "s")
			m.Mutable(by("magnitudes")).List().Append(protoreflect.ValueOfFloat64(f))
			m.Mutable(by("names")).List().Append(protoreflect.ValueOfString(s))
			magnitudes, names = append(magnitudes, f), append(names, []byte(s))
			e := m.Mutable(by("entrys")).List().AppendMutable().Message()
			fields := e.Descriptor().Fields()
			e.Set(fields.ByName("rcid"), protoreflect.ValueOfInt64(math.MaxUint32))
			entry := map[string]any{"note": nil, "rcid": int64(math.MaxUint32)}
			if s != "" {
				e.Set(fields.ByName("note"), protoreflect.ValueOfString(s))
				entry["note"] = []byte(s)
			}
			entries = append(entries, entry)
		}
		want[4], want[5], want[6] = magnitudes, names, entries
		raw, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		got, err := plan.Row(raw)
		if err != nil {
			t.Fatal(err)
		}
		empty := cmp.Transformer("text", func(b []byte) string { return string(b) })
		if diff := cmp.Diff(want, got, empty); diff != "" {
			t.Fatalf("row (-want +got):\n%s", diff)
		}
	})
}

func TestNewProtoRefuses(t *testing.T) {
	t.Parallel()
	alert := message(t, alertKinds, entryKinds)
	normal, err := adapt.NormalizeDescriptor(alert)
	if err != nil {
		t.Fatal(err)
	}
	change := func(i int, f bq.TableFieldSchema) []*bq.TableFieldSchema {
		fields := append([]*bq.TableFieldSchema{}, alertFields...)
		fields[i] = &f
		return fields
	}
	tests := []struct {
		name   string
		fields []*bq.TableFieldSchema
		want   string
	}{
		{"column missing", alertFields[:6], "extra fields: 'entrys'"},
		{"type does not fit", change(2, bq.TableFieldSchema{Name: "jd", Type: "STRING", Mode: "NULLABLE"}), "jd of type double"},
		{"type is not taken", change(2, bq.TableFieldSchema{Name: "jd", Type: "NUMERIC", Mode: "NULLABLE"}), "jd of type double cannot become the column's type NUMERIC here"},
		{"mode does not fit", change(4, bq.TableFieldSchema{Name: "magnitudes", Type: "FLOAT", Mode: "NULLABLE"}), "magnitudes is repeated"},
		{"no record", change(6, bq.TableFieldSchema{Name: "entrys", Type: "STRING", Mode: "REPEATED"}), "entrys of type message"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := record.NewProto(normal, tt.fields); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// A message may have the name of the one that it is defined in.
func TestNestedNamesake(t *testing.T) {
	t.Parallel()
	inner := &descriptorpb.DescriptorProto{Name: proto.String("Alert"), Field: []*descriptorpb.FieldDescriptorProto{
		{Name: proto.String("x"), Number: proto.Int32(1), Type: descriptorpb.FieldDescriptorProto_TYPE_INT64.Enum()},
	}}
	outer := &descriptorpb.DescriptorProto{Name: proto.String("Alert"), Field: []*descriptorpb.FieldDescriptorProto{{
		Name: proto.String("a"), Number: proto.Int32(1), Type: descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum(),
		TypeName: proto.String(".Alert.Alert"),
	}}, NestedType: []*descriptorpb.DescriptorProto{inner}}
	table := []*bq.TableFieldSchema{
		{Name: "a", Type: "RECORD", Mode: "NULLABLE", Fields: []*bq.TableFieldSchema{{Name: "x", Type: "INTEGER", Mode: "NULLABLE"}}},
	}
	plan, err := record.NewProto(outer, table)
	if err != nil {
		t.Fatal(err)
	}
	got, err := plan.Row([]byte{1<<3 | 2, 2, 1 << 3, 7})
	if diff := cmp.Diff([]driver.Value{map[string]any{"x": int64(7)}}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func FuzzProtoRow(f *testing.F) {
	normal, err := adapt.NormalizeDescriptor(message(f, alertKinds, entryKinds))
	if err != nil {
		f.Fatal(err)
	}
	plan, err := record.NewProto(normal, alertFields)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{8, 1})
	f.Add([]byte{0x12, 2, 8, 1, 0xff})
	f.Fuzz(func(t *testing.T, raw []byte) {
		if row, err := plan.Row(raw); err == nil && len(row) != len(alertFields) {
			t.Errorf("%d values for %d columns", len(row), len(alertFields))
		}
	})
}
