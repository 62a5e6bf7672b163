// Package metric is the list of every metric that Nightwire shows: its name,
// kind, unit, labels and meaning.
//
// One name serves everywhere. It is the name at /metrics, in Grafana, and in
// Cloud Monitoring, whose OTLP endpoint stores metrics as Prometheus has them.
// shared/telemetry and infra/local/stack/panel make their metrics from this
// list, a test holds the connector's own to it, and infra/dashboards asks for
// nothing that is not in it.
package metric

// Kind is what a metric's values are.
type Kind string

// The kinds.
const (
	Counter   Kind = "counter"   // only rises, from zero at the process's start
	Gauge     Kind = "gauge"     // is what it is now
	Histogram Kind = "histogram" // counts values by size: name_bucket, name_sum, name_count
)

// Metric describes one metric.
type Metric struct {
	Name    string
	Kind    Kind
	Unit    string // of its values; in the name, too, but for counts
	Labels  []string
	Help    string
	Buckets []float64 // the upper bounds of a histogram
}

// All lists every metric, the alert's way: connector, functions, local stack.
func All() []Metric {
	all := append(Connector(), Functions()...)
	return append(all, Stack()...)
}
