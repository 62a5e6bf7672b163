package warehouse

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hamba/avro/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"nightwire.dev/schemas"
)

// message has Google's own library judge the layout's descriptor.
func (l *layout) message() (protoreflect.MessageDescriptor, error) {
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("row.proto"), Syntax: proto.String("proto2"),
		MessageType: []*descriptorpb.DescriptorProto{l.descriptor},
	}, nil)
	if err != nil {
		return nil, err
	}
	return file.Messages().Get(0), nil
}

func messageOf(t testing.TB, l *layout) protoreflect.MessageDescriptor {
	t.Helper()
	message, err := l.message()
	if err != nil {
		t.Fatal(err)
	}
	return message
}

func TestLayoutIsAValidMessage(t *testing.T) {
	t.Parallel()
	for _, survey := range []string{schemas.ZTF, schemas.LSST} {
		for _, table := range schemas.Tables(survey) {
			t.Run(survey+" "+table.Name, func(t *testing.T) {
				t.Parallel()
				checkFields(t, messageOf(t, newLayout(table.Columns)), table.Columns)
			})
		}
	}
}

// checkFields compares a message's fields with the columns, all the way down.
func checkFields(t *testing.T, message protoreflect.MessageDescriptor, columns []schemas.Column) {
	t.Helper()
	if message.Fields().Len() != len(columns) {
		t.Fatalf("%s has %d fields, want %d", message.Name(), message.Fields().Len(), len(columns))
	}
	modes := map[protoreflect.Cardinality]string{
		protoreflect.Optional: schemas.Nullable, protoreflect.Required: schemas.Required, protoreflect.Repeated: schemas.Repeated,
	}
	for i, c := range columns {
		field := message.Fields().Get(i)
		if string(field.Name()) != c.Name || int(field.Number()) != i+1 || modes[field.Cardinality()] != c.Mode {
			t.Errorf("column %d is %v, want %s %s", i, field, c.Mode, c.Name)
		}
		if c.Type == schemas.Record {
			checkFields(t, field.Message(), c.Fields)
		} else if field.Message() != nil {
			t.Errorf("column %s is a message, want %s", c.Name, c.Type)
		}
	}
}

// oddSchema has what no survey has sent yet: kinds that become JSON, logical
// types, names in another case, a field that the table has not, and a record
// that the table has as something else.
const oddSchema = `{"type":"record","name":"a","fields":[
	{"name":"unknown","type":"string"},
	{"name":"labels","type":{"type":"map","values":"long"}},
	{"name":"either","type":["null","long","string"]},
	{"name":"gaps","type":{"type":"array","items":["null","long"]}},
	{"name":"maps","type":{"type":"array","items":{"type":"map","values":"long"}}},
	{"name":"never","type":["null"]},
	{"name":"MAG","type":"float"},
	{"name":"four","type":{"type":"fixed","name":"four","size":4}},
	{"name":"band","type":{"type":"enum","name":"band","symbols":["g","r"]}},
	{"name":"millis","type":{"type":"long","logicalType":"timestamp-millis"}},
	{"name":"micros","type":{"type":"long","logicalType":"timestamp-micros"}},
	{"name":"day","type":{"type":"int","logicalType":"date"}},
	{"name":"inner","type":{"type":"record","name":"inner","fields":[
		{"name":"dropped","type":"string"},{"name":"kept","type":["null","long"]}]}},
	{"name":"last","type":"string"}]}`

func oddRecord(t *testing.T) Row {
	t.Helper()
	encoded, err := avro.Marshal(avro.MustParse(oddSchema), map[string]any{
		"unknown": "u", "labels": map[string]any{"a": int64(1<<53 + 1)}, "either": map[string]any{"string": "s"},
		"gaps": []any{int64(1), nil}, "maps": []any{map[string]any{"a": int64(1)}, map[string]any{}}, "never": nil,
		"MAG": float32(18.5), "four": [4]byte{0xff, 0, 1, 2}, "band": "r",
		"millis": int64(-1), "micros": int64(-1), "day": int32(-1),
		"inner": map[string]any{"dropped": "d", "kept": map[string]any{"long": int64(7)}}, "last": "l",
	})
	if err != nil {
		t.Fatal(err)
	}
	v, err := parseSchema(t, []byte(oddSchema)).Record(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return Row{Record: v}
}

func column(name, kind, mode string, fields ...schemas.Column) schemas.Column {
	return schemas.Column{Name: name, Type: kind, Mode: mode, Fields: fields}
}

// TestPlan encodes the odd record into a table that has some of its fields, in
// another order.
func TestPlan(t *testing.T) {
	t.Parallel()
	l := newLayout([]schemas.Column{
		column("last", schemas.String, schemas.Required),
		column("mag", schemas.Float, schemas.Nullable),
		column("nobody_fills_this", schemas.Integer, schemas.Nullable),
		column("labels", schemas.JSON, schemas.Nullable),
		column("either", schemas.JSON, schemas.Nullable),
		column("gaps", schemas.JSON, schemas.Nullable),
		column("maps", schemas.JSON, schemas.Repeated),
		column("never", schemas.JSON, schemas.Nullable),
		column("four", schemas.Bytes, schemas.Nullable),
		column("band", schemas.String, schemas.Nullable),
		column("millis", schemas.Timestamp, schemas.Nullable),
		column("micros", schemas.Timestamp, schemas.Nullable),
		column("day", schemas.Date, schemas.Nullable),
		column("inner", schemas.Record, schemas.Nullable, column("kept", schemas.Integer, schemas.Nullable)),
	})
	encoded, err := l.encode(oddRecord(t))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"last": "l", "mag": 18.5, "labels": `{"a":9007199254740993}`, "either": `"s"`, "gaps": `[1,null]`,
		"maps": []any{`{"a":1}`, `{}`}, "four": []byte{0xff, 0, 1, 2}, "band": "r",
		"millis": int64(-1000), "micros": int64(-1), "day": int64(-1), // all before 1970
		"inner": map[string]any{"kept": int64(7)},
	}
	if diff := cmp.Diff(want, columnsOf(decode(t, l, encoded))); diff != "" {
		t.Errorf("row (-want +got):\n%s", diff)
	}
}

// TestPlanForADerivedTable encodes the odd record into the table that follows
// from its schema.
func TestPlanForADerivedTable(t *testing.T) {
	t.Parallel()
	columns, err := schemas.Columns([]byte(oddSchema), schemas.ZTF)
	if err != nil {
		t.Fatal(err)
	}
	l := newLayout(columns)
	encoded, err := l.encode(oddRecord(t))
	if err != nil {
		t.Fatal(err)
	}
	got := columnsOf(decode(t, l, encoded))
	for _, c := range columns {
		if _, ok := got[c.Name]; ok == (c.Name == "never") {
			t.Errorf("%s %s is there: %v", c.Type, c.Name, ok)
		}
	}
}

// TestPlanWhereTheTableHasARecord takes fields that are no records to columns
// that are: Cover refuses such a packet, but encoding it must not panic.
func TestPlanWhereTheTableHasARecord(t *testing.T) {
	t.Parallel()
	nested := column("x", schemas.Integer, schemas.Nullable)
	for _, name := range []string{"never", "gaps", "band", "labels", "either"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLayout([]schemas.Column{column(name, schemas.Record, schemas.Nullable, nested)})
			if _, err := l.encode(oddRecord(t)); err != nil {
				t.Error(err)
			}
		})
	}
}
