package metric

// Connector lists the metrics of the connector, which package
// connector/status makes.
func Connector() []Metric {
	counter := func(name, unit, help string, labels ...string) Metric {
		return Metric{Name: "nightwire_connector_" + name, Kind: Counter, Unit: unit, Labels: append([]string{"stream"}, labels...), Help: help}
	}
	gauge := func(name, unit, help string, labels ...string) Metric {
		m := counter(name, unit, help, labels...)
		m.Kind = Gauge
		return m
	}
	return []Metric{
		counter("consumed_records_total", "1", "Records read from Kafka."),
		counter("consumed_bytes_total", "By", "Bytes of the values of records read from Kafka."),
		counter("published_records_total", "1", "Records that Pub/Sub confirmed."),
		counter("published_bytes_total", "By", "Bytes of the records that Pub/Sub confirmed."),
		counter("publish_errors_total", "1", "Publishes that Pub/Sub refused; each is repeated until it succeeds."),
		counter("notices_total", "1", "Notices that the dead-letter topic confirmed, by reason.", "reason"),
		counter("commits_total", "1", "Partition offsets committed."),
		counter("commit_errors_total", "1", "Partition offsets that Kafka refused to commit; each is tried again."),
		counter("gaps_total", "1", "Ranges of offsets that Kafka no longer had when they were to be read."),
		counter("gap_offsets_total", "1", "Offsets in those ranges."),
		counter("kafka_errors_total", "1", "Errors that the Kafka client reported."),
		counter("reports_total", "1", "Reports of Kafka's offsets that Pub/Sub confirmed."),
		counter("report_errors_total", "1", "Reports of Kafka's offsets that Pub/Sub did not take; the next says more."),
		gauge("in_flight_bytes", "By", "Bytes read and not yet confirmed."),
		gauge("oldest_unconfirmed_seconds", "s", "Age of the oldest record not yet confirmed."),
		gauge("last_record_timestamp_seconds", "s", "Kafka's timestamp of the latest record read."),
		gauge("lag_records", "1", "Offsets from the last confirmed to the end of the partition.", "topic", "partition"),
		gauge("ready", "1", "1 if the stream is ready."),
		gauge("paused", "1", "1 while reading pauses because Pub/Sub does not keep up."),
	}
}
