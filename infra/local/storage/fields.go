package storage

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// reduce leaves of a resource what a fields parameter asks for, in the forms in
// which the clients ask: "nextPageToken,items(name,size)", "items/name".
func reduce(text []byte, fields string) ([]byte, error) {
	paths := flatten(fields)
	if strings.ContainsAny(paths, "()*") {
		return nil, invalid("Invalid field selection %s", fields)
	}
	var resource any
	if err := json.Unmarshal(text, &resource); err != nil {
		return nil, err
	}
	keep(resource, "", strings.Split(paths, ","))
	return json.Marshal(resource)
}

// innermost finds a selection within which there is no other.
var innermost = regexp.MustCompile(`([^,()]+)\(([^()]+)\)`)

// flatten writes "items(name,size)" as "items/name,items/size".
func flatten(fields string) string {
	for innermost.MatchString(fields) {
		fields = innermost.ReplaceAllStringFunc(fields, func(selection string) string {
			of, names, _ := strings.Cut(strings.TrimSuffix(selection, ")"), "(")
			return of + "/" + strings.ReplaceAll(names, ",", ","+of+"/")
		})
	}
	return fields
}

// keep removes from a decoded value, which lies at a place, the members that no
// path leads to, or through.
func keep(value any, place string, paths []string) {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			here := place + name
			through := func(path string) bool { return strings.HasPrefix(path, here+"/") }
			switch {
			case slices.Contains(paths, here): // all of it
			case slices.ContainsFunc(paths, through):
				keep(member, here+"/", paths)
			default:
				delete(value, name)
			}
		}
	case []any:
		for _, element := range value {
			keep(element, place, paths)
		}
	}
}
