package cost

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/names"
)

// Load is what a deployment has to do, and how it is set up.
type Load struct {
	Stream         names.Stream `json:"stream"`
	Alerts         float64      `json:"alerts_per_night"`
	Size           Size         `json:"packet_bytes"`             // of a packet as the survey sends it
	History        float64      `json:"history"`                  // entries that an alert has of earlier visits, on average
	Filters        float64      `json:"filters"`                  // in force
	MatchFraction  float64      `json:"match_fraction"`           // of the alerts, that one filter chooses on average
	Readers        float64      `json:"readers"`                  // subscriptions to each filter's topic
	FitFraction    float64      `json:"fit_fraction"`             // of the alerts, that are fitted as supernovae
	Retention      float64      `json:"retention"`                // months for which files and rows are kept, if the plan does not delete them before
	TopicDays      float64      `json:"topic_days"`               // for which a topic keeps what went through it
	NightsPerMonth float64      `json:"nights_month"`             // in which alerts come
	Hours          float64      `json:"hours"`                    // during which alerts come, a night
	Asked          float64      `json:"asked"`                    // times a night that people ask each query of the library, of one night
	Instances      Instances    `json:"instances"`                // of the functions
	LatencySeconds float64      `json:"latency_seconds"`          // that an event takes; assumed
	Utilisation    float64      `json:"utilisation"`              // of an instance's processor, at which another is started
	CPUFactor      float64      `json:"cpu_factor"`               // a processor there against the one that was measured on; assumed
	RequestLogs    bool         `json:"request_logs"`             // whether Cloud Run's line for every request is kept
	Tarball        bool         `json:"tarball"`                  // whether a night is also kept as one compressed file
	ThinMatches    bool         `json:"thin_matches"`             // whether a match's message names the alert, without its record
	Colder         string       `json:"colder,omitempty"`         // the class into which files move after 30 days: nearline, coldline
	TarballColder  string       `json:"tarball_colder,omitempty"` // the same of tarballs
}

// alertsANight is what a survey sends in a usual night: ZTF's public stream as
// it has been, LSST's as it is planned.
var alertsANight = map[string]int{schemas.ZTF: 100_000, schemas.LSST: 10_000_000}

// AlertsANight is how many alerts a survey sends in a usual night.
func AlertsANight(survey string) int { return alertsANight[survey] }

// Defaults are the load of a survey as it is planned or known, on the instances
// that are planned.
func Defaults(stream names.Stream, m *Measured, planned Instances) Load {
	l := Load{
		Stream: stream, Alerts: float64(AlertsANight(stream.Survey())), Size: 70_000, History: m.History,
		Filters: float64(m.Filters), MatchFraction: m.MatchFraction, Readers: 1, FitFraction: m.FitFraction,
		Retention: 12, TopicDays: topicDays, NightsPerMonth: 30, Hours: 9, Asked: 10,
		Instances: planned, LatencySeconds: 0.4, Utilisation: 0.6, CPUFactor: 1,
		RequestLogs: true, Tarball: true, TarballColder: tarballs,
	}
	if stream == names.LSST {
		l.Size = 139_000 // the largest real packets that we know
	}
	return l
}

// Validate says what no night is like.
func (l Load) Validate() error {
	if err := l.Stream.Validate(); err != nil {
		return err
	}
	fractions := map[string]float64{"the fraction that matches": l.MatchFraction, "the fraction that is fitted": l.FitFraction}
	for name, f := range fractions {
		if !(f >= 0 && f <= 1) {
			return fmt.Errorf("%s is %v: want 0 to 1", name, f)
		}
	}
	switch {
	case !(l.Alerts >= 1 && l.Alerts <= 1e9):
		return fmt.Errorf("%v alerts a night: want 1 to a thousand million", l.Alerts)
	case !(l.History >= 0 && l.History <= 1e5):
		return fmt.Errorf("a history of %v entries: want 0 to 100,000", l.History)
	case !(l.Filters >= 0 && l.Filters <= 1e5) || l.Filters != math.Trunc(l.Filters):
		return fmt.Errorf("%v filters: want a whole number to 100,000", l.Filters)
	case !(l.Readers >= 0 && l.Readers <= 1e4):
		return fmt.Errorf("%v readers a filter: want 0 to 10,000", l.Readers)
	case !(l.Retention > 0 && l.Retention <= 1200):
		return fmt.Errorf("kept for %v months: want more than 0, to 1,200", l.Retention)
	case !(l.NightsPerMonth >= 1 && l.NightsPerMonth <= 31):
		return fmt.Errorf("%v nights a month: want 1 to 31", l.NightsPerMonth)
	case !(l.Hours > 0 && l.Hours <= 24):
		return fmt.Errorf("alerts come for %v hours a night: want more than 0, to 24", l.Hours)
	case !(l.TopicDays >= 0 && l.TopicDays <= 31):
		return fmt.Errorf("topics keep messages for %v days: want 0 to 31", l.TopicDays)
	case !(l.Asked >= 0 && l.Asked <= 1e6):
		return fmt.Errorf("the library asked %v times a night: want 0 to a million", l.Asked)
	}
	for _, class := range []string{l.Colder, l.TarballColder} {
		if class != "" && class != "nearline" && class != "coldline" {
			return fmt.Errorf("class %q: files move to nearline, coldline, or not at all", class)
		}
	}
	return l.Instances.validate()
}

// Size is a number of bytes.
type Size float64

// The sizes of a packet that are believed: the fields of one detection alone have
// more than the one (measured.json), and Pub/Sub takes no more than the other.
const (
	smallest = 1e3
	largest  = 10e6
)

var units = []struct {
	name  string
	bytes float64
}{{"kib", 1 << 10}, {"mib", 1 << 20}, {"kb", 1e3}, {"mb", 1e6}, {"b", 1}, {"", 1}}

// UnmarshalText reads 70kB, 70 kB, 68.4KiB, 0.07MB or 70000.
func (s *Size) UnmarshalText(text []byte) error {
	t := strings.ToLower(strings.TrimSpace(string(text)))
	for _, unit := range units {
		number, ok := strings.CutSuffix(t, unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
		if err != nil {
			break
		}
		if bytes := n * unit.bytes; bytes >= smallest && bytes <= largest {
			*s = Size(bytes)
			return nil
		}
		return fmt.Errorf("%q is no size of a packet: want 1kB, and no alert is so small, to 10MB, which is the most that Pub/Sub takes; without a unit it is bytes", text)
	}
	return fmt.Errorf("%q is no size: write it like 70kB, 68.4KiB or 70000", text)
}

// MarshalText writes the number of bytes.
func (s Size) MarshalText() ([]byte, error) {
	if s < 0 {
		return nil, errors.New("a size is less than nothing")
	}
	return strconv.AppendFloat(nil, float64(s), 'f', -1, 64), nil
}
