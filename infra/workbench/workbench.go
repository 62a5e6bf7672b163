// Package workbench tries filters on alerts before they go live: how many they
// choose, which, and how two of them differ.
//
// A Sample of alerts enters, from a folder, a synthetic night or a night of the
// archive, with one filter or two; a Trial or a Comparison leaves, and prints
// itself. The filters are evaluated by the very code of the function filter. A
// file that is no alert is counted and named, and ends nothing. The command
// line calls it; the package catalogue below it is for filters that are live.
package workbench

import (
	"context"
	"fmt"
	"time"

	"nightwire.dev/infra/source"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/survey"
)

// Sample is the alerts on which filters are tried.
type Sample struct {
	Stream names.Stream
	Source *source.Source

	// Class is what the i-th packet really shows; nil where nobody knows.
	Class func(i int) string

	// Night says that the sample is all of a night's alerts.
	Night bool
}

// Alert is what people want to see of an alert.
type Alert struct {
	ObjectID      string
	Candid        int64
	Band          string // empty where the survey sent no flux
	Mag           alert.Maybe[float64]
	ObservedAt    time.Time
	RADeg, DecDeg float64
	Counterpart   string // what the packet says lies there: counterpart()
	Class         string // what it really is, where the sample knows
}

// Answer is what a filter says of an alert.
type Answer struct {
	Matched bool
	Columns []filter.Column
	Err     error // the filter exceeded its limits
	Took    time.Duration
}

// verdict is what came of one packet of a sample.
type verdict struct {
	packet  string
	err     error // why it is no alert of the stream
	alert   Alert
	answers []Answer // one a filter
}

// judge decodes packets and asks filters. It is safe for concurrent use.
type judge struct {
	sample   Sample
	decoder  *packet.Decoder
	describe *describer
	sets     []*filter.Set // one a filter, so that each is measured by itself
}

func newJudge(s Sample, filters []*filter.Filter) (*judge, error) {
	describe, err := newDescriber(s.Stream.Survey())
	if err != nil {
		return nil, err
	}
	registry := &packet.Registry{Shipped: func(id uint32) ([]byte, bool) {
		schema, ok := schemas.FindConfluent(s.Stream.Survey(), int(id))
		return schema.JSON, ok
	}}
	j := &judge{sample: s, decoder: &packet.Decoder{Registry: registry}, describe: describe}
	for _, f := range filters {
		set, err := filter.NewSet(s.Stream, []*filter.Filter{f})
		if err != nil {
			return nil, err
		}
		j.sets = append(j.sets, set)
	}
	return j, nil
}

// numbered is a packet and its place in the sample.
type numbered struct {
	packet source.Packet
	number int
}

// judge decodes one packet and asks every filter about it.
func (j *judge) judge(ctx context.Context, p numbered) verdict {
	v := verdict{packet: p.packet.Name}
	decoded, err := j.decoder.Decode(ctx, p.packet.Bytes)
	if err != nil {
		v.err = fmt.Errorf("decode: %w", err)
		return v
	}
	a, err := survey.Read(j.sample.Stream, decoded)
	if err != nil {
		v.err = fmt.Errorf("read alert: %w", err)
		return v
	}
	v.alert = j.describe.alert(&a)
	if j.sample.Class != nil {
		v.alert.Class = j.sample.Class(p.number)
	}
	for _, set := range j.sets {
		v.answers = append(v.answers, ask(set, &a))
	}
	return v
}

// ask asks a set of one filter.
func ask(set *filter.Set, a *alert.Alert) Answer {
	began := time.Now()
	outcome := set.Evaluate(a)
	answer := Answer{Took: time.Since(began)}
	for _, m := range outcome.Matches {
		answer.Matched, answer.Columns = true, m.Columns
	}
	for _, f := range outcome.Failures {
		answer.Err = f.Err
	}
	return answer
}
