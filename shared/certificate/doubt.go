package certificate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// freshness is how old a connector's last report may be while the night goes
// on: they report each minute.
const freshness = 15 * time.Minute

// doubts say why nobody knows how far Kafka went. A report proves that until
// then all was told; so of each partition the last must be from after the
// night, or fresh.
func (a *Account) doubts(at time.Time) []string {
	needed := at.Add(-freshness)
	if end := a.end(); end.Before(needed) {
		needed = end
	}
	if a.heard.IsZero() && len(a.order) == 0 && len(a.behind) == 0 {
		return []string{"no connector has told of Kafka"}
	}
	var doubts []string
	if len(a.order) == 0 && a.heard.Before(needed) {
		doubts = append(doubts, "no connector has told of Kafka since "+clock(a.heard))
	}
	silent, since := 0, time.Time{}
	for _, t := range a.order {
		if !t.Reported.Before(needed) {
			continue
		}
		if silent++; silent == 1 || t.Reported.Before(since) {
			since = t.Reported
		}
	}
	if silent > 0 {
		doubts = append(doubts, fmt.Sprintf("of %d partitions no connector has told how far Kafka went since %s", silent, clock(since)))
	}
	for _, at := range slices.SortedFunc(maps.Keys(a.behind), func(x, y place) int {
		return cmp.Or(cmp.Compare(x.topic, y.topic), cmp.Compare(x.partition, y.partition))
	}) {
		doubts = append(doubts, fmt.Sprintf("the ledger knows %s/%d up to offset %d, further than any connector has told", at.topic, at.partition, a.behind[at]))
	}
	return doubts[:min(len(doubts), MostNamed)]
}

// end is when no record of the night can come any more by the calendar: the
// last hour of its UTC date, and of a night from noon to noon the noon after.
func (a *Account) end() time.Time {
	night, err := time.Parse(time.DateOnly, a.night)
	if err != nil {
		return time.Time{}
	}
	return night.Add(36 * time.Hour)
}

func clock(t time.Time) string {
	if t.IsZero() {
		return "ever"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}
