package schemas

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The files stand one field a line and without prose, so that two versions can be compared by eye. -update lays them
// out anew: whoever adds a version may start from the text in a packet's header.
func TestSchemasAreLaidOutForComparison(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*/*.avsc")
	if err != nil || len(files) == 0 {
		t.Fatalf("no schemas: %v", err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			got, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var tree any
			if err := json.Unmarshal(got, &tree); err != nil {
				t.Fatal(err)
			}
			want := layout(tree, "") + "\n"
			if *update {
				if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, string(got)); diff != "" {
				t.Errorf("layout; -update renews it (-want +got):\n%s", diff)
			}
		})
	}
}

// layout writes a schema one field a line.
func layout(tree any, indent string) string {
	switch tree := tree.(type) {
	case []any:
		var branches []string
		for _, branch := range tree {
			branches = append(branches, layout(branch, indent))
		}
		return "[" + strings.Join(branches, ", ") + "]"
	case map[string]any:
		if tree["type"] == "record" {
			return layoutRecord(tree, indent)
		}
		members := []string{`"type": ` + layout(tree["type"], indent)}
		for _, key := range slices.Sorted(maps.Keys(tree)) {
			if key != "type" {
				members = append(members, fmt.Sprintf("%q: %s", key, layout(tree[key], indent)))
			}
		}
		return "{" + strings.Join(members, ", ") + "}"
	default:
		text, err := json.Marshal(tree)
		if err != nil {
			return err.Error()
		}
		return string(text)
	}
}

func layoutRecord(record map[string]any, indent string) string {
	full := fullName(record["name"].(string), fmt.Sprint(record["namespace"]))
	dot := max(strings.LastIndexByte(full, '.'), 0)
	head := fmt.Sprintf(`"type": "record", "name": %q, "namespace": %q`, simpleName(full), full[:dot])
	for _, key := range slices.Sorted(maps.Keys(record)) {
		if !slices.Contains([]string{"type", "name", "namespace", "doc", "fields"}, key) {
			head += fmt.Sprintf(", %q: %s", key, layout(record[key], indent))
		}
	}
	inside := indent + "  "
	var lines []string
	for _, item := range record["fields"].([]any) {
		field := item.(map[string]any)
		line := fmt.Sprintf(`%s{"name": %q, "type": %s`, inside, field["name"], layout(field["type"], inside))
		if value, ok := field["default"]; ok {
			line += `, "default": ` + layout(value, inside)
		}
		lines = append(lines, line+"}")
	}
	return "{" + head + `, "fields": [` + "\n" + strings.Join(lines, ",\n") + "\n" + indent + "]}"
}
