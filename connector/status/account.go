package status

import (
	"slices"
	"time"

	"nightwire.dev/connector/offsets"
	"nightwire.dev/shared/watermark"
)

// keptGaps bounds the gaps of a partition that are shown; each is logged and
// published too.
const keptGaps = 100

// account is what this process has seen of one partition since it started.
type account struct {
	shown  Partition // as the relay said last
	low    int64     // the first offset that Kafka had at our first look
	night  string    // of a topic that has one; empty: each record has its own
	nights []span    // a later one began later
	gaps   []gap
	owed   bool // the partition has left us, and no report has said so
}

// span is the records of one night that were read.
type span struct {
	night       string
	some        bool // whether there were any
	first, last int64
}

// gap is a Gap and the night to which it counts. In a topic without a night of
// its own nobody knows that of the lost records: it is when they were missed.
type gap struct {
	Gap
	night string
}

func newAccount(p Partition) *account {
	a := &account{low: p.Low}
	if night, ok := watermark.TopicNight(p.Topic); ok {
		a.night = night
		a.nights = []span{{night: night}}
	}
	return a
}

// nightOf is the night to which what Kafka took at a time counts.
func (a *account) nightOf(at time.Time) string {
	if a.night != "" {
		return a.night
	}
	return watermark.RecordNight(at)
}

// span finds a night's records, or begins them.
func (a *account) span(night string) *span {
	i := slices.IndexFunc(a.nights, func(s span) bool { return s.night == night })
	if i < 0 {
		i = len(a.nights)
		a.nights = append(a.nights, span{night: night})
	}
	return &a.nights[i]
}

func (a *account) read(offset int64, at time.Time) {
	s := a.span(a.nightOf(at))
	if !s.some {
		s.some, s.first, s.last = true, offset, offset
	}
	s.first, s.last = min(s.first, offset), max(s.last, offset)
}

func (a *account) miss(g offsets.Gap, now time.Time) {
	night := a.nightOf(now)
	a.span(night) // so that a report tells of the gap
	a.gaps = append(a.gaps, gap{Gap(g), night})
	a.gaps = slices.Delete(a.gaps, 0, max(len(a.gaps)-keptGaps, 0))
}

// watermarks is the account as a report has it. The present night is in it though
// nothing of it was read, and stays until what may be of it is confirmed.
func (a *account) watermarks(now time.Time) []watermark.Partition {
	a.span(a.nightOf(now))
	all := make([]watermark.Partition, 0, len(a.nights))
	for _, s := range a.nights {
		p := watermark.Partition{
			Topic: a.shown.Topic, Partition: int64(a.shown.Partition), Night: s.night,
			Low: a.low, High: a.shown.High, Confirmed: a.shown.Confirmed,
		}
		if s.some {
			// What was read since the relay last looked is in Kafka as well.
			p.First, p.Last, p.High = new(s.first), new(s.last), max(p.High, s.last+1)
		}
		for _, g := range a.gaps {
			if g.night == s.night {
				p.Gaps = append(p.Gaps, watermark.Gap(g.Gap))
			}
		}
		all = append(all, p)
	}
	return all
}

// told notes that a report with p has arrived. A night that is over, all of it
// told, is forgotten: should more of it come, reports combine.
func (a *account) told(p watermark.Partition) {
	if !a.shown.Assigned && a.shown.Confirmed == p.Confirmed {
		a.owed = false
	}
	if a.night != "" || p.Confirmed < p.High {
		return
	}
	newest := len(a.nights) - 1
	a.nights = slices.DeleteFunc(a.nights, func(s span) bool {
		return s.night == p.Night && s.night != a.nights[newest].night && (!s.some || p.Last != nil && *p.Last == s.last)
	})
}
