package protorow

import (
	"fmt"
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
	root, err := c.record(descriptor, fields, 0)
	if err != nil {
		return nil, fmt.Errorf("compile writer schema: %w", err)
	}
	return &Plan{*root}, nil
}

// maxDepth is the service's limit on nested records.
const maxDepth = 15

// maxNumber bounds a field's number, since plans are indexed by it.
const maxNumber = 20000

type compiler struct {
	messages map[string]*descriptorpb.DescriptorProto
	enums    map[string]*descriptorpb.EnumDescriptorProto
}

// collect gathers the types that a descriptor defines within itself.
func (c *compiler) collect(scope string, d *descriptorpb.DescriptorProto) {
	name := strings.TrimPrefix(scope+"."+d.GetName(), ".")
	c.messages[name] = d
	for _, e := range d.GetEnumType() {
		c.enums[name+"."+e.GetName()] = e
	}
	for _, nested := range d.GetNestedType() {
		c.collect(name, nested)
	}
}

// lookup finds a type by its name, whatever package stands before it.
func lookup[T any](types map[string]T, name string) (T, bool) {
	name = strings.TrimPrefix(name, ".")
	if t, ok := types[name]; ok {
		return t, true
	}
	for known, t := range types {
		if strings.HasSuffix(name, "."+known) || strings.HasSuffix(known, "."+name) {
			return t, true
		}
	}
	var none T
	return none, false
}

func (c *compiler) record(d *descriptorpb.DescriptorProto, columns []*bq.TableFieldSchema, depth int) (*record, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("records are nested more than %d deep", maxDepth)
	}
	r := &record{columns: columns, template: map[string]any{}}
	index := map[string]int{}
	for i, column := range columns {
		index[strings.ToLower(column.Name)] = i
		r.template[column.Name] = nil
		if column.Mode == "REPEATED" {
			r.template[column.Name] = []any(nil)
		}
		if column.Mode == "REQUIRED" {
			r.required = append(r.required, i)
		}
	}
	for _, f := range d.GetField() {
		name := columnName(f)
		i, ok := index[strings.ToLower(name)]
		if !ok {
			return nil, &ExtraFieldError{name}
		}
		m, err := c.member(f, columns[i], depth)
		if err != nil {
			return nil, err
		}
		m.column = i
		number := int(f.GetNumber())
		if number < 1 || number > maxNumber {
			return nil, fmt.Errorf("field %s: its number %d is above %d", name, number, maxNumber)
		}
		for len(r.byNumber) <= number {
			r.byNumber = append(r.byNumber, nil)
		}
		r.byNumber[number] = m
	}
	return r, nil
}

// ExtraFieldError is a field of the writer's schema that the table lacks.
type ExtraFieldError struct{ Field string }

func (e *ExtraFieldError) Error() string {
	return "Input schema has more fields than BigQuery schema, extra fields: '" + e.Field + "'"
}

// columnName is the column that a field writes to: its own name, unless the
// annotation for names that proto cannot spell says otherwise.
func columnName(f *descriptorpb.FieldDescriptorProto) string {
	if name, _ := proto.GetExtension(f.GetOptions(), storagepb.E_ColumnName).(string); name != "" {
		return name
	}
	return f.GetName()
}

func (c *compiler) member(f *descriptorpb.FieldDescriptorProto, column *bq.TableFieldSchema, depth int) (*member, error) {
	repeated := f.GetLabel() == descriptorpb.FieldDescriptorProto_LABEL_REPEATED
	if repeated != (column.Mode == "REPEATED") {
		return nil, fmt.Errorf("field %s is repeated in the writer's schema or in the table's, but not in both", column.Name)
	}
	m := &member{name: column.Name, repeated: repeated, wire: protowire.BytesType}
	if (f.GetType() == descriptorpb.FieldDescriptorProto_TYPE_MESSAGE) != (column.Type == "RECORD") {
		return nil, mismatch(f, column)
	}
	var err error
	if column.Type == "RECORD" {
		d, ok := lookup(c.messages, f.GetTypeName())
		if !ok {
			return nil, fmt.Errorf("field %s: type %s is not in the writer's schema", column.Name, f.GetTypeName())
		}
		m.nested, err = c.record(d, column.Fields, depth+1)
		return m, err
	}
	if f.GetType() == descriptorpb.FieldDescriptorProto_TYPE_ENUM && column.Type == "STRING" {
		e, ok := lookup(c.enums, f.GetTypeName())
		if !ok {
			return nil, fmt.Errorf("field %s: type %s is not in the writer's schema", column.Name, f.GetTypeName())
		}
		m.wire, m.convert = protowire.VarintType, enumName(e)
		return m, nil
	}
	m.wire, m.convert = scalar(f.GetType(), column.Type)
	if m.convert == nil {
		return nil, mismatch(f, column)
	}
	return m, nil
}

func mismatch(f *descriptorpb.FieldDescriptorProto, column *bq.TableFieldSchema) error {
	kind := strings.ToLower(strings.TrimPrefix(f.GetType().String(), "TYPE_"))
	return fmt.Errorf("the field %s of type %s could not be converted to the column's type %s", column.Name, kind, column.Type)
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
