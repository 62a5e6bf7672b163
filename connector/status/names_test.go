package status

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"nightwire.dev/shared/telemetry/metric"
)

// recorder keeps what is registered with it.
type recorder struct{ descriptions []string }

func (r *recorder) Register(c prometheus.Collector) error {
	described := make(chan *prometheus.Desc, 1)
	c.Describe(described)
	r.descriptions = append(r.descriptions, (<-described).String())
	return nil
}

func (r *recorder) MustRegister(collectors ...prometheus.Collector) {
	for _, c := range collectors {
		_ = r.Register(c)
	}
}

func (r *recorder) Unregister(prometheus.Collector) bool { return false }

// TestMetricsAreTheListed compares the connector's metrics with the list that
// dashboards and alert rules are held to.
func TestMetricsAreTheListed(t *testing.T) {
	t.Parallel()
	registered, listed := new(recorder), new(recorder)
	newMetrics(registered)
	for _, m := range metric.Connector() {
		listed.MustRegister(prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: m.Name, Help: m.Help}, m.Labels))
	}
	slices.Sort(listed.descriptions)
	slices.Sort(registered.descriptions)
	if diff := cmp.Diff(listed.descriptions, registered.descriptions); diff != "" {
		t.Errorf("metrics (-listed +registered):\n%s", diff)
	}
}
