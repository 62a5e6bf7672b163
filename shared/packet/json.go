package packet

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"
	"slices"
	"strconv"
)

// AppendJSON appends the value as JSON, with the survey's names in the
// schema's order. Bytes are base64; NaN and the infinities, which JSON has not,
// are null. Integers keep all their digits, which a reader that has only
// doubles loses: AppendExactJSON is for such.
func (v Value) AppendJSON(b []byte) []byte { return v.appendJSON(jsonWriter{text: b}) }

// AppendExactJSON appends the value as AppendJSON does, but for a long, which
// is a string of its digits, whether it is a large number or a small one. The
// fields of the record itself that except names are left out.
func (v Value) AppendExactJSON(b []byte, except ...string) []byte {
	return v.appendJSON(jsonWriter{text: b, quoteLongs: true, except: except})
}

func (v Value) appendJSON(w jsonWriter) []byte {
	if v.Type == nil {
		return append(w.text, "null"...)
	}
	w.data = v.data
	w.write(v.Type, 0)
	return w.text
}

// jsonWriter writes checked bytes as JSON in one pass.
type jsonWriter struct {
	text       []byte
	data       []byte
	quoteLongs bool
	except     []string // fields of the next record that are left out
}

// write writes the value that begins at data[at], and returns where it ends.
func (w *jsonWriter) write(t *Type, at int) int {
	switch t.Kind {
	case Union:
		branch, size := binary.Varint(w.data[at:])
		return w.write(t.Branches[branch], at+size)
	case Record:
		return w.record(t, at)
	case Array, Map:
		return w.blocks(t, at)
	case Null:
		w.text = append(w.text, "null"...)
		return at
	default:
		w.scalar(Value{Type: t, data: w.data[at:]})
		return t.skip(w.data, at)
	}
}

func (w *jsonWriter) scalar(v Value) {
	switch v.Kind() {
	case Boolean:
		w.text = strconv.AppendBool(w.text, v.Bool())
	case Long:
		if w.quoteLongs {
			w.text = append(strconv.AppendInt(append(w.text, '"'), v.Int(), 10), '"')
			return
		}
		w.text = strconv.AppendInt(w.text, v.Int(), 10)
	case Int:
		w.text = strconv.AppendInt(w.text, v.Int(), 10)
	case Float:
		w.text = appendJSONFloat(w.text, v.Float(), 32)
	case Double:
		w.text = appendJSONFloat(w.text, v.Float(), 64)
	case String, Enum:
		w.text = appendJSONString(w.text, v.Bytes())
	default: // bytes and fixed
		w.text = append(w.text, '"')
		w.text = base64.StdEncoding.AppendEncode(w.text, v.Bytes())
		w.text = append(w.text, '"')
	}
}

func (w *jsonWriter) record(t *Type, at int) int {
	except := w.except
	w.except = nil
	w.text = append(w.text, '{')
	first := true
	for i := range t.Fields {
		f := &t.Fields[i]
		if slices.Contains(except, f.Name) {
			at = f.Type.skip(w.data, at)
			continue
		}
		if !first {
			w.text = append(w.text, ',')
		}
		first = false
		w.text = append(append(append(w.text, '"'), f.Name...), '"', ':') // letters, digits and _, as Avro has it
		at = w.write(f.Type, at)
	}
	w.text = append(w.text, '}')
	return at
}

// blocks writes an array, or a map as an object.
func (w *jsonWriter) blocks(t *Type, at int) int {
	opening, closing := byte('['), byte(']')
	if t.Kind == Map {
		opening, closing = '{', '}'
	}
	w.text = append(w.text, opening)
	for first := true; ; {
		count, next, err := scanBlockHead(w.data, at)
		at = next
		if err != nil || count == 0 {
			break
		}
		for range count {
			if !first {
				w.text = append(w.text, ',')
			}
			first = false
			if t.Kind == Map {
				w.text = append(appendJSONString(w.text, span(w.data[at:])), ':')
				at = keyType.skip(w.data, at)
			}
			at = w.write(t.Elem, at)
		}
	}
	w.text = append(w.text, closing)
	return at
}

func appendJSONString(b, s []byte) []byte {
	if isPlain(s) {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	quoted, err := json.Marshal(string(s))
	if err != nil { // no string fails
		return append(b, `""`...)
	}
	return append(b, quoted...)
}

// isPlain says whether a text stands in JSON as it is, as nearly all do.
func isPlain(s []byte) bool {
	for _, c := range s {
		if c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			return false
		}
	}
	return true
}

func appendJSONFloat(b []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, f, 'g', -1, bits)
}
