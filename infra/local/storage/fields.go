package storage

import (
	"encoding/json"
	"maps"
	"regexp"
	"strings"
)

// selection is how a fields parameter may look: "nextPageToken,items(name,size)"
// or "items/name".
var selection = regexp.MustCompile(`^[\w,/()]+$`)

// reduce leaves of a resource what a fields parameter asks for. It is read as a
// pattern of paths: "items(name,size)" is items/(name|size).
func reduce(text []byte, fields string) ([]byte, error) {
	pattern := strings.NewReplacer("(", "/(", ",", "|").Replace(fields)
	asked, err := regexp.Compile("^(" + pattern + ")(/|$)")
	if err != nil || !selection.MatchString(fields) {
		return nil, invalid("Invalid field selection %s", fields)
	}
	var resource any
	if err := json.Unmarshal(text, &resource); err != nil {
		return nil, err
	}
	keep(resource, "", asked)
	return json.Marshal(resource)
}

// keep removes from a decoded value, which lies at a place, the members that are
// not asked for, and says whether anything is left.
func keep(value any, place string, asked *regexp.Regexp) bool {
	left := false
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			left = keep(element, place, asked) || left
		}
	case map[string]any:
		maps.DeleteFunc(value, func(name string, member any) bool {
			here := place + name
			return !asked.MatchString(here) && !keep(member, here+"/", asked)
		})
		left = len(value) > 0
	}
	return left
}
