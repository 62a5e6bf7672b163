// Package watermarks makes rows of what the connectors report of Kafka.
//
// A report enters (package watermark): what one process sees of each partition,
// by night, and which topics there are. Rows of the table watermarks leave, one a
// partition and night, one without a partition for a topic of which the process
// has none, and one without a topic where the report has nothing of the present
// night: it says that somebody looked. The function night reads them.
//
// Idempotency key: connector, reported_at, night, topic and partition. Readers
// take least and greatest, so a report that comes twice, or too late, changes
// nothing.
package watermarks

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
	"nightwire.dev/shared/watermark"
)

// Name is the function's name: its entry point, and its subscription.
const Name = "watermarks"

// atOnce bounds the rows of a report that wait for BigQuery at the same time;
// they share its requests.
const atOnce = 100

// table takes rows; *warehouse.Table is one.
type table interface {
	Append(ctx context.Context, row warehouse.Row) error
}

// Watermarks is the function.
type Watermarks struct {
	Stream names.Stream
	Table  table
}

// Handle writes the rows of one report.
func (f *Watermarks) Handle(ctx context.Context, m *event.Message) error {
	report, err := watermark.Parse(m.Data, f.Stream)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, row := range rows(report) {
		group.Go(func() error { return f.Table.Append(ctx, row) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("rows of the report of %s: %w", report.Connector, err)
	}
	return nil
}

func rows(r watermark.Report) []warehouse.Row {
	present := watermark.Present(r.Stream, r.At)
	all, seen := make([]warehouse.Row, 0, len(r.Partitions)+1), false
	add := func(night string, values warehouse.Values) {
		all, seen = append(all, warehouse.Row{Values: values}), seen || night == present
	}
	counts := map[string]int64{}
	for _, t := range r.Topics {
		counts[t.Name] = t.Partitions
		if slices.ContainsFunc(r.Partitions, func(p watermark.Partition) bool { return p.Topic == t.Name && p.Night == t.Night }) {
			continue
		}
		values := reportValues(r, t.Night)
		values["topic"], values["partitions"] = t.Name, t.Partitions
		add(t.Night, values)
	}
	for _, p := range r.Partitions {
		values := partitionValues(r, p)
		if n, listed := counts[p.Topic]; listed {
			values["partitions"] = n
		}
		add(p.Night, values)
	}
	if !seen {
		add(present, reportValues(r, present))
	}
	return all
}

// reportValues are what all rows of a report have.
func reportValues(r watermark.Report, night string) warehouse.Values {
	return warehouse.Values{
		"night": night, "reported_at": r.At, "connector": r.Connector, "drained": r.Drained, "awaiting": r.Awaiting,
	}
}

func partitionValues(r watermark.Report, p watermark.Partition) warehouse.Values {
	values := reportValues(r, p.Night)
	values["topic"], values["partition"] = p.Topic, p.Partition
	if p.First != nil {
		values["first"], values["last"] = *p.First, *p.Last
	}
	values["low"], values["high"], values["confirmed"] = p.Low, p.High, p.Confirmed
	gaps := make([]warehouse.Values, 0, len(p.Gaps))
	for _, g := range p.Gaps {
		gaps = append(gaps, warehouse.Values{"from": g.From, "to": g.To, "reason": g.Reason})
	}
	values["gaps"] = gaps
	return values
}
