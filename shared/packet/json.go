package packet

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
)

// AppendJSON appends the value as JSON, with the survey's names in the
// schema's order. Bytes are base64; NaN and the infinities, which JSON has not,
// are null. Integers keep all their digits, which a reader that has only
// doubles loses: AppendExactJSON is for such.
func (v Value) AppendJSON(b []byte) []byte { return v.appendJSON(b, false) }

// AppendExactJSON appends the value as AppendJSON does, but for a long, which
// is a string of its digits, whether it is a large number or a small one.
func (v Value) AppendExactJSON(b []byte) []byte { return v.appendJSON(b, true) }

func (v Value) appendJSON(b []byte, quoteLongs bool) []byte {
	switch v.Kind() {
	case Boolean:
		return strconv.AppendBool(b, v.Bool())
	case Long:
		if quoteLongs {
			b = append(b, '"')
			b = strconv.AppendInt(b, v.Int(), 10)
			return append(b, '"')
		}
		return strconv.AppendInt(b, v.Int(), 10)
	case Int:
		return strconv.AppendInt(b, v.Int(), 10)
	case Float:
		return appendJSONFloat(b, v.Float(), 32)
	case Double:
		return appendJSONFloat(b, v.Float(), 64)
	case String, Enum:
		return appendJSONString(b, v.Text())
	case Bytes, Fixed:
		b = append(b, '"')
		b = base64.StdEncoding.AppendEncode(b, v.Bytes())
		return append(b, '"')
	case Array:
		b = append(b, '[')
		for i, item := range v.Items() {
			if i > 0 {
				b = append(b, ',')
			}
			b = item.appendJSON(b, quoteLongs)
		}
		return append(b, ']')
	case Record:
		b = append(b, '{')
		first := true
		for field, value := range v.Fields() {
			b = appendJSONKey(b, field.Name, &first)
			b = value.appendJSON(b, quoteLongs)
		}
		return append(b, '}')
	case Map:
		b = append(b, '{')
		first := true
		for key, value := range v.Entries() {
			b = appendJSONKey(b, key, &first)
			b = value.appendJSON(b, quoteLongs)
		}
		return append(b, '}')
	default:
		return append(b, "null"...)
	}
}

func appendJSONKey(b []byte, key string, first *bool) []byte {
	if !*first {
		b = append(b, ',')
	}
	*first = false
	return append(appendJSONString(b, key), ':')
}

func appendJSONString(b []byte, s string) []byte {
	if isPlain(s) {
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	quoted, err := json.Marshal(s)
	if err != nil { // no string fails
		return append(b, `""`...)
	}
	return append(b, quoted...)
}

// isPlain says whether a text stands in JSON as it is, as nearly all do.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
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
