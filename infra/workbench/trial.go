package workbench

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"nightwire.dev/shared/filter"
)

// Trial is how a filter did on a sample.
type Trial struct {
	Filter *filter.Filter
	Sample Sample
	Passed

	Matches      int
	Failures     []Failure // by reason
	Took         time.Duration
	Brightness   Histogram
	Counterparts []Share // what the packets say, the commonest first
	Classes      []Share // what the sample knows; empty where it knows nothing
	Examples     []Example
}

// Failure is a reason for which the filter came to no verdict, and how often.
type Failure struct {
	Reason string
	Alerts int
}

// Share is a class of objects among all alerts and among the matches.
type Share struct {
	Class        string
	All, Matches int
}

// Example is an alert that was chosen.
type Example struct {
	Alert   Alert
	Columns []filter.Column
}

// Try asks a filter about every alert of a sample.
func Try(ctx context.Context, s Sample, f *filter.Filter, o Options) (*Trial, error) {
	t := &Trial{Filter: f, Sample: s}
	failures := map[string]int{}
	counterparts, classes := shares{}, shares{}
	var took []time.Duration
	passed, err := pass(ctx, s, o, []*filter.Filter{f}, func(v verdict) {
		answer := v.answers[0]
		took = append(took, answer.Took)
		t.Brightness.add(v.alert.Mag, answer.Matched)
		counterparts.add(v.alert.Counterpart, answer.Matched)
		if v.alert.Class != "" {
			classes.add(v.alert.Class, answer.Matched)
		}
		if answer.Err != nil {
			failures[answer.Err.Error()]++
		}
		if !answer.Matched {
			return
		}
		if t.Matches++; t.Matches <= o.Examples {
			t.Examples = append(t.Examples, Example{v.alert, answer.Columns})
		}
	})
	if err != nil {
		return nil, err
	}
	t.Passed, t.Took = passed, median(took)
	t.Counterparts, t.Classes = counterparts.list(), classes.list()
	for _, reason := range slices.Sorted(maps.Keys(failures)) {
		t.Failures = append(t.Failures, Failure{reason, failures[reason]})
	}
	return t, nil
}

// shares counts classes, all and matches.
type shares map[string]*Share

func (s shares) add(class string, matched bool) {
	if s[class] == nil {
		s[class] = &Share{Class: class}
	}
	s[class].All++
	if matched {
		s[class].Matches++
	}
}

// list has the commonest class first.
func (s shares) list() []Share {
	var list []Share
	for _, share := range s {
		list = append(list, *share)
	}
	slices.SortFunc(list, func(a, b Share) int { return cmp.Or(cmp.Compare(b.All, a.All), cmp.Compare(a.Class, b.Class)) })
	return list
}

func median(took []time.Duration) time.Duration {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[len(took)/2]
}
