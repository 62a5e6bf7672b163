package panel

import (
	"math"
	"time"

	dto "github.com/prometheus/client_model/go"

	"nightwire.dev/shared/telemetry/metric"
)

// sample is every metric at one time.
type sample struct {
	at       time.Time
	families map[string]*dto.MetricFamily
	problem  error // what could not be asked
}

func newSample(at time.Time, families []*dto.MetricFamily, problem error) sample {
	s := sample{at: at, families: make(map[string]*dto.MetricFamily, len(families)), problem: problem}
	for _, f := range families {
		s.families[f.GetName()] = f
	}
	return s
}

// where chooses series by labels: name, value, name, value.
type where []string

func (w where) holds(m *dto.Metric) bool {
	for i := 0; i < len(w); i += 2 {
		if label(m, w[i]) != w[i+1] {
			return false
		}
	}
	return true
}

func label(m *dto.Metric, name string) string {
	for _, l := range m.GetLabel() {
		if l.GetName() == name {
			return l.GetValue()
		}
	}
	return ""
}

// each calls do with the series that are chosen.
func (s sample) each(name string, w where, do func(*dto.Metric)) {
	for _, m := range s.families[name].GetMetric() {
		if w.holds(m) {
			do(m)
		}
	}
}

// sum is the values of the series that are chosen, together.
func (s sample) sum(name string, w ...string) (total float64) {
	s.each(name, w, func(m *dto.Metric) { total += value(m) })
	return total
}

// by is the values of the series that are chosen, by one label.
func (s sample) by(name, of string, w ...string) map[string]float64 {
	totals := map[string]float64{}
	s.each(name, w, func(m *dto.Metric) { totals[label(m, of)] += value(m) })
	return totals
}

func value(m *dto.Metric) float64 {
	switch {
	case m.GetCounter() != nil:
		return m.GetCounter().GetValue()
	case m.GetGauge() != nil:
		return m.GetGauge().GetValue()
	case m.GetHistogram() != nil:
		return float64(m.GetHistogram().GetSampleCount())
	default:
		return m.GetUntyped().GetValue()
	}
}

// latencies is how many events of a stage took at most each bound, from Kafka on.
func (s sample) latencies(stage string) (bounds, counts []float64) {
	s.each(metric.Latency.Name, where{"stage", stage}, func(m *dto.Metric) {
		for _, b := range m.GetHistogram().GetBucket() {
			bounds = append(bounds, b.GetUpperBound())
			counts = append(counts, float64(b.GetCumulativeCount()))
		}
	})
	return bounds, counts
}

// quantile finds the value below which a part q of the events lies: linearly
// within its bucket, as PromQL's histogram_quantile has it. It is NaN of nothing,
// and the largest finite bound of what lies beyond.
func quantile(q float64, bounds, counts []float64) float64 {
	if len(counts) == 0 || counts[len(counts)-1] == 0 {
		return math.NaN()
	}
	rank := q * counts[len(counts)-1]
	lower, below := 0.0, 0.0
	for i, n := range counts {
		if n >= rank {
			if math.IsInf(bounds[i], 1) {
				return lower
			}
			return lower + (bounds[i]-lower)*(rank-below)/(n-below)
		}
		lower, below = bounds[i], n
	}
	return lower
}

// since is the counts that have come since others, or the counts themselves
// where the process has been started again in between.
func since(counts, before []float64) []float64 {
	if len(before) != len(counts) || before[len(before)-1] > counts[len(counts)-1] {
		return counts
	}
	grown := make([]float64, len(counts))
	for i := range counts {
		grown[i] = counts[i] - before[i]
	}
	return grown
}
