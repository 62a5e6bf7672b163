package packet

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Encode appends the record to b. The record has a Go value for each field:
// string, []byte, bool, int32, int64, float32, float64, map[string]any for a
// record, []any for an array, nil for null. A field without a value is an
// error, since a default would hide the omission.
func (s *Schema) Encode(b []byte, record map[string]any) ([]byte, error) {
	return s.Root.encode(b, record)
}

func (t *Type) encode(b []byte, value any) ([]byte, error) {
	switch t.Kind {
	case Union:
		return t.encodeUnion(b, value)
	case Record:
		return t.encodeRecord(b, value)
	case Array:
		return t.encodeArray(b, value)
	}
	switch v := value.(type) {
	case nil:
		if t.Kind == Null {
			return b, nil
		}
	case bool:
		if t.Kind == Boolean && v {
			return append(b, 1), nil
		} else if t.Kind == Boolean {
			return append(b, 0), nil
		}
	case int32:
		if t.Kind == Int || t.Kind == Long {
			return binary.AppendVarint(b, int64(v)), nil
		}
	case int64:
		if t.Kind == Long {
			return binary.AppendVarint(b, v), nil
		}
	case float32:
		if t.Kind == Float {
			return binary.LittleEndian.AppendUint32(b, math.Float32bits(v)), nil
		}
	case float64:
		if t.Kind == Double {
			return binary.LittleEndian.AppendUint64(b, math.Float64bits(v)), nil
		}
	case string:
		if t.Kind == String {
			return append(binary.AppendVarint(b, int64(len(v))), v...), nil
		}
	case []byte:
		if t.Kind == Bytes {
			return appendBytes(b, v), nil
		}
	}
	return nil, fmt.Errorf("a %T is not an Avro %s", value, t.Kind)
}

// encodeUnion takes the first branch that the value fits.
func (t *Type) encodeUnion(b []byte, value any) ([]byte, error) {
	err := fmt.Errorf("an empty union")
	for i, branch := range t.Branches {
		if (value == nil) != (branch.Kind == Null) {
			continue
		}
		var out []byte
		if out, err = branch.encode(binary.AppendVarint(b, int64(i)), value); err == nil {
			return out, nil
		}
	}
	if value == nil {
		return nil, fmt.Errorf("null is not allowed here")
	}
	return nil, err
}

func (t *Type) encodeRecord(b []byte, value any) ([]byte, error) {
	record, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("a %T is not an Avro record", value)
	}
	for i := range t.Fields {
		field := &t.Fields[i]
		part, ok := record[field.Name]
		if !ok {
			return nil, fmt.Errorf("%s: the field has no value", field.Name)
		}
		var err error
		if b, err = field.Type.encode(b, part); err != nil {
			return nil, fmt.Errorf("%s: %w", field.Name, err)
		}
	}
	return b, nil
}

func (t *Type) encodeArray(b []byte, value any) ([]byte, error) {
	items, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("a %T is not an Avro array", value)
	}
	if len(items) == 0 {
		return append(b, 0), nil
	}
	b = binary.AppendVarint(b, int64(len(items)))
	for i, item := range items {
		var err error
		if b, err = t.Elem.encode(b, item); err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return append(b, 0), nil
}
