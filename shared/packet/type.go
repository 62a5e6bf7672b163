package packet

import (
	"fmt"

	"github.com/hamba/avro/v2"
)

// Kind is the kind of an Avro type.
type Kind uint8

// The kinds of the Avro specification.
const (
	Null Kind = iota
	Boolean
	Int
	Long
	Float
	Double
	Bytes
	String
	Fixed
	Enum
	Array
	Map
	Record
	Union
)

var kindNames = [...]string{"null", "boolean", "int", "long", "float", "double", "bytes", "string",
	"fixed", "enum", "array", "map", "record", "union"}

func (k Kind) String() string { return kindNames[k] }

// Type is one node of a schema. Recursive schemas make a cycle of types.
type Type struct {
	Kind     Kind
	Name     string   // full name of a record, enum or fixed
	Logical  string   // logicalType, if any: "timestamp-micros", "date"
	Fields   []Field  // of a record, in order
	Elem     *Type    // of an array or a map
	Branches []*Type  // of a union
	Symbols  []string // of an enum
	Size     int      // of a fixed
}

// Field is a named part of a record.
type Field struct {
	Name string
	Doc  string // what the schema says of it
	Type *Type
}

// Optional splits a union with null: it returns the one other branch, and
// whether null was there. Any other type returns itself.
func (t *Type) Optional() (*Type, bool) {
	if t.Kind != Union {
		return t, false
	}
	var other *Type
	for _, branch := range t.Branches {
		if branch.Kind == Null {
			continue
		}
		if other != nil {
			return t, false
		}
		other = branch
	}
	return other, other != nil && len(t.Branches) > 1
}

// typeBuilder turns the library's schema into types; named types are built
// once, so that a reference to a record is the record.
type typeBuilder struct{ named map[string]*Type }

func (b *typeBuilder) build(s avro.Schema) (*Type, error) {
	switch s := s.(type) {
	case *avro.RefSchema:
		return b.build(s.Schema())
	case *avro.NullSchema:
		return &Type{Kind: Null}, nil
	case *avro.PrimitiveSchema:
		return primitive(s)
	case *avro.FixedSchema:
		return &Type{Kind: Fixed, Name: s.FullName(), Logical: logical(s.Logical()), Size: s.Size()}, nil
	case *avro.EnumSchema:
		return &Type{Kind: Enum, Name: s.FullName(), Symbols: s.Symbols()}, nil
	case *avro.ArraySchema:
		elem, err := b.build(s.Items())
		return &Type{Kind: Array, Elem: elem}, err
	case *avro.MapSchema:
		elem, err := b.build(s.Values())
		return &Type{Kind: Map, Elem: elem}, err
	case *avro.UnionSchema:
		return b.union(s)
	case *avro.RecordSchema:
		return b.record(s)
	default:
		return nil, fmt.Errorf("type %s is not supported", s.Type())
	}
}

func (b *typeBuilder) union(s *avro.UnionSchema) (*Type, error) {
	t := &Type{Kind: Union}
	for _, branch := range s.Types() {
		built, err := b.build(branch)
		if err != nil {
			return nil, err
		}
		t.Branches = append(t.Branches, built)
	}
	return t, nil
}

func (b *typeBuilder) record(s *avro.RecordSchema) (*Type, error) {
	if t, ok := b.named[s.FullName()]; ok {
		return t, nil
	}
	t := &Type{Kind: Record, Name: s.FullName()}
	b.named[t.Name] = t
	for _, field := range s.Fields() {
		built, err := b.build(field.Type())
		if err != nil {
			return nil, fmt.Errorf("field %s: %w", field.Name(), err)
		}
		t.Fields = append(t.Fields, Field{Name: field.Name(), Doc: field.Doc(), Type: built})
	}
	return t, nil
}

// maxEmpty bounds the values of a record that take no bytes: nothing in the
// data would bound the time that reading them takes.
const maxEmpty = 64

// checkEmpty refuses a schema whose records contain themselves with nothing
// optional between, or hold more than maxEmpty values that take no bytes.
func (b *typeBuilder) checkEmpty() error {
	counts := map[*Type]int{}
	for _, t := range b.named {
		n, err := t.countEmpty(counts)
		if err != nil {
			return err
		}
		if n > maxEmpty {
			return fmt.Errorf("record %s has more than %d values that take no bytes", t.Name, maxEmpty)
		}
	}
	return nil
}

// countEmpty counts the values of t that take no bytes; counts holds the
// records counted before, and -1 for those being counted.
func (t *Type) countEmpty(counts map[*Type]int) (int, error) {
	switch {
	case t.Kind == Null, t.Kind == Fixed && t.Size == 0, t.Kind == Record && len(t.Fields) == 0:
		return 1, nil
	case t.Kind != Record:
		return 0, nil
	}
	if n, seen := counts[t]; seen {
		if n < 0 {
			return 0, fmt.Errorf("record %s contains itself without end", t.Name)
		}
		return n, nil
	}
	counts[t] = -1
	total := 0
	for _, field := range t.Fields {
		n, err := field.Type.countEmpty(counts)
		if err != nil {
			return 0, err
		}
		total = min(total+n, maxEmpty+1)
	}
	counts[t] = total
	return total, nil
}

var primitives = map[avro.Type]Kind{
	avro.Boolean: Boolean, avro.Int: Int, avro.Long: Long, avro.Float: Float,
	avro.Double: Double, avro.Bytes: Bytes, avro.String: String, avro.Null: Null,
}

func primitive(s *avro.PrimitiveSchema) (*Type, error) {
	kind, ok := primitives[s.Type()]
	if !ok {
		return nil, fmt.Errorf("primitive type %s is not known", s.Type())
	}
	return &Type{Kind: kind, Logical: logical(s.Logical())}, nil
}

func logical(l avro.LogicalSchema) string {
	if l == nil {
		return ""
	}
	return string(l.Type())
}
