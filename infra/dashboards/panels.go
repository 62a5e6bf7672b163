package dashboards

// section is a row of panels.
type section struct {
	title  string
	local  bool // of what Google runs by itself in a deployment
	panels []panel
}

// panel is one chart.
type panel struct {
	title   string
	unit    string // as Grafana calls it
	about   string
	queries []query
}

// query is some lines of a chart.
type query struct{ expr, legend string }

// quantiles asks a histogram for its median, and for what 19 of 20 stay below.
func quantiles(histogram, by string) []query {
	of := "sum by (" + by + ", le) (rate(" + histogram + "_bucket[5m]))"
	return []query{
		{"histogram_quantile(0.5, " + of + ")", "{{" + by + "}}, median"},
		{"histogram_quantile(0.95, " + of + ")", "{{" + by + "}}, 95 %"},
	}
}

// sections describes the dashboard.
func sections() []section {
	return []section{
		{title: "Flow", panels: []panel{
			{"Alerts", "ops", "Events a second that each stage has dealt with.", []query{
				{"sum by (stream) (rate(nightwire_connector_published_records_total[5m]))", "{{stream}} connector"},
				{"sum by (stream, stage) (rate(nightwire_alerts_total[5m]))", "{{stream}} {{stage}}"},
			}},
			{"Bytes", "Bps", "Bytes a second of those events.", []query{
				{"sum by (stream) (rate(nightwire_connector_published_bytes_total[5m]))", "{{stream}} connector"},
				{"sum by (stream, stage) (rate(nightwire_bytes_total[5m]))", "{{stream}} {{stage}}"},
			}},
			{"Latency from Kafka", "s", "Time from Kafka's timestamp to the end of each stage, replays left out.", quantiles("nightwire_latency_seconds", "stage")},
			{"Time for one event", "s", "Time that each stage takes.", quantiles("nightwire_handling_seconds", "stage")},
			{"Lag", "short", "Records in Kafka that Pub/Sub has not confirmed.", []query{
				{"sum by (stream) (nightwire_connector_lag_records)", "{{stream}}"},
			}},
			{"Backlog", "short", "Messages that wait for each function.", []query{
				{"sum by (subscription) (nightwire_subscription_messages)", "{{subscription}}"},
			}},
			{"Oldest that waits", "s", "Age of the oldest message of each subscription.", []query{
				{"max by (subscription) (nightwire_subscription_oldest_seconds)", "{{subscription}}"},
			}},
		}},
		{title: "Care", panels: []panel{
			{"Duplicates, conflicts, rejected", "short", "What the archive did not store, in an hour.", []query{
				{`sum by (stream, outcome) (increase(nightwire_alerts_total{stage="archive",outcome!="stored"}[1h]))`, "{{stream}} {{outcome}}"},
			}},
			{"Sent again", "short", "Events that a stage could not handle at once, in an hour.", []query{
				{`sum by (stream, stage) (increase(nightwire_alerts_total{outcome="again"}[1h]))`, "{{stream}} {{stage}}"},
			}},
			{"Dead letters", "short", "What came to the dead-letter topic in an hour, notices of the connector included.", []query{
				{"sum by (stream, stage) (increase(nightwire_dead_letters_total[1h]))", "{{stream}} {{stage}}"},
				{"sum by (stream, reason) (increase(nightwire_connector_notices_total[1h]))", "{{stream}} connector, {{reason}}"},
			}},
			{"Private alerts on a public stream", "short", "In an hour; each was rejected.", []query{
				{"sum by (stream) (increase(nightwire_private_alerts_total[1h]))", "{{stream}}"},
			}},
			{"Missing at dawn", "short", "What the last certificate found missing.", []query{
				{"max by (stream, cause) (nightwire_night_missing)", "{{stream}} {{cause}}"},
			}},
			{"Age of the certificate", "s", "Time since the last certificate was written.", []query{
				{"time() - max by (stream) (nightwire_certificate_timestamp_seconds)", "{{stream}}"},
			}},
		}},
		{title: "Science", panels: []panel{
			{"Matches", "short", "Messages of each filter's topic, in an hour.", []query{
				{"sum by (stream, filter) (increase(nightwire_matches_total[1h]))", "{{stream}} {{filter}}"},
			}},
			{"Time of a fit", "s", "Processor time of one fit.", quantiles("nightwire_fit_seconds", "model")},
		}},
		{title: "Connector", panels: []panel{
			{"Ready, paused", "short", "1: it is.", []query{
				{"min by (stream) (nightwire_connector_ready)", "{{stream}} ready"},
				{"max by (stream) (nightwire_connector_paused)", "{{stream}} paused"},
			}},
			{"On their way", "bytes", "Bytes that were read and that Pub/Sub has not confirmed.", []query{
				{"sum by (stream) (nightwire_connector_in_flight_bytes)", "{{stream}}"},
			}},
			{"Oldest unconfirmed", "s", "Age of the oldest record that Pub/Sub has not confirmed.", []query{
				{"max by (stream) (nightwire_connector_oldest_unconfirmed_seconds)", "{{stream}}"},
			}},
			{"Errors", "short", "Refused by Pub/Sub or Kafka, and gaps, in an hour.", []query{
				{"sum by (stream) (increase(nightwire_connector_publish_errors_total[1h]))", "{{stream}} publishes"},
				{"sum by (stream) (increase(nightwire_connector_commit_errors_total[1h]))", "{{stream}} commits"},
				{"sum by (stream) (increase(nightwire_connector_kafka_errors_total[1h]))", "{{stream}} Kafka"},
				{"sum by (stream) (increase(nightwire_connector_gaps_total[1h]))", "{{stream}} gaps"},
			}},
		}},
		{title: "Local stack", local: true, panels: []panel{
			{"Processor", "percentunit", "Processors that each process uses.", []query{
				{"sum by (process) (rate(nightwire_process_cpu_seconds_total[1m]))", "{{process}}"},
			}},
			{"Memory", "bytes", "Memory of each process.", []query{
				{"sum by (process) (nightwire_process_resident_bytes)", "{{process}}"},
			}},
			{"Restarts", "short", "Times that a process died, in an hour.", []query{
				{"sum by (process) (increase(nightwire_process_restarts_total[1h]))", "{{process}}"},
			}},
			{"Notifications that wait", "short", "Files of which the bucket has not told yet.", []query{
				{"sum(nightwire_notifications_waiting)", "files"},
			}},
		}},
	}
}
