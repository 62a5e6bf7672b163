// Package topics decides which Kafka topics a stream reads now.
//
// ZTF opens a topic a night, which exists only once alerts flow, and goes on
// advertising its name for weeks after its records have expired; a regular
// expression subscription would pick those up. So the names that the cluster
// lists enter here, with the patterns and the window of nights of the
// configuration, and the names to subscribe to leave, with those that are
// still awaited. The relay is the caller. The package does no input or output.
package topics

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// datePlace stands in a pattern for the night, YYYYMMDD in UTC.
const datePlace = "{date}"

var legalName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

// Pattern is a topic's fixed name ("lsst-alerts-v9.0"), or a name with {date}
// in the place of the night ("ztf_{date}_programid1").
type Pattern string

// Validate says what is wrong with the pattern.
func (p Pattern) Validate() error {
	if strings.Count(string(p), datePlace) > 1 {
		return fmt.Errorf("topic %q: %s may stand there once", string(p), datePlace)
	}
	if !legalName.MatchString(strings.Replace(string(p), datePlace, "20060102", 1)) {
		return fmt.Errorf("topic %q: want a Kafka topic name, with %s in the place of the night if there is one a night", string(p), datePlace)
	}
	return nil
}

// nightly says whether the pattern stands for a topic each night.
func (p Pattern) nightly() bool { return strings.Contains(string(p), datePlace) }

// night is the date that stands in the name in the place of {date}; ok is
// false when the name does not match the pattern.
func (p Pattern) night(name string) (night time.Time, ok bool) {
	before, after, _ := strings.Cut(string(p), datePlace)
	if len(name) != len(before)+len(dateLayout)+len(after) ||
		!strings.HasPrefix(name, before) || !strings.HasSuffix(name, after) {
		return time.Time{}, false
	}
	night, err := time.Parse(dateLayout, name[len(before):len(before)+len(dateLayout)])
	return night, err == nil
}

// Selection is what a stream should read.
type Selection struct {
	Present []string  // exist and are wanted: subscribe to these; sorted
	Awaited []Pattern // wanted, but no topic of that name is there yet
}

// Select chooses among the names that the cluster lists.
func Select(patterns []Pattern, window Window, listed []string, now time.Time) Selection {
	var s Selection
	for _, p := range patterns {
		matched := false
		for _, name := range listed {
			if p.wants(name, window, now) {
				s.Present = append(s.Present, name)
				matched = true
			}
		}
		if !matched {
			s.Awaited = append(s.Awaited, p)
		}
	}
	slices.Sort(s.Present)
	s.Present = slices.Compact(s.Present)
	return s
}

func (p Pattern) wants(name string, window Window, now time.Time) bool {
	if !p.nightly() {
		return name == string(p)
	}
	night, ok := p.night(name)
	return ok && window.Contains(night, now)
}
