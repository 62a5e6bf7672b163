package status

import "github.com/prometheus/client_golang/prometheus"

// metrics are the process's; each stream takes its own series of them. Only
// the gauges of a partition are labelled with it, and they go when it goes, so
// the number of series stays bounded over the nights.
type metrics struct {
	consumedRecords, consumedBytes   *prometheus.CounterVec
	publishedRecords, publishedBytes *prometheus.CounterVec
	publishErrors                    *prometheus.CounterVec
	notices                          *prometheus.CounterVec
	commits, commitErrors            *prometheus.CounterVec
	gaps, gapRecords                 *prometheus.CounterVec
	kafkaErrors                      *prometheus.CounterVec
	reports, reportErrors            *prometheus.CounterVec
	inFlightBytes                    *prometheus.GaugeVec
	oldestUnconfirmed                *prometheus.GaugeVec
	lastRecord                       *prometheus.GaugeVec
	lag                              *prometheus.GaugeVec
	ready, paused                    *prometheus.GaugeVec
}

func newMetrics(registry prometheus.Registerer) *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "nightwire", Subsystem: "connector", Name: name, Help: help,
		}, append([]string{"stream"}, labels...))
		registry.MustRegister(v)
		return v
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		v := prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "nightwire", Subsystem: "connector", Name: name, Help: help,
		}, append([]string{"stream"}, labels...))
		registry.MustRegister(v)
		return v
	}
	return &metrics{
		consumedRecords:   counter("consumed_records_total", "Records read from Kafka."),
		consumedBytes:     counter("consumed_bytes_total", "Bytes of the values of records read from Kafka."),
		publishedRecords:  counter("published_records_total", "Records that Pub/Sub confirmed."),
		publishedBytes:    counter("published_bytes_total", "Bytes of the records that Pub/Sub confirmed."),
		publishErrors:     counter("publish_errors_total", "Publishes that Pub/Sub refused; each is repeated until it succeeds."),
		notices:           counter("notices_total", "Notices that the dead-letter topic confirmed, by reason.", "reason"),
		commits:           counter("commits_total", "Partition offsets committed."),
		commitErrors:      counter("commit_errors_total", "Partition offsets that Kafka refused to commit; each is tried again."),
		gaps:              counter("gaps_total", "Ranges of offsets that Kafka no longer had when they were to be read."),
		gapRecords:        counter("gap_offsets_total", "Offsets in those ranges."),
		kafkaErrors:       counter("kafka_errors_total", "Errors that the Kafka client reported."),
		reports:           counter("reports_total", "Reports of Kafka's offsets that Pub/Sub confirmed."),
		reportErrors:      counter("report_errors_total", "Reports of Kafka's offsets that Pub/Sub did not take; the next says more."),
		inFlightBytes:     gauge("in_flight_bytes", "Bytes read and not yet confirmed."),
		oldestUnconfirmed: gauge("oldest_unconfirmed_seconds", "Age of the oldest record not yet confirmed."),
		lastRecord:        gauge("last_record_timestamp_seconds", "Kafka's timestamp of the latest record read."),
		lag:               gauge("lag_records", "Offsets from the last confirmed to the end of the partition.", "topic", "partition"),
		ready:             gauge("ready", "1 if the stream is ready."),
		paused:            gauge("paused", "1 while reading pauses because Pub/Sub does not keep up."),
	}
}
