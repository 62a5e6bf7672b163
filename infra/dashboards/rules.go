package dashboards

import "time"

// rule wakes somebody.
type rule struct {
	name    string // of the alert, in one word
	title   string
	expr    string        // holds while there is something wrong
	lasting time.Duration // how long it has to hold
	log     string        // the beginning of the log line, an error, that says the same at once
	page    bool          // at night, too
	runbook string
}

// rules lists the rules.
func rules() []rule {
	return []rule{
		{
			name: "NightwireKafkaLag", title: "The connector is more than five minutes behind Kafka", page: true,
			expr: "(time() - max by (stream) (nightwire_connector_last_record_timestamp_seconds) > 300)" +
				" and on (stream) (sum by (stream) (nightwire_connector_lag_records) > 0)",
			lasting: time.Minute,
			runbook: "Ask the connector's /readyz what it waits for, and /offsets which partition. If publishing fails, Pub/Sub or its quota is the cause; if Kafka is silent, the survey's broker. A replay of old nights fires this too, and ends by itself. Kafka keeps seven days.",
		},
		{
			name: "NightwireBacklog", title: "An event has waited for a function for more than five minutes", page: true,
			// A night and its tarball are worked at over many deliveries.
			expr:    `max by (subscription) (nightwire_subscription_oldest_seconds{subscription!~".*-(dead-letter|dawn|tarball).*"}) > 300`,
			lasting: time.Minute,
			runbook: "The subscription names the function. Read its log for \"event will be sent again\": the error is there. If there is none, it has too few instances, or cannot start: \"function cannot start\".",
		},
		{
			name: "NightwireDeadLetters", title: "Dead letters wait for somebody",
			expr:    `max by (subscription) (nightwire_subscription_messages{subscription=~".*-dead-letter.*"}) > 0`,
			runbook: "`nightwire deadletter list` says what they are and why. Mend the cause and send them again with `nightwire deadletter redrive`, or drop what is no alert. Nothing else is held up by them.",
		},
		{
			name: "NightwireMissingAtDawn", title: "The certificate of the night names something missing", page: true,
			expr: "max by (stream, cause) (nightwire_night_missing) > 0", log: "night is not complete",
			runbook: "Read certificates/<night>.html in the bucket of products: it names what is missing, and the function night has tried to repair it. What Kafka still has, `nightwire replay --kafka TOPIC` fetches again; a gap that Kafka no longer has is the survey's to fill, with its tarball.",
		},
		{
			name: "NightwireConflict", title: "Two packets with one identity and different content",
			expr:    `sum by (stream) (increase(nightwire_alerts_total{stage="archive",outcome="conflict"}[10m])) > 0`,
			log:     "two packets with one identity and different content",
			runbook: "Both files are kept; the second has its digest in its name. Compare them, and ask the survey which is right. Rows and filters have seen both.",
		},
		{
			name: "NightwirePrivateAlert", title: "A private alert came on a public stream", page: true,
			expr:    "sum by (stream) (increase(nightwire_private_alerts_total[10m])) > 0",
			log:     "private alert on a public stream",
			runbook: "It was rejected and is not in the bucket, but the dead-letter topic has its bytes: see that nobody else reads that topic, tell the survey, and purge it. Look whether the connector is subscribed to the right topics.",
		},
		{
			name: "NightwireCertificateAbsent", title: "No certificate was written for a day", page: true,
			// Where there was a connector a day ago, a dawn has come since.
			expr: "count by (stream) (max_over_time(nightwire_connector_ready[1h] offset 23h)) unless on (stream)" +
				" (time() - max by (stream) (max_over_time(nightwire_certificate_timestamp_seconds[24h])) < 86400)",
			lasting: time.Hour,
			runbook: "Look whether the scheduler has published to the topic dawn, and read the function night's log. Publish the night's date, YYYY-MM-DD, to that topic to ask for its certificate again.",
		},
		{
			name: "NightwireConnectorNotReady", title: "A connector is not ready, or silent", page: true,
			expr: "count by (stream) (max_over_time(nightwire_connector_ready[1d])) unless on (stream)" +
				" (min by (stream) (nightwire_connector_ready) == 1)",
			lasting: 5 * time.Minute,
			runbook: "Its /readyz says why. If the machine is gone, start it: it goes on where it stopped, and surveys keep alerts for about a week. A connector that was switched off on purpose is forgotten after a day.",
		},
		{
			name: "NightwireFailures", title: "A function cannot handle one event in twenty",
			expr: `sum by (stream, stage) (rate(nightwire_alerts_total{outcome="again",stage!~"night|tarball"}[10m]))` +
				` / sum by (stream, stage) (rate(nightwire_alerts_total[10m])) > 0.05`,
			lasting: 10 * time.Minute,
			runbook: "Its log says why, at \"event will be sent again\". Nothing is lost: Pub/Sub sends an event a hundred times, for 16 hours, and then puts it with the dead letters.",
		},
	}
}
