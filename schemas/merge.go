package schemas

import (
	"slices"
	"strings"
)

// Conflict is a column that two schemas disagree about; Merge keeps the first's.
type Conflict struct {
	Path string // dotted: "diaSource.psfNdata"
	Have string // what the first has: "INTEGER", "REPEATED RECORD", or its spelling of the name
	Want string // what the second asks for

	// Widens tells that the column holds INTEGER and FLOAT is wanted. Merge does not widen it, since integers above
	// 2^53, such as candid, would lose digits, and BigQuery does so only outside arrays (see Widen); whoever owns the
	// table decides.
	Widens bool
}

// Merge returns the columns that take the rows of both schemas: those of a in their order, then those that only b has.
// A column that not both have is NULLABLE, or REPEATED; one that both have is REQUIRED only where both say so. A FLOAT
// column takes integers too, so FLOAT in a and INTEGER in b is no conflict; an integer that it cannot hold exactly is
// for whoever writes the row to refuse. The description is a's, or b's where a has none. Neither argument is changed.
//
// With a table's columns as a and those of a new schema version as b, the result is what BigQuery can turn the table
// into, and the conflicts name what it cannot take.
func Merge(a, b []Column) ([]Column, []Conflict) {
	return merge(a, b, "")
}

func merge(a, b []Column, path string) ([]Column, []Conflict) {
	var merged []Column
	var conflicts []Conflict
	for _, have := range a {
		i := indexFold(b, have.Name)
		if i < 0 {
			merged = append(merged, relaxed(have))
			continue
		}
		column, found := mergeColumn(have, b[i], strings.TrimPrefix(path+"."+have.Name, "."))
		merged = append(merged, column)
		conflicts = append(conflicts, found...)
	}
	for _, want := range b {
		if indexFold(a, want.Name) < 0 {
			merged = append(merged, relaxed(want))
		}
	}
	return merged, conflicts
}

func mergeColumn(have, want Column, path string) (Column, []Conflict) {
	switch {
	case have.Name != want.Name:
		return relaxed(have), []Conflict{{Path: path, Have: have.Name, Want: want.Name}}
	case have.shape() != want.shape() && !have.widerThan(want):
		return relaxed(have), []Conflict{{Path: path, Have: have.shape(), Want: want.shape(), Widens: want.widerThan(have)}}
	}
	if have.Mode == Required && want.Mode != Required {
		have.Mode = Nullable
	}
	if have.Description == "" {
		have.Description = want.Description
	}
	var conflicts []Conflict
	have.Fields, conflicts = merge(have.Fields, want.Fields, path)
	return have, conflicts
}

// relaxed is a column that rows may leave out. The fields inside a record keep their modes: they bind only where the
// record is there.
func relaxed(c Column) Column {
	if c.Mode == Required {
		c.Mode = Nullable
	}
	return c
}

// indexFold finds a column by name as BigQuery does, without regard to case.
func indexFold(columns []Column, name string) int {
	return slices.IndexFunc(columns, func(c Column) bool { return strings.EqualFold(c.Name, name) })
}
