package panel

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"nightwire.dev/shared/telemetry/metric"
)

// card is one stage on the page.
type card struct {
	Name, Does string
	Count      string // events, all told
	Rate       string // a second, of late
	Waiting    string // events before it, empty where there are none
	Latency    string // from Kafka's timestamp to the end of the stage
	Parts      []part // of the count: outcomes, or filters
	Spark      string // points of a polyline, 100 wide and 24 high
	Alarm      bool
}

// part is some of a card's events.
type part struct {
	Name  string
	Count string
	Bad   bool
}

// bad are the outcomes that somebody should look at.
var bad = map[string]bool{"conflict": true, "rejected": true, "dead_letter": true, "again": true}

// history is the looks of the last minutes; the last is now.
type history []sample

func (h history) now() sample { return h[len(h)-1] }

// recent is how far back a rate looks.
const recent = 10 * time.Second

// rate is how fast a counter has risen of late, a second.
func (h history) rate(count func(sample) float64) float64 {
	now := h.now()
	before := now
	for _, s := range slices.Backward(h) {
		before = s
		if now.at.Sub(s.at) >= recent {
			break
		}
	}
	if now.at.Equal(before.at) {
		return 0
	}
	// A process that was started again counts from zero.
	return max(count(now)-count(before), 0) / now.at.Sub(before.at).Seconds()
}

// spark draws the rates between the looks, the highest at the top.
func (h history) spark(count func(sample) float64) string {
	rates := make([]float64, 0, len(h))
	for i := 1; i < len(h); i++ {
		rates = append(rates, max(count(h[i])-count(h[i-1]), 0)/max(h[i].at.Sub(h[i-1].at).Seconds(), 1e-3))
	}
	if len(rates) < 2 {
		return ""
	}
	const width, height = 100.0, 24.0
	top := max(slices.Max(rates), 1e-9)
	var points strings.Builder
	for i, r := range rates {
		x := width * (1 - float64(len(rates)-1-i)/float64(kept-2))
		fmt.Fprintf(&points, "%.1f,%.1f ", x, height-1-(height-2)*r/top)
	}
	return strings.TrimSpace(points.String())
}

// card makes a card of what is counted.
func (h history) card(name, does string, count func(sample) float64) card {
	return card{
		Name: name, Does: does, Count: number(count(h.now())), Rate: rateText(h.rate(count)), Spark: h.spark(count),
	}
}

// connector is the card of the connector.
func (h history) connector() card {
	now := h.now()
	c := h.card("connector", "Kafka to Pub/Sub", func(s sample) float64 { return s.sum("nightwire_connector_published_records_total") })
	if lag := now.sum("nightwire_connector_lag_records"); lag > 0 {
		c.Waiting = number(lag) + " in Kafka"
	}
	if now.families["nightwire_connector_ready"] != nil && now.sum("nightwire_connector_ready") == 0 {
		c.Alarm, c.Waiting = true, "not ready"
	}
	for _, m := range []struct{ name, shown string }{
		{"nightwire_connector_publish_errors_total", "publishes refused"},
		{"nightwire_connector_kafka_errors_total", "errors of Kafka"},
		{"nightwire_connector_gaps_total", "gaps"},
	} {
		if n := now.sum(m.name); n > 0 {
			c.Parts = append(c.Parts, part{m.shown, number(n), true})
		}
	}
	return c
}

// bucket is the card of the files.
func (h history) bucket() card {
	c := h.card("bucket", "one Avro file an alert", func(s sample) float64 {
		return s.sum(metric.Alerts.Name, "stage", "archive", "outcome", "stored")
	})
	if n := h.now().sum(metric.Notifications.Name); n > 0 {
		c.Waiting = number(n) + " not told of"
	}
	return c
}

// function is the card of a function.
func (h history) function(f Function, does, subscription string) card {
	now := h.now()
	c := h.card(f.Name, does, func(s sample) float64 { return s.sum(metric.Alerts.Name, "stage", f.Name) })
	if n := now.sum(metric.SubscriptionMessages.Name, "subscription", subscription); n > 0 {
		age := now.sum(metric.SubscriptionOldest.Name, "subscription", subscription)
		c.Waiting = number(n) + " waiting, the oldest for " + seconds(age)
	}
	for outcome, n := range now.by(metric.Alerts.Name, "outcome", "stage", f.Name) {
		if n > 0 && outcome != "done" {
			c.Parts = append(c.Parts, part{strings.ReplaceAll(outcome, "_", " "), number(n), bad[outcome]})
			c.Alarm = c.Alarm || outcome == "conflict"
		}
	}
	slices.SortFunc(c.Parts, func(a, b part) int { return cmp.Compare(a.Name, b.Name) })
	if f.Name == "filter" {
		c.Parts = append(c.Parts, h.matches()...)
	}
	c.Latency = h.latency(f.Name)
	return c
}

// shownFilters is how many filters the card has room for.
const shownFilters = 6

// matches are the filters that have chosen most.
func (h history) matches() []part {
	counts := h.now().by(metric.Matches.Name, "filter")
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var parts []part
	for _, name := range names[:min(len(names), shownFilters)] {
		parts = append(parts, part{Name: "→ " + name, Count: number(counts[name])})
	}
	return parts
}

// latency is the median and the 95th percentile of the last minutes, or of all
// events where the last minutes had none.
func (h history) latency(stage string) string {
	bounds, counts := h.now().latencies(stage)
	_, before := h[0].latencies(stage)
	if len(before) > 0 {
		if grown := since(counts, before); len(grown) > 0 && grown[len(grown)-1] > 0 {
			counts = grown
		}
	}
	median := quantile(0.5, bounds, counts)
	if math.IsNaN(median) {
		return ""
	}
	return seconds(median) + " median, " + seconds(quantile(0.95, bounds, counts)) + " 95 %"
}

// number writes a count with thin spaces between the thousands.
func number(n float64) string {
	text := fmt.Sprintf("%.0f", n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "\u2009" + text[i:]
	}
	return text
}

func rateText(perSecond float64) string {
	switch {
	case perSecond == 0:
		return "idle"
	case perSecond < 10:
		return fmt.Sprintf("%.1f/s", perSecond)
	default:
		return number(perSecond) + "/s"
	}
}

func seconds(s float64) string {
	switch {
	case s < 1:
		return fmt.Sprintf("%.0f ms", s*1000)
	case s < 120:
		return fmt.Sprintf("%.1f s", s)
	default:
		return time.Duration(s * float64(time.Second)).Round(time.Second).String()
	}
}
