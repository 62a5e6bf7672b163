package panel

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"nightwire.dev/shared/telemetry/metric"
)

// gatherer collects from everywhere at once.
func gatherer(o Options) prometheus.Gatherer {
	own := prometheus.NewRegistry()
	own.MustRegister(newCollector(o))
	all := prometheus.Gatherers{own}
	for process, url := range o.Scrape {
		all = append(all, remote{process, url})
	}
	return all
}

// patience bounds one question to one process.
const patience = time.Second

var client = &http.Client{Timeout: patience}

// remote is the /metrics of another process: its own metrics, without those of
// its runtime, which all processes have alike.
type remote struct{ process, url string }

// Gather asks the process.
func (r remote) Gather() ([]*dto.MetricFamily, error) {
	response, err := client.Get(r.url)
	if err != nil {
		return nil, fmt.Errorf("%s does not answer: %w", r.process, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", r.process, response.Status)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(response.Body)
	if err != nil {
		return nil, fmt.Errorf("read metrics of %s: %w", r.process, err)
	}
	var ours []*dto.MetricFamily
	for name, family := range families {
		if strings.HasPrefix(name, "nightwire_") {
			ours = append(ours, family)
		}
	}
	return ours, nil
}

// collector makes the metrics of what the connector and the functions stand on.
type collector struct {
	options      Options
	descriptions map[string]*prometheus.Desc
}

func newCollector(o Options) *collector {
	c := &collector{options: o, descriptions: map[string]*prometheus.Desc{}}
	for _, m := range metric.Stack() {
		c.descriptions[m.Name] = prometheus.NewDesc(m.Name, m.Help, m.Labels, nil)
	}
	return c
}

// Describe lists the metrics.
func (c *collector) Describe(into chan<- *prometheus.Desc) {
	for _, d := range c.descriptions {
		into <- d
	}
}

// Collect asks for their values. What cannot be told now is not there.
func (c *collector) Collect(into chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tell := func(m metric.Metric, value float64, labels ...string) {
		kind := prometheus.GaugeValue
		if m.Kind == metric.Counter {
			kind = prometheus.CounterValue
		}
		into <- prometheus.MustNewConstMetric(c.descriptions[m.Name], kind, value, labels...)
	}
	if all, err := c.options.Backlog(ctx); err == nil {
		for _, b := range all {
			name := path.Base(b.Subscription)
			tell(metric.SubscriptionMessages, float64(b.Undelivered), name)
			tell(metric.SubscriptionOldest, b.OldestAge.Seconds(), name)
		}
	}
	if n, err := c.options.Pending(ctx); err == nil {
		tell(metric.Notifications, float64(n))
	}
	for _, p := range c.options.Processes() {
		tell(metric.ProcessCPU, p.CPU.Seconds(), p.Name)
		tell(metric.ProcessMemory, float64(p.Resident), p.Name)
		tell(metric.ProcessRestarts, float64(p.Restarts), p.Name)
	}
}
