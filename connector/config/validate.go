package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"nightwire.dev/shared/names"
)

// minOutstandingBytes lets the largest message that Pub/Sub takes fit twice.
const minOutstandingBytes = 20 << 20

// problems says everything that is wrong, each by the name of its variable.
func (s *Stream) problems(resources names.Resources) []error {
	var wrong []error
	wants := func(variable, format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("%s: %s", variable, fmt.Sprintf(format, args...)))
	}
	unknown := s.Stream.Validate() != nil
	if unknown {
		wants("NIGHTWIRE_STREAM (stream)", "want ztf, ztf-partnership or lsst, not %q", string(s.Stream))
	} else if err := resources.Validate(); err != nil && resources.Project != "" {
		wants("NIGHTWIRE_SUFFIX (suffix)", "%v", err)
	}
	if len(s.Topics) == 0 && !unknown { // an unknown stream has no default
		wants("KAFKA_TOPICS (topics)", "want the names of the survey's topics")
	}
	for _, pattern := range s.Topics {
		if err := pattern.Validate(); err != nil {
			wants("KAFKA_TOPICS (topics)", "%v", err)
		}
	}
	if s.TopicRefresh <= 0 {
		wants("KAFKA_TOPIC_REFRESH (topic_refresh)", "want a time above zero, not %s", s.TopicRefresh)
	}
	if s.CommitInterval <= 0 {
		wants("KAFKA_COMMIT_INTERVAL (commit_interval)", "want a time above zero, not %s", s.CommitInterval)
	}
	if s.ReportInterval <= 0 {
		wants("KAFKA_REPORT_INTERVAL (report_interval)", "want a time above zero, not %s", s.ReportInterval)
	}
	if s.TraceOneIn < 0 {
		wants("NIGHTWIRE_TRACE_ONE_IN (trace_one_in)", "want 0 or more, not %d", s.TraceOneIn)
	}
	if s.MaxOutstandingBytes < minOutstandingBytes {
		wants("NIGHTWIRE_MAX_OUTSTANDING_BYTES (max_outstanding_bytes)",
			"want at least %d, twice the largest message, not %d", minOutstandingBytes, s.MaxOutstandingBytes)
	}
	return append(wrong, s.Kafka.problems()...)
}

var (
	protocols  = []string{"PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"}
	mechanisms = []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI"}
)

func (k *Kafka) problems() []error {
	var wrong []error
	wants := func(variable, format string, args ...any) {
		wrong = append(wrong, fmt.Errorf("%s: %s", variable, fmt.Sprintf(format, args...)))
	}
	if k.BootstrapServers == "" {
		wants("KAFKA_BOOTSTRAP_SERVERS (kafka.bootstrap_servers)", "want the brokers, as host:port,host:port")
	}
	if !slices.Contains(protocols, k.SecurityProtocol) {
		wants("KAFKA_SECURITY_PROTOCOL (kafka.security_protocol)", "want %s, not %q", strings.Join(protocols, ", "), k.SecurityProtocol)
	}
	sasl := strings.HasPrefix(k.SecurityProtocol, "SASL_")
	switch {
	case sasl && !slices.Contains(mechanisms, k.SASLMechanism):
		wants("KAFKA_SASL_MECHANISM (kafka.sasl_mechanism)", "want %s, not %q", strings.Join(mechanisms, ", "), k.SASLMechanism)
	case sasl && k.SASLMechanism != "GSSAPI" && k.SASLUsername == "":
		wants("KAFKA_SASL_USERNAME (kafka.sasl_username)", "want a user for %s", k.SASLMechanism)
	case sasl && k.SASLMechanism != "GSSAPI" && k.SASLPassword == "":
		wants("KAFKA_SASL_PASSWORD (kafka.sasl_password)", "want the password of %s", k.SASLUsername)
	case !sasl && (k.SASLMechanism != "" || k.SASLUsername != "" || k.SASLPassword != ""):
		wants("KAFKA_SECURITY_PROTOCOL (kafka.security_protocol)", "want SASL_PLAINTEXT or SASL_SSL where SASL settings are given, not %q", k.SecurityProtocol)
	}
	if k.CAFile != "" && !strings.HasSuffix(k.SecurityProtocol, "SSL") {
		wants("KAFKA_SECURITY_PROTOCOL (kafka.security_protocol)", "want SSL or SASL_SSL where a CA file is given, not %q", k.SecurityProtocol)
	}
	for _, name := range slices.Sorted(maps.Keys(k.Properties)) {
		if why := reserved(name); why != "" {
			wants("KAFKA_PROPERTIES (kafka.properties)", "%s may not be set: %s", name, why)
		}
	}
	return wrong
}
