package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"

	"nightwire.dev/shared/telemetry/metric"
)

// counts are the process's metrics, in the order of package metric.
type counts struct {
	alerts, bytes             *prometheus.CounterVec
	latency, handling         *prometheus.HistogramVec
	deadLetters, private      *prometheus.CounterVec
	matches                   *prometheus.CounterVec
	fit                       *prometheus.HistogramVec
	nightMissing, certificate *prometheus.GaugeVec
}

func newCounts(registry prometheus.Registerer) *counts {
	counter := func(m metric.Metric) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: m.Name, Help: m.Help}, m.Labels)
		registry.MustRegister(v)
		return v
	}
	gauge := func(m metric.Metric) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: m.Name, Help: m.Help}, m.Labels)
		registry.MustRegister(v)
		return v
	}
	histogram := func(m metric.Metric) *prometheus.HistogramVec {
		v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: m.Name, Help: m.Help, Buckets: m.Buckets}, m.Labels)
		registry.MustRegister(v)
		return v
	}
	return &counts{
		alerts: counter(metric.Alerts), bytes: counter(metric.Bytes),
		latency: histogram(metric.Latency), handling: histogram(metric.Handling),
		deadLetters: counter(metric.DeadLetters), private: counter(metric.PrivateAlerts),
		matches: counter(metric.Matches), fit: histogram(metric.Fit),
		nightMissing: gauge(metric.NightMissing), certificate: gauge(metric.CertificateTime),
	}
}
