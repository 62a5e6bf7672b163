package workbench

import (
	"context"
	"slices"

	"nightwire.dev/shared/filter"
)

// Comparison is how two filters differ on a sample.
type Comparison struct {
	A, B   *filter.Filter
	Sample Sample
	Passed

	Both, OnlyA, OnlyB Chosen
	Differing          []Difference // of the columns that both compute, in A's order
	FailedA, FailedB   int          // alerts on which a filter exceeded its limits
}

// Chosen are alerts that were chosen, and the first of them.
type Chosen struct {
	Count    int
	Examples []Example
}

// Difference is a computed column that has another value in B than in A.
type Difference struct {
	Column string
	Count  int // of the alerts that both match
	Alert  Alert
	A, B   any // of that alert, the first
}

// Compare asks two filters about every alert of a sample.
func Compare(ctx context.Context, s Sample, a, b *filter.Filter, o Options) (*Comparison, error) {
	c := &Comparison{A: a, B: b, Sample: s}
	differing := make([]Difference, len(a.Columns))
	passed, err := pass(ctx, s, o, []*filter.Filter{a, b}, func(v verdict) {
		inA, inB := v.answers[0], v.answers[1]
		switch {
		case inA.Matched && inB.Matched:
			c.Both.add(v.alert, inA.Columns, o.Examples)
			compareColumns(differing, v.alert, inA.Columns, inB.Columns)
		case inA.Matched:
			c.OnlyA.add(v.alert, inA.Columns, o.Examples)
		case inB.Matched:
			c.OnlyB.add(v.alert, inB.Columns, o.Examples)
		}
		if inA.Err != nil {
			c.FailedA++
		}
		if inB.Err != nil {
			c.FailedB++
		}
	})
	if err != nil {
		return nil, err
	}
	c.Passed = passed
	c.Differing = slices.DeleteFunc(differing, func(d Difference) bool { return d.Count == 0 })
	return c, nil
}

func (c *Chosen) add(a Alert, columns []filter.Column, examples int) {
	if c.Count++; c.Count <= examples {
		c.Examples = append(c.Examples, Example{a, columns})
	}
}

// compareColumns notes which columns of the same name differ. Columns come in
// the filter's order.
func compareColumns(differing []Difference, at Alert, a, b []filter.Column) {
	for i, column := range a {
		j := slices.IndexFunc(b, func(other filter.Column) bool { return other.Name == column.Name })
		if j < 0 || b[j].Value == column.Value {
			continue
		}
		if differing[i].Count == 0 {
			differing[i] = Difference{Column: column.Name, Alert: at, A: column.Value, B: b[j].Value}
		}
		differing[i].Count++
	}
}
