// Package scan counts the bytes that BigQuery bills for a query without asking
// BigQuery: the logical size of the columns that the query reads, of the nights
// that it looks at.
//
// A query's text enters, and the tables and views that it may name; Of finds
// which columns of which tables it needs, through views and subqueries, as
// BigQuery leaves out what nobody asks for. Measure asks a warehouse how large
// each column of a table is, by the sizes that BigQuery publishes in "Estimate
// and control costs": INT64, FLOAT64, DATE and TIMESTAMP 8 bytes, BOOL 1,
// STRING and BYTES 2 and their length, GEOGRAPHY 16 and 24 a vertex, a STRUCT
// and an ARRAY what is in them, NULL nothing. The product of both is the scan.
//
// The reader knows as much GoogleSQL as the library and the views have: SELECT
// with WITH, UNION, joins, UNNEST and subqueries. A name that it cannot place is
// an error. Google's own analyser, which package analyser has, says whether a
// query is GoogleSQL at all, but not which fields of a STRUCT it reads.
package scan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nightwire.dev/schemas"
)

// Columns are the columns that a query reads: of each table, by its name, their
// dotted paths in alphabetical order. Each path leads to values, not to a record.
type Columns map[string][]string

// Catalogue is the tables and views that a query may name.
type Catalogue struct {
	tables map[string]schemas.Table
	views  map[string]*query
}

// NewCatalogue has a survey's tables and views.
func NewCatalogue(survey string) (*Catalogue, error) {
	c := &Catalogue{tables: map[string]schemas.Table{}, views: map[string]*query{}}
	for _, table := range schemas.Tables(survey) {
		c.tables[table.Name] = table
	}
	for _, view := range schemas.Views(survey) {
		q, err := parse(strings.ReplaceAll(view.Query, "{dataset}.", ""))
		if err != nil {
			return nil, fmt.Errorf("view %s: %w", view.Name, err)
		}
		c.views[view.Name] = q
	}
	if len(c.tables) == 0 {
		return nil, fmt.Errorf("no tables of survey %q are known", survey)
	}
	return c, nil
}

// Of finds the columns that a query reads.
func (c *Catalogue) Of(sql string) (Columns, error) {
	q, err := parse(sql)
	if err != nil {
		return nil, err
	}
	r := &reader{catalogue: c, read: map[string]map[string]bool{}}
	if err := r.query(q, everything(), nil); err != nil {
		return nil, err
	}
	columns := Columns{}
	for table, paths := range r.read {
		columns[table] = slices.Sorted(maps.Keys(paths))
	}
	return columns, nil
}

// leaf is a column that holds values.
type leaf struct {
	path     string // dotted
	typ      string
	repeated []string // the arrays on the way to it, outermost first: dotted paths
}

// leaves are the columns with values, of a table or a record; before is the path
// to it.
func leaves(columns []schemas.Column, before string, repeated []string) []leaf {
	var all []leaf
	for _, c := range columns {
		path, arrays := strings.TrimPrefix(before+"."+c.Name, "."), repeated
		if c.Mode == schemas.Repeated {
			arrays = append(slices.Clone(repeated), path)
		}
		if c.Type == schemas.Record {
			all = append(all, leaves(c.Fields, path, arrays)...)
			continue
		}
		all = append(all, leaf{path, c.Type, arrays})
	}
	return all
}
