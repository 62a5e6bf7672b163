package cost

import (
	"cmp"
	"slices"
)

// Lever is a change of one setting, and what comes of it.
type Lever struct {
	Change string  `json:"change"`
	Night  float64 `json:"night"`          // what a night costs then
	Saves  float64 `json:"million_alerts"` // what is saved a million alerts; less than 0: it costs more
}

// Levers are what could be changed, the most saving first.
func (l Load) Levers(m *Measured, prices *Prices) []Lever {
	now := l.Price(m, prices)
	var levers []Lever
	try := func(change string, l Load) {
		then := l.Price(m, prices)
		if saves := now.Total.Million - then.Total.Million; saves != 0 {
			levers = append(levers, Lever{change, then.Total.Night, saves})
		}
	}
	with := func(change func(*Load)) Load { c := l; change(&c); return c }
	try("keep for half as long (--retention-months)", with(func(l *Load) { l.Retention /= 2 }))
	try("a match names the alert, without its record: readers fetch the file", with(func(l *Load) { l.ThinMatches = true }))
	try("filters choose half as much (--match-fraction)", with(func(l *Load) { l.MatchFraction /= 2 }))
	try("one more reader of every filter (--readers)", with(func(l *Load) { l.Readers++ }))
	try("no compressed tarball beside the files (--no-tarball)", with(func(l *Load) { l.Tarball = false }))
	try("alerts' files to Nearline after 30 days, at most (--colder nearline)", with(func(l *Load) { l.Colder = "nearline" }))
	try("alerts' files to Coldline after 30 days, at most (--colder coldline)", with(func(l *Load) { l.Colder = "coldline" }))
	try("a log without a line for every event (--no-request-logs)", with(func(l *Load) { l.RequestLogs = false }))
	try("alerts with half the history (--history)", with(func(l *Load) { l.History /= 2 }))
	try("people ask the library half as often (--asked)", with(func(l *Load) { l.Asked /= 2 }))
	try("instances with half of the memory", with(func(l *Load) { l.Instances = l.Instances.With(func(i *Instance) { i.MemoryGiB /= 2 }) }))
	try("topics that keep a day of what went through them, not a week", with(func(l *Load) { l.TopicDays /= 7 }))
	try("tarballs that stay in Standard", with(func(l *Load) { l.TarballColder = "" }))
	slices.SortStableFunc(levers, func(a, b Lever) int { return cmp.Compare(b.Saves, a.Saves) })
	return levers
}
