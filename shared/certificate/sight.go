package certificate

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"nightwire.dev/shared/watermark"
)

// Sight is what connectors reported of one night of a partition: one report, or
// several put together by least and greatest.
type Sight struct {
	Night       string
	Topic       string
	Partition   *int64 // nil: the reporter had no partition of the topic
	Partitions  int64  // how many the topic has; 0 if nobody told
	First, Last *int64 // of the night's records that were read; nil if none was
	Low         int64  // the first offset that Kafka had when it was first looked at
	High        int64  // the offset that Kafka would give the next record
	Confirmed   int64  // every record before it was read, or is in a gap
	Gaps        []Gap
	Reported    time.Time // the last time; sights from before the noon of the night stand apart
}

// See takes what the connectors reported of Kafka, all of it at once: of a topic
// with a date in its name the sights of its night, of a fixed topic those of the
// nights around it as well. It settles which records are the night's.
func (a *Account) See(sights []Sight) error {
	seen := map[place]*sighted{}
	for _, s := range sights {
		date, nightly := watermark.TopicNight(s.Topic)
		if nightly && date != a.night {
			continue
		}
		if s.Night >= a.night {
			a.listed[s.Topic] = max(a.listed[s.Topic], s.Partitions)
		}
		if s.Partition == nil {
			continue
		}
		at := place{s.Topic, *s.Partition}
		if seen[at] == nil {
			seen[at] = &sighted{place: at, nightly: nightly, low: s.Low, confirmed: s.Confirmed}
		}
		seen[at].add(s, a.night, a.noon())
	}
	for _, at := range slices.SortedFunc(maps.Keys(seen), func(x, y place) int {
		return cmp.Or(cmp.Compare(x.topic, y.topic), cmp.Compare(x.partition, y.partition))
	}) {
		p := seen[at]
		if p.reported.IsZero() {
			continue // nobody told of it any more: it is of the nights before
		}
		if err := a.Hold(p.held()); err != nil {
			return err
		}
	}
	return nil
}

// sighted is all sights of a partition, put together for one night.
type sighted struct {
	place
	nightly bool // the topic has the records of the night alone

	first, last     *int64 // of the night's records that were read
	before          *int64 // what had been confirmed before the night began
	earlier         int64  // behind the last record of the nights before it
	later           *int64 // the first record of the nights after it
	low             int64
	high, confirmed int64
	gaps            []Gap
	reported        time.Time
}

func (p *sighted) add(s Sight, night string, noon time.Time) {
	p.low, p.confirmed = min(p.low, s.Low), max(p.confirmed, s.Confirmed)
	if s.Reported.Before(noon) {
		p.before = most(p.before, &s.Confirmed)
	}
	switch {
	case s.Night < night:
		if s.Last != nil {
			p.earlier = max(p.earlier, *s.Last+1)
		}
		return
	case s.Night == night:
		p.first, p.last = least(p.first, s.First), most(p.last, s.Last)
	default:
		p.later = least(p.later, s.First)
	}
	p.high = max(p.high, s.High)
	p.gaps = append(p.gaps, s.Gaps...)
	if s.Reported.After(p.reported) {
		p.reported = s.Reported
	}
}

// held settles which records are the night's. A topic with the night in its name
// has no others, and had them from offset 0: what Kafka had let go of when it was
// first looked at is a gap.
//
// In a fixed topic a night's records lie behind all that was confirmed before it
// began and behind those read of earlier nights, and before those read of later
// ones. What lies between and was read by a process that died before it told of
// it may be the night's, and is in its account; so nothing is in none. Where
// nobody looked before the night began, all that Kafka had then may be the
// night's, and so may be what Kafka had let go of.
func (p *sighted) held() Held {
	h := Held{Topic: p.topic, Partition: p.partition, Confirmed: p.confirmed, Gaps: p.gaps, Reported: p.reported}
	if p.nightly {
		h.End = p.high
		if p.low > 0 {
			h.Gaps = append(h.Gaps, Gap{0, p.low})
		}
	} else {
		h.Headless = p.before == nil && p.earlier == 0 && p.low > 0
		h.First, h.End = p.low, p.high
		if p.before != nil {
			h.First = *p.before
		}
		h.First = max(h.First, p.earlier)
		if p.first != nil {
			h.First = min(h.First, *p.first)
		}
		if p.later != nil {
			h.End = *p.later
		}
	}
	if p.last != nil {
		h.End = max(h.End, *p.last+1)
	}
	h.First = max(h.First, 0)
	h.End = max(h.End, h.First)
	for _, g := range h.Gaps {
		if g.From <= h.End && g.To >= h.First { // others are of other nights
			h.First, h.End = min(h.First, g.From), max(h.End, g.To)
		}
	}
	return h
}

func least(x, y *int64) *int64 {
	if x == nil || y != nil && *y < *x {
		return y
	}
	return x
}

func most(x, y *int64) *int64 {
	if x == nil || y != nil && *y > *x {
		return y
	}
	return x
}
