// Package filters is the built-in filters: the same kind of file that anybody
// writes. The local stack puts them into the bucket of products, as the
// deployment does, and the function filter takes them from there like any
// other.
package filters

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"nightwire.dev/shared/filter"
)

//go:embed *.yaml
var files embed.FS

// File is a filter's file.
type File struct {
	Name string // of the filter
	Text []byte
}

// All lists the built-in filters in the order of their names.
func All() ([]File, error) {
	entries, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("read built-in filters: %w", err)
	}
	var all []File
	for _, entry := range entries {
		text, err := files.ReadFile(entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read built-in filters: %w", err)
		}
		all = append(all, File{Name: strings.TrimSuffix(entry.Name(), ".yaml"), Text: text})
	}
	slices.SortFunc(all, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// Parse checks the file.
func (f File) Parse() (*filter.Filter, error) {
	parsed, _, err := filter.Parse(f.Name+".yaml", f.Text)
	return parsed, err
}
