package certificate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/names"
)

// freshness is how long no connector may be heard of: they report each minute.
const freshness = 15 * time.Minute

// doubts say why nobody knows how far Kafka went. A report proves that until
// then all was told; so of each partition of each topic the last must be from
// after the night, or from after it was asked for.
func (a *Account) doubts(until time.Time) []string {
	var doubts []string
	if len(a.order) == 0 {
		doubts = a.absences(until)
	}
	doubts = append(doubts, a.untold()...)
	silent, headless, since := 0, 0, time.Time{}
	for _, t := range a.order {
		if t.Headless {
			headless++
		}
		if !t.Reported.Before(until) {
			continue
		}
		if silent++; silent == 1 || t.Reported.Before(since) {
			since = t.Reported
		}
	}
	if silent > 0 {
		doubts = append(doubts, fmt.Sprintf("of %d partitions no connector has told how far Kafka went since %s", silent, clock(since)))
	}
	if headless > 0 {
		doubts = append(doubts, fmt.Sprintf("of %d partitions no connector had told when the night began, and Kafka had let go of their first records when one did", headless))
	}
	for _, at := range slices.SortedFunc(maps.Keys(a.behind), func(x, y place) int {
		return cmp.Or(cmp.Compare(x.topic, y.topic), cmp.Compare(x.partition, y.partition))
	}) {
		doubts = append(doubts, fmt.Sprintf("the ledger knows %s/%d up to offset %d, further than any connector has told", at.topic, at.partition, a.behind[at]))
	}
	return doubts[:min(len(doubts), MostNamed)]
}

// absences are the times at which no connector was there to see that there is
// nothing: Kafka may have had a topic, and let go of it.
func (a *Account) absences(until time.Time) []string {
	if len(a.heard) == 0 {
		return []string{"no connector has told of Kafka"}
	}
	slices.SortFunc(a.heard, time.Time.Compare)
	last := a.start()
	if until.Before(last) {
		last = until
	}
	var doubts []string
	absent := func(to time.Time) {
		doubts = append(doubts, fmt.Sprintf("no connector has told of Kafka from %s to %s", clock(last), clock(to)))
	}
	for _, at := range a.heard {
		if at.Before(last) {
			continue
		}
		if at.Sub(last) > freshness && last.Before(until) {
			absent(earlier(at, until))
		}
		last = at
	}
	if last.Before(until) {
		absent(until)
	}
	return doubts
}

// untold are the partitions that a topic has, and of which nobody told.
func (a *Account) untold() []string {
	var doubts []string
	for _, topic := range slices.Sorted(maps.Keys(a.listed)) {
		missing, first := int64(0), int64(0)
		for n := range a.listed[topic] {
			if _, told := a.tracks[place{topic, n}]; told {
				continue
			}
			if missing++; missing == 1 {
				first = n
			}
		}
		if missing > 0 {
			doubts = append(doubts, fmt.Sprintf("%s has %d partitions, and of %d no connector has told, the first being %d", topic, a.listed[topic], missing, first))
		}
	}
	return doubts
}

// until is the time that the proof must reach: when it was asked for, or the
// night's end. Without a word on when it was asked for, a fresh report will do.
func (a *Account) until(at, asked time.Time) time.Time {
	if asked.IsZero() {
		asked = at.Add(-freshness)
	}
	return earlier(asked, a.end())
}

func earlier(x, y time.Time) time.Time {
	if y.Before(x) {
		return y
	}
	return x
}

// start is when the first record of the night may come: a night of LSST begins
// at noon UTC, and one of ZTF is a date in UTC.
func (a *Account) start() time.Time {
	if names.Stream(a.stream).Survey() == schemas.LSST {
		return a.noon()
	}
	return a.noon().Add(-12 * time.Hour)
}

// noon is when a night begins at the telescope; the zero time if the account is
// of no night.
func (a *Account) noon() time.Time {
	night, err := time.Parse(time.DateOnly, a.night)
	if err != nil {
		return time.Time{}
	}
	return night.Add(12 * time.Hour)
}

// end is when no record of the night can come any more by the calendar: the
// noon after.
func (a *Account) end() time.Time { return a.noon().Add(24 * time.Hour) }

// mostRejected is the share of a night's records that may be rejected, in
// percent, where there are enough to speak of a share.
const (
	mostRejected = 1
	enough       = 100
)

// overRejected says whether so many records are rejected that the fault is
// rather with what judges them.
func (c *Certificate) overRejected() bool {
	return c.Records >= enough && c.Rejected*100 > c.Records*mostRejected
}

func clock(t time.Time) string {
	if t.IsZero() {
		return "ever"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}
