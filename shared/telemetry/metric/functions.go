package metric

// The metrics of the functions.
var (
	Alerts = Metric{
		Name: "nightwire_alerts_total", Kind: Counter, Unit: "1", Labels: []string{"stream", "stage", "outcome"},
		Help: "Events that a stage has dealt with, by what became of them.",
	}
	Bytes = Metric{
		Name: "nightwire_bytes_total", Kind: Counter, Unit: "By", Labels: []string{"stream", "stage"},
		Help: "Bytes of the data of those events.",
	}
	Latency = Metric{
		Name: "nightwire_latency_seconds", Kind: Histogram, Unit: "s", Labels: []string{"stream", "stage"},
		Help:    "Time from Kafka's timestamp of a record to the end of the stage, replays left out.",
		Buckets: []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600},
	}
	Handling = Metric{
		Name: "nightwire_handling_seconds", Kind: Histogram, Unit: "s", Labels: []string{"stream", "stage"},
		Help:    "Time that a stage took for one event.",
		Buckets: []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30},
	}
	DeadLetters = Metric{
		Name: "nightwire_dead_letters_total", Kind: Counter, Unit: "1", Labels: []string{"stream", "stage"},
		Help: "Events that the dead-letter topic has taken.",
	}
	PrivateAlerts = Metric{
		Name: "nightwire_private_alerts_total", Kind: Counter, Unit: "1", Labels: []string{"stream"},
		Help: "Private alerts that came on a public stream, and were rejected.",
	}
	Matches = Metric{
		Name: "nightwire_matches_total", Kind: Counter, Unit: "1", Labels: []string{"stream", "filter"},
		Help: "Matches that a filter's topic has taken.",
	}
	Fit = Metric{
		Name: "nightwire_fit_seconds", Kind: Histogram, Unit: "s", Labels: []string{"stream", "model"},
		Help:    "Processor time of one fit of a light curve.",
		Buckets: []float64{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5},
	}
	NightMissing = Metric{
		Name: "nightwire_night_missing", Kind: Gauge, Unit: "1", Labels: []string{"stream", "cause"},
		Help: "What the last certificate found missing, by cause.",
	}
	CertificateTime = Metric{
		Name: "nightwire_certificate_timestamp_seconds", Kind: Gauge, Unit: "s", Labels: []string{"stream"},
		Help: "When the last certificate was written, in seconds since 1970.",
	}
)

// Functions lists the metrics of the functions.
func Functions() []Metric {
	return []Metric{
		Alerts, Bytes, Latency, Handling, DeadLetters, PrivateAlerts, Matches, Fit, NightMissing, CertificateTime,
	}
}
