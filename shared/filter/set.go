package filter

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/filter/expression"
	"nightwire.dev/shared/names"
)

// Set is the filters of a stream, compiled together. It never changes and is
// safe for concurrent use.
type Set struct {
	filters []*Filter
	program *expression.Program
	digest  string
}

// NewSet compiles filters, each of which is of the stream, in the order of
// their names.
func NewSet(stream names.Stream, filters []*Filter) (*Set, error) {
	language, err := expression.For(stream.Survey())
	if err != nil {
		return nil, err
	}
	s := &Set{filters: slices.Clone(filters), program: expression.NewProgram(language)}
	slices.SortFunc(s.filters, func(a, b *Filter) int { return cmp.Compare(a.Name, b.Name) })
	hash := sha256.New()
	for _, f := range s.filters {
		if !f.For(stream) {
			return nil, fmt.Errorf("filter %s is not of stream %s", f.Name, stream)
		}
		c := f.surveys[stream.Survey()]
		if _, err := s.program.Add(c.condition, c.columns); err != nil {
			return nil, fmt.Errorf("filter %s: %w", f.Name, err)
		}
		fmt.Fprintln(hash, f.ID())
	}
	s.digest = hex.EncodeToString(hash.Sum(nil))
	return s, nil
}

// Filters lists the filters in the order of their names.
func (s *Set) Filters() []*Filter { return s.filters }

// Digest tells two sets apart: SHA-256 of the filters' IDs, in hexadecimal.
func (s *Set) Digest() string { return s.digest }

// Outcome is what a set says of one alert.
type Outcome struct {
	Matches  []Match
	Failures []Failure
}

// Match is a filter that the alert matches.
type Match struct {
	Filter  *Filter
	Columns []Column
}

// Column is a computed column: a bool, int64, float64 or string, or nil where
// it is missing.
type Column struct {
	Name  string
	Value any
}

// Failure is a filter that said nothing, since it took too many steps or too
// long: expression.ErrCost, expression.ErrTime.
type Failure struct {
	Filter *Filter
	Err    error
}

// Evaluate asks every filter about the alert. Each has its own limits of steps
// and time, so that none delays the others.
func (s *Set) Evaluate(a *alert.Alert) Outcome {
	run := s.program.Run(a)
	defer run.Close()
	var o Outcome
	for i, f := range s.filters {
		matched, err := run.Match(i)
		var values []any
		if matched {
			values, err = run.Columns(i)
		}
		switch {
		case err != nil:
			o.Failures = append(o.Failures, Failure{f, err})
		case matched:
			m := Match{Filter: f}
			for j, value := range values {
				m.Columns = append(m.Columns, Column{f.Columns[j], value})
			}
			o.Matches = append(o.Matches, m)
		}
	}
	return o
}
