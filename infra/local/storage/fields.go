package storage

import (
	"encoding/json"
	"strings"
)

// mask is a parsed fields parameter: the members wanted of a resource, each
// with the mask of its own members, which is empty if all are wanted.
type mask map[string]mask

// reduce leaves of a resource what a fields parameter asks for, in the form in
// which the Go client asks: "nextPageToken,items(name,size)".
func reduce(text []byte, fields string) ([]byte, error) {
	wanted, rest := parseMask(fields)
	if rest != "" || strings.ContainsAny(fields, "/*") {
		return nil, invalidParameter("fields", "Invalid field selection %s", fields)
	}
	var resource any
	if err := json.Unmarshal(text, &resource); err != nil {
		return nil, err
	}
	return json.Marshal(wanted.of(resource))
}

// parseMask reads a selection up to its end, or to a parenthesis that it cannot
// make sense of, and returns what follows.
func parseMask(text string) (mask, string) {
	m := mask{}
	for text != "" && text[0] != ')' {
		end := strings.IndexAny(text+",", ",()")
		name, rest := text[:end], text[end:]
		m[name] = mask{}
		if strings.HasPrefix(rest, "(") {
			m[name], rest = parseMask(rest[1:])
			if !strings.HasPrefix(rest, ")") {
				return m, text
			}
			rest = rest[1:]
		}
		text = strings.TrimPrefix(rest, ",")
	}
	return m, text
}

// of selects from a decoded JSON value; from an array, of each element.
func (m mask) of(value any) any {
	if len(m) == 0 {
		return value
	}
	switch value := value.(type) {
	case map[string]any:
		selected := map[string]any{}
		for name, inner := range m {
			if member, exists := value[name]; exists {
				selected[name] = inner.of(member)
			}
		}
		return selected
	case []any:
		for i := range value {
			value[i] = m.of(value[i])
		}
	}
	return value
}
