package warehouse

import (
	"fmt"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/packet"
)

// layout is a table's columns as a protocol buffer message: the column at
// index i is field i+1. A row goes out with the layout that it was written for.
type layout struct {
	columns    []schemas.Column
	descriptor *descriptorpb.DescriptorProto

	plans sync.Map // *packet.Type: *plan
}

func newLayout(columns []schemas.Column) *layout {
	return &layout{columns: columns, descriptor: describe("Row", columns)}
}

var protoTypes = map[string]descriptorpb.FieldDescriptorProto_Type{
	schemas.String:    descriptorpb.FieldDescriptorProto_TYPE_STRING,
	schemas.Bytes:     descriptorpb.FieldDescriptorProto_TYPE_BYTES,
	schemas.Integer:   descriptorpb.FieldDescriptorProto_TYPE_INT64,
	schemas.Float:     descriptorpb.FieldDescriptorProto_TYPE_DOUBLE,
	schemas.Boolean:   descriptorpb.FieldDescriptorProto_TYPE_BOOL,
	schemas.Timestamp: descriptorpb.FieldDescriptorProto_TYPE_INT64, // microseconds since 1970
	schemas.Date:      descriptorpb.FieldDescriptorProto_TYPE_INT32, // days since 1970
	schemas.Geography: descriptorpb.FieldDescriptorProto_TYPE_STRING,
	schemas.JSON:      descriptorpb.FieldDescriptorProto_TYPE_STRING,
	schemas.Record:    descriptorpb.FieldDescriptorProto_TYPE_MESSAGE,
}

var protoLabels = map[string]descriptorpb.FieldDescriptorProto_Label{
	schemas.Nullable: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL,
	schemas.Required: descriptorpb.FieldDescriptorProto_LABEL_REQUIRED,
	schemas.Repeated: descriptorpb.FieldDescriptorProto_LABEL_REPEATED,
}

// describe makes the message's descriptor; records become messages inside it,
// as the Storage Write API wants them.
func describe(name string, columns []schemas.Column) *descriptorpb.DescriptorProto {
	message := &descriptorpb.DescriptorProto{Name: proto.String(name)}
	for i, c := range columns {
		field := &descriptorpb.FieldDescriptorProto{
			Name:   proto.String(c.Name),
			Number: proto.Int32(int32(i + 1)),
			Type:   protoTypes[c.Type].Enum(),
			Label:  protoLabels[c.Mode].Enum(),
		}
		if c.Type == schemas.Record {
			nested := fmt.Sprintf("%s_%d", name, i+1)
			field.TypeName = proto.String(nested)
			message.NestedType = append(message.NestedType, describe(nested, c.Fields))
		}
		message.Field = append(message.Field, field)
	}
	return message
}

// plan says, for each field of a record in the schema's order, which column
// takes it.
type plan struct {
	fields []target
	rounds bool // one of the targets does
}

// target is where a field goes.
type target struct {
	column *schemas.Column // nil if no column takes the field
	number int
	nested *plan // for a record, or an array of records
	rounds bool  // an integer may go to a FLOAT, here or within
}

// planFor finds the plan for records of a type, and makes it at first sight.
func (l *layout) planFor(t *packet.Type) *plan {
	if known, ok := l.plans.Load(t); ok {
		return known.(*plan)
	}
	made, _ := l.plans.LoadOrStore(t, newPlan(t, l.columns))
	return made.(*plan)
}

func newPlan(t *packet.Type, columns []schemas.Column) *plan {
	p := &plan{fields: make([]target, len(t.Fields))}
	for i, field := range t.Fields {
		for j := range columns {
			if !strings.EqualFold(columns[j].Name, field.Name) {
				continue
			}
			p.fields[i] = newTarget(field.Type, &columns[j], j+1)
			p.rounds = p.rounds || p.fields[i].rounds
		}
	}
	return p
}

func newTarget(t *packet.Type, column *schemas.Column, number int) target {
	to := target{column: column, number: number}
	if column.Type == schemas.Record {
		if record := recordWithin(t); record != nil {
			to.nested = newPlan(record, column.Fields)
		}
	}
	to.rounds = mayRound(t, to)
	return to
}

// recordWithin is the record that a field holds, alone or in an array; nil if
// it holds none.
func recordWithin(t *packet.Type) *packet.Type {
	t, _ = t.Optional()
	if t != nil && t.Kind == packet.Array {
		t, _ = t.Elem.Optional()
	}
	if t == nil || t.Kind != packet.Record { // Optional is nil for a union of null alone
		return nil
	}
	return t
}
