package certificate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"nightwire.dev/shared/ledger"
)

// Close makes the certificate. The sources were asked at one time; asked is when
// somebody wanted to know, which the proof must reach: zero if that is not known.
func (a *Account) Close(at, asked time.Time) *Certificate {
	c := &Certificate{
		Stream: a.stream, Night: a.night, At: at.UTC(), Latency: percentiles(a.waits),
		Losses: []Loss{}, Doubts: []string{}, Rejections: []Rejection{}, Partitions: []Partition{},
	}
	a.closeRecords(c)
	a.closeFiles(c)
	if a.night != "" {
		until := a.until(at, asked)
		if until.Before(a.end()) {
			c.Until = until.UTC()
		}
		c.Doubts = append(c.Doubts, a.doubts(until)...)
		if c.overRejected() {
			c.Doubts = append(c.Doubts, fmt.Sprintf("%d of %d records are rejected", c.Rejected, c.Records))
		}
	}
	c.judge()
	return c
}

// judge settles the state.
func (c *Certificate) judge() {
	slices.SortFunc(c.Losses, func(x, y Loss) int {
		return cmp.Compare(slices.Index(Causes(), x.Cause), slices.Index(Causes(), y.Cause))
	})
	switch {
	case c.Missing > 0:
		c.State = Missing
	case len(c.Doubts) > 0:
		c.State = Unproven
	default:
		c.State = Clean
	}
}

// closeRecords counts the records by what became of them.
func (a *Account) closeRecords(c *Certificate) {
	lost, reasons := map[Cause]*Loss{}, map[string]int{}
	for _, t := range slices.SortedFunc(slices.Values(a.order), byPlace) {
		p := Partition{Topic: t.Topic, Partition: t.Partition, First: t.First, End: t.End}
		if !t.Reported.IsZero() {
			p.Reported = &t.Reported
		}
		for i, rank := range t.outcomes {
			switch ranked[rank] {
			case ledger.Stored:
				p.Stored++
			case ledger.Duplicate:
				p.Duplicates++
			case ledger.Conflict:
				p.Conflicts++
			case ledger.Rejected:
				p.Rejected++
				reasons[t.reasons[t.First+int64(i)]]++
			default:
				p.Missing++
				cause := t.causeOf(t.First + int64(i))
				if lost[cause] == nil {
					lost[cause] = &Loss{Cause: cause}
				}
				lost[cause].Count++
				lost[cause].extend(t, t.First+int64(i))
			}
		}
		c.Records += len(t.outcomes)
		c.Stored += p.Stored
		c.Duplicates += p.Duplicates
		c.Conflicts += p.Conflicts
		c.Rejected += p.Rejected
		c.Partitions = append(c.Partitions, p)
	}
	for _, l := range lost {
		c.add(*l)
	}
	for reason, n := range reasons {
		c.Rejections = append(c.Rejections, Rejection{reason, n})
	}
	slices.SortFunc(c.Rejections, func(x, y Rejection) int {
		return cmp.Or(cmp.Compare(y.Records, x.Records), cmp.Compare(x.Reason, y.Reason))
	})
	c.Rejections = c.Rejections[:min(len(c.Rejections), MostNamed)]
}

func byPlace(x, y *track) int {
	return cmp.Or(cmp.Compare(x.Topic, y.Topic), cmp.Compare(x.Partition, y.Partition))
}

// extend names a record; they come in order.
func (l *Loss) extend(t *track, offset int64) {
	if n := len(l.Spans); n > 0 {
		last := &l.Spans[n-1]
		if last.Topic == t.Topic && last.Partition == t.Partition && last.Last == offset-1 {
			last.Last = offset
			return
		}
		if n == MostNamed {
			return
		}
	}
	l.Spans = append(l.Spans, Span{t.Topic, t.Partition, offset, offset})
}

// closeFiles counts the files, and names those that lack something.
func (a *Account) closeFiles(c *Certificate) {
	lost := map[Cause]*firsts{}
	counts := map[Cause]int{}
	var brought []mark // the records of files that are not there
	for folder, f := range a.folders {
		for rest, m := range f.marks {
			if m&hasFile != 0 {
				c.Files++
			}
			if m&hasRow != 0 {
				c.Rows++
			}
			if m&hasEvaluation != 0 {
				c.Evaluated++
			}
			for cause := range m.lacks() {
				if lost[cause] == nil {
					lost[cause] = &firsts{limit: MostNamed}
				}
				lost[cause].add(join(folder, rest))
				counts[cause]++
				if cause == NoFile {
					brought = append(brought, m)
				}
			}
		}
	}
	for cause, names := range lost {
		l := Loss{Cause: cause, Count: counts[cause], Names: names.sorted()}
		if cause == NoFile {
			a.addSpans(&l, brought)
		}
		c.add(l)
	}
}

// lacks visits the causes for which a file is incomplete.
func (m mark) lacks() func(func(Cause) bool) {
	return func(yield func(Cause) bool) {
		switch {
		case m&hasFile == 0 && m&inLedger != 0:
			yield(NoFile)
			return
		case m&hasFile == 0:
			yield(FileGone)
			return
		}
		for _, want := range []struct {
			bit   mark
			cause Cause
		}{{inLedger, Unledgered}, {hasRow, NoRow}, {hasEvaluation, Unjudged}} {
			if m&want.bit == 0 && !yield(want.cause) {
				return
			}
		}
	}
}

// addSpans names the records that brought files.
func (a *Account) addSpans(l *Loss, brought []mark) {
	slices.SortFunc(brought, func(x, y mark) int { return cmp.Compare(x>>offsetShift, y>>offsetShift) })
	for _, m := range brought {
		if number, offset, ok := m.record(); ok {
			t := a.order[number]
			l.extend(t, t.First+offset)
		}
	}
}

// CheckSent compares the account with what was sent to Kafka, by topic: a
// record that Kafka confirmed must be in it.
func (c *Certificate) CheckSent(topics map[string]int) {
	known := map[string]int{}
	for _, p := range c.Partitions {
		known[p.Topic] += int(p.End - p.First)
	}
	l := Loss{Cause: Unsent}
	for _, topic := range slices.Sorted(maps.Keys(topics)) {
		if lost := topics[topic] - known[topic]; lost > 0 {
			l.Count += lost
			l.Names = append(l.Names, topic)
		}
	}
	c.Records += l.Count
	c.add(l)
	c.judge()
}

// percentiles are by nearest rank.
func percentiles(waits []int32) Latency {
	if len(waits) == 0 {
		return Latency{}
	}
	slices.Sort(waits)
	rank := func(percent int) float64 { return float64(waits[(len(waits)*percent+99)/100-1]) / 1000 }
	return Latency{P50: rank(50), P90: rank(90), P99: rank(99), Max: rank(100)}
}
