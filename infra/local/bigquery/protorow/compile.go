package protorow

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/bigquery/storage/apiv1/storagepb"
	bq "google.golang.org/api/bigquery/v2"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// Compile makes the plan that reads rows of the descriptor into the fields. It
// fails where the descriptor has a field that the table lacks, or whose type
// cannot become the column's.
func Compile(descriptor *descriptorpb.DescriptorProto, fields []*bq.TableFieldSchema) (*Plan, error) {
	c := &compiler{messages: map[string]*descriptorpb.DescriptorProto{}, enums: map[string]*descriptorpb.EnumDescriptorProto{}}
	c.collect("", descriptor)
	p, err := c.plan(descriptor, fields, 0)
	if err != nil {
		return nil, fmt.Errorf("compile writer schema: %w", err)
	}
	return p, nil
}

const (
	maxDepth  = 15    // the service's limit on nested records
	maxNumber = 20000 // of a field, since plans are indexed by it
)

type compiler struct {
	messages map[string]*descriptorpb.DescriptorProto
	enums    map[string]*descriptorpb.EnumDescriptorProto
}

// collect gathers the types that a descriptor defines within itself.
func (c *compiler) collect(scope string, d *descriptorpb.DescriptorProto) {
	name := scope + "." + d.GetName()
	c.messages[name] = d
	for _, e := range d.GetEnumType() {
		c.enums[name+"."+e.GetName()] = e
	}
	for _, nested := range d.GetNestedType() {
		c.collect(name, nested)
	}
}

// lookup finds a type by its name, whatever package stands before it.
func lookup[T any](types map[string]T, name string) (t T, err error) {
	name = "." + strings.TrimPrefix(name, ".")
	if t, ok := types[name]; ok {
		return t, nil
	}
	for known, t := range types {
		if strings.HasSuffix(name, known) || strings.HasSuffix(known, name) {
			return t, nil
		}
	}
	return t, fmt.Errorf("type %s is not in the writer's schema", name)
}

// ExtraFieldError is a field of the writer's schema that the table lacks.
type ExtraFieldError struct{ Field string }

func (e *ExtraFieldError) Error() string {
	return "Input schema has more fields than BigQuery schema, extra fields: '" + e.Field + "'"
}

func (c *compiler) plan(d *descriptorpb.DescriptorProto, columns []*bq.TableFieldSchema, depth int) (*Plan, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("records are nested more than %d deep", maxDepth)
	}
	p := &Plan{columns: columns, empty: make([]driver.Value, len(columns))}
	for i, column := range columns {
		if column.Mode == "REPEATED" {
			p.empty[i] = []any(nil)
		}
	}
	for _, f := range d.GetField() {
		name := f.GetName()
		if annotated, _ := proto.GetExtension(f.GetOptions(), storagepb.E_ColumnName).(string); annotated != "" {
			name = annotated // one that proto cannot spell
		}
		i := slices.IndexFunc(columns, func(column *bq.TableFieldSchema) bool { return strings.EqualFold(column.Name, name) })
		if i < 0 {
			return nil, &ExtraFieldError{name}
		}
		number := int(f.GetNumber())
		if number < 1 || number > maxNumber {
			return nil, fmt.Errorf("field %s: its number %d is not one of 1 to %d", name, number, maxNumber)
		}
		m, err := c.member(f, columns[i], depth)
		if err != nil {
			return nil, err
		}
		m.column = i
		for len(p.members) <= number {
			p.members = append(p.members, nil)
		}
		p.members[number] = m
	}
	return p, nil
}

func (c *compiler) member(f *descriptorpb.FieldDescriptorProto, column *bq.TableFieldSchema, depth int) (*member, error) {
	m := &member{repeated: f.GetLabel() == descriptorpb.FieldDescriptorProto_LABEL_REPEATED, wire: protowire.BytesType}
	if m.repeated != (column.Mode == "REPEATED") {
		return nil, fmt.Errorf("field %s is repeated in the writer's schema or in the table's, but not in both", column.Name)
	}
	kind := f.GetType()
	switch {
	case kind == descriptorpb.FieldDescriptorProto_TYPE_MESSAGE && column.Type == "RECORD":
		d, err := lookup(c.messages, f.GetTypeName())
		if err != nil {
			return nil, err
		}
		m.nested, err = c.plan(d, column.Fields, depth+1)
		return m, err
	case kind == descriptorpb.FieldDescriptorProto_TYPE_ENUM && column.Type == "STRING":
		e, err := lookup(c.enums, f.GetTypeName())
		m.wire, m.convert = protowire.VarintType, enumName(e)
		return m, err
	}
	if m.wire, m.convert = conversion(kind, column.Type); m.convert == nil {
		from := strings.ToLower(strings.TrimPrefix(kind.String(), "TYPE_"))
		return nil, fmt.Errorf("the field %s of type %s could not be converted to the column's type %s", column.Name, from, column.Type)
	}
	return m, nil
}

func enumName(e *descriptorpb.EnumDescriptorProto) convert {
	names := map[int32]string{}
	for _, v := range e.GetValue() {
		names[v.GetNumber()] = v.GetName()
	}
	return func(bits uint64, _ []byte) (any, error) {
		if name, ok := names[int32(bits)]; ok {
			return name, nil
		}
		return nil, fmt.Errorf("%d is no value of the enumeration", int32(bits))
	}
}
