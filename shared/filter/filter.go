// Package filter is what people look for in a survey's stream: small files that
// say it, checked, and many of them evaluated together on each alert.
//
// The text of a file enters Parse and leaves as a Filter, or as Faults that say
// which line is wrong and why. A Set holds the filters of one stream; an alert
// enters it, and its Outcome leaves: which filters it matches, with the columns
// that they compute. AppendMessage and Attributes are what subscribers get.
// It knows nothing of clouds: the function filter calls it for every archived
// alert, and the command line for those of a folder or a past night.
//
// A file is YAML:
//
//	name: young-and-rising             # lower case, digits, hyphens
//	version: 1                         # whole number; raise it with each change
//	owner: ada@example.org
//	description: New within three days, and brightening.
//	streams: [ztf]
//	where: |                           # the condition, see package expression
//	  is_positive() && young && rate > 0.1
//	columns:                           # computed, usable above, part of the output
//	  young: age_days() < 3
//	  rate: rise_rate('r', 3)
//	max_matches_an_hour: 200           # over it the filter is paused; 0 is no cap
//	topic: young-and-rising            # of the output, after <stream>-; default: the name
//	enabled: true                      # default
package filter

import (
	"fmt"
	"slices"

	"nightwire.dev/shared/filter/expression"
	"nightwire.dev/shared/names"
)

// Filter is one filter, checked for all its streams.
type Filter struct {
	Name             string
	Version          int
	Owner            string
	Description      string
	Streams          []names.Stream
	Where            string
	Columns          []string // names of the computed columns, in the file's order
	MaxMatchesAnHour int      // 0 is no cap
	Topic            string   // kind of the output topic: names.Resources.Topic names it
	Enabled          bool

	surveys map[string]checked
}

// checked is the filter in the language of one survey.
type checked struct {
	condition *expression.Expression
	columns   []*expression.Expression
}

// ID names the filter and its version: what was notified once is not notified
// again under the same ID.
func (f *Filter) ID() string { return fmt.Sprintf("%s@%d", f.Name, f.Version) }

// For says whether the filter is one of the stream's.
func (f *Filter) For(stream names.Stream) bool { return slices.Contains(f.Streams, stream) }

// Cost foretells the steps of one evaluation, columns included, for the
// survey where it is dearest; expression.MaxCost ends one.
func (f *Filter) Cost() int {
	dearest := 0
	for _, c := range f.surveys {
		cost := c.condition.Cost
		for _, column := range c.columns {
			cost += column.Cost
		}
		dearest = max(dearest, cost)
	}
	return dearest
}

// ColumnTypes are the types of the computed columns: bool, int, double, string.
func (f *Filter) ColumnTypes() []string {
	types := make([]string, len(f.Columns))
	for _, c := range f.surveys {
		for i, column := range c.columns {
			types[i] = column.Type
		}
	}
	return types
}
