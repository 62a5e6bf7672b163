package packet

import (
	"encoding/binary"
	"iter"
	"math"
)

// Value is a value in place: its type, which is never a union, and the bytes
// that begin with it. Values come from Schema.Record, which has checked all of
// them; reading one allocates nothing and cannot fail. A value read as another
// kind than its own, or taken from where there is none, is zero.
//
// The zero Value is null.
type Value struct {
	Type *Type // nil for the zero value
	data []byte
}

// Kind is the kind of the value: Null where it is missing.
func (v Value) Kind() Kind {
	if v.Type == nil {
		return Null
	}
	return v.Type.Kind
}

// IsNull says whether there is no value.
func (v Value) IsNull() bool { return v.Kind() == Null }

// at is the value of the declared type t that begins the data.
func at(t *Type, data []byte) Value {
	for t.Kind == Union {
		branch, size := binary.Varint(data)
		t, data = t.Branches[branch], data[size:]
	}
	return Value{Type: t, data: data}
}

// Get follows the names of nested fields: record.Get("candidate", "magpsf").
// It is null where a name is unknown or something on the way is null.
func (v Value) Get(path ...string) Value {
	for _, name := range path {
		v = v.field(name)
	}
	return v
}

func (v Value) field(name string) Value {
	for field, value := range v.Fields() {
		if field.Name == name {
			return value
		}
	}
	return Value{}
}

// Fields visits the fields of a record in the schema's order.
func (v Value) Fields() iter.Seq2[*Field, Value] {
	return func(yield func(*Field, Value) bool) {
		if v.Kind() != Record {
			return
		}
		rest := v.data
		for i := range v.Type.Fields {
			field := &v.Type.Fields[i]
			if !yield(field, at(field.Type, rest)) {
				return
			}
			rest = rest[size(field.Type, rest):]
		}
	}
}

// Items visits the items of an array.
func (v Value) Items() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		if v.Kind() != Array {
			return
		}
		v.blocks(func(i int, rest []byte) (int, bool) {
			return size(v.Type.Elem, rest), yield(i, at(v.Type.Elem, rest))
		})
	}
}

// keyType is the type of a map's keys.
var keyType = &Type{Kind: String}

// Entries visits the entries of a map in the order of the bytes.
func (v Value) Entries() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		if v.Kind() != Map {
			return
		}
		v.blocks(func(_ int, rest []byte) (int, bool) {
			key := size(keyType, rest)
			return key + size(v.Type.Elem, rest[key:]), yield(string(span(rest)), at(v.Type.Elem, rest[key:]))
		})
	}
}

// blocks calls visit with the start of each item; visit returns its length.
func (v Value) blocks(visit func(i int, rest []byte) (length int, more bool)) {
	rest, i := v.data, 0
	for {
		count, head, err := scanBlockHead(rest, 0)
		if err != nil || count == 0 {
			return
		}
		rest = rest[head:]
		for range count {
			length, more := visit(i, rest)
			if !more {
				return
			}
			rest = rest[length:]
			i++
		}
	}
}

// Len is the number of items of an array.
func (v Value) Len() int {
	n := 0
	for range v.Items() {
		n++
	}
	return n
}

// Int is the value of an int or a long, or the position of an enum's symbol.
func (v Value) Int() int64 {
	switch v.Kind() {
	case Int, Long, Enum:
		n, _ := binary.Varint(v.data)
		return n
	default:
		return 0
	}
}

// Float is the value of any number; a float is widened, not rounded.
func (v Value) Float() float64 {
	switch v.Kind() {
	case Float:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(v.data)))
	case Double:
		return math.Float64frombits(binary.LittleEndian.Uint64(v.data))
	case Int, Long:
		return float64(v.Int())
	default:
		return 0
	}
}

// Bool is the value of a boolean.
func (v Value) Bool() bool { return v.Kind() == Boolean && v.data[0] == 1 }

// Bytes is the content of bytes, a string, a fixed or an enum's symbol. It
// shares memory with the packet.
func (v Value) Bytes() []byte {
	switch v.Kind() {
	case Bytes, String:
		return span(v.data)
	case Fixed:
		return v.data[:v.Type.Size]
	case Enum:
		return []byte(v.Type.Symbols[v.Int()])
	default:
		return nil
	}
}

// Text is Bytes as a string.
func (v Value) Text() string { return string(v.Bytes()) }

// span is the content of length-prefixed bytes.
func span(data []byte) []byte {
	n, head := binary.Varint(data)
	end := head + int(n)
	return data[head:end:end]
}

// size is the length of a value that has been checked.
func size(t *Type, data []byte) int { return t.skip(data, 0) }
