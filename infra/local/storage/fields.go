package storage

import (
	"encoding/json"
	"maps"
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
	case []any:
		for _, element := range value {
			keep(element, place, paths)
		}
	case map[string]any:
		maps.DeleteFunc(value, func(name string, member any) bool {
			here := place + name
			if slices.Contains(paths, here) {
				return false // all of it
			}
			keep(member, here+"/", paths)
			return !slices.ContainsFunc(paths, func(path string) bool { return strings.HasPrefix(path, here+"/") })
		})
	}
}
