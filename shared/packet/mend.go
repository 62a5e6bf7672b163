package packet

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// maxSchemaDepth bounds the nesting of a schema's JSON; surveys use 12.
const maxSchemaDepth = 64

// mend removes from a schema each field default that the Avro specification
// forbids, and says whether there was one. All else keeps its order.
func mend(text []byte) (mended []byte, changed bool, err error) {
	mended, err = rewrite(text, 0, func(field object) bool {
		keep := defaultFits(field)
		changed = changed || !keep
		return keep
	})
	if err != nil || !changed {
		return text, false, err
	}
	return mended, true, nil
}

// withoutDefaults removes every default, for a parser that has rules of its own.
func withoutDefaults(text []byte) []byte {
	stripped, err := rewrite(text, 0, func(object) bool { return false })
	if err != nil {
		return text
	}
	return stripped
}

// object is a JSON object in the order in which it was written.
type object []member

type member struct {
	key   string
	value json.RawMessage
}

func (o object) get(key string) json.RawMessage {
	for _, m := range o {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// rewrite copies JSON without the member "default" of each object for which
// keep is false.
func rewrite(text json.RawMessage, depth int, keep func(object) bool) (json.RawMessage, error) {
	if depth > maxSchemaDepth {
		return nil, fmt.Errorf("nested deeper than %d levels", maxSchemaDepth)
	}
	text = bytes.TrimSpace(text)
	if len(text) == 0 {
		return nil, fmt.Errorf("the text is empty")
	}
	switch text[0] {
	case '{':
		return rewriteObject(text, depth, keep)
	case '[':
		return rewriteArray(text, depth, keep)
	}
	if !json.Valid(text) {
		return nil, fmt.Errorf("not JSON: %.40q", text)
	}
	return text, nil
}

func rewriteObject(text json.RawMessage, depth int, keep func(object) bool) (json.RawMessage, error) {
	members, err := parseObject(text)
	if err != nil {
		return nil, err
	}
	drop := members.get("default") != nil && members.get("type") != nil && !keep(members)
	out := []byte{'{'}
	for _, m := range members {
		if m.key == "default" && drop {
			continue
		}
		value, err := rewrite(m.value, depth+1, keep)
		if err != nil {
			return nil, err
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(appendJSONString(out, []byte(m.key)), ':')
		out = append(out, value...)
	}
	return append(out, '}'), nil
}

func rewriteArray(text json.RawMessage, depth int, keep func(object) bool) (json.RawMessage, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(text, &items); err != nil {
		return nil, err
	}
	out := []byte{'['}
	for i, item := range items {
		value, err := rewrite(item, depth+1, keep)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, value...)
	}
	return append(out, ']'), nil
}

func parseObject(text []byte) (object, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	var members object
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		m := member{key: fmt.Sprint(key)}
		if err := decoder.Decode(&m.value); err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	if end := decoder.InputOffset(); len(bytes.TrimSpace(text[end:])) > 0 {
		return nil, fmt.Errorf("text after the end of the JSON")
	}
	return members, nil
}

// defaultFits says whether a field's default has the JSON form of the field's
// type, which for a union is the type of its first branch.
func defaultFits(field object) bool {
	kind := field.get("type")
	var branches []json.RawMessage
	if json.Unmarshal(kind, &branches) == nil && len(branches) > 0 {
		kind = branches[0]
	}
	var name string
	if json.Unmarshal(kind, &name) != nil {
		var nested struct {
			Type json.RawMessage `json:"type"`
		}
		if json.Unmarshal(kind, &nested) != nil || json.Unmarshal(nested.Type, &name) != nil {
			return true
		}
	}
	first := field.get("default")[0]
	switch name {
	case "null":
		return first == 'n'
	case "boolean":
		return first == 't' || first == 'f'
	case "int", "long", "float", "double":
		return first == '-' || first >= '0' && first <= '9'
	case "string", "bytes", "enum", "fixed":
		return first == '"'
	case "array":
		return first == '['
	case "record", "map":
		return first == '{'
	default: // a named type, defined elsewhere
		return first != 'n'
	}
}
