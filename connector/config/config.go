// Package config is what an operator may set, read from one YAML file or from
// the environment, checked, and turned into librdkafka's properties.
//
// The environment alone is enough for one stream; a file may hold several. A
// value in the file may name an environment variable as ${NAME}, so that
// secrets need not be written down. main is the caller.
package config

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"nightwire.dev/connector/topics"
	environment "nightwire.dev/shared/config"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/telemetry"
)

// Config is the whole process's configuration.
type Config struct {
	Project      string        `yaml:"project" env:"GOOGLE_CLOUD_PROJECT" help:"Google Cloud project that owns the topics"`
	Suffix       string        `yaml:"suffix" env:"NIGHTWIRE_SUFFIX" help:"suffix on every resource's name, for a test deployment"`
	Host         string        `yaml:"host" env:"NIGHTWIRE_HOST" help:"address to serve HTTP on; empty: all"`
	Port         int           `yaml:"port" env:"PORT, default=8080" help:"port of /healthz, /readyz, /metrics and /offsets"`
	LogLevel     slog.Level    `yaml:"log_level" env:"LOG_LEVEL, default=INFO" help:"DEBUG, INFO, WARN or ERROR"`
	Telemetry    string        `yaml:"telemetry" env:"NIGHTWIRE_TELEMETRY, default=off" help:"where the metrics are sent each minute: off, nowhere; google, to Cloud Monitoring; or host:port of an OTLP collector. /metrics is there in any case"`
	DrainTimeout time.Duration `yaml:"drain_timeout" env:"NIGHTWIRE_DRAIN_TIMEOUT, default=30s" help:"on SIGTERM, how long to wait for Pub/Sub to confirm what was read"`
	Streams      []Stream      `yaml:"streams"`
}

// Stream is one stream's configuration.
type Stream struct {
	Stream              names.Stream     `yaml:"stream" env:"NIGHTWIRE_STREAM" help:"ztf, ztf-partnership or lsst"`
	Topics              []topics.Pattern `yaml:"topics" env:"KAFKA_TOPICS" help:"topics, comma-separated; {date} stands for the night. Default for ZTF: ztf_{date}_programid1, or 2 and 3"`
	Nights              topics.Window    `yaml:"nights" env:"KAFKA_NIGHTS, default=-7..+1" help:"nights to read where topics have a {date}: from..to, each a date YYYYMMDD, days from today (UTC) or empty; or all"`
	TopicRefresh        time.Duration    `yaml:"topic_refresh" env:"KAFKA_TOPIC_REFRESH, default=30s" help:"how often to look for new topics"`
	CommitInterval      time.Duration    `yaml:"commit_interval" env:"KAFKA_COMMIT_INTERVAL, default=1s" help:"how often to commit confirmed offsets"`
	ReportInterval      time.Duration    `yaml:"report_interval" env:"KAFKA_REPORT_INTERVAL, default=1m" help:"how often to report Kafka's offsets, for the certificate of the night"`
	MaxOutstandingBytes int64            `yaml:"max_outstanding_bytes" env:"NIGHTWIRE_MAX_OUTSTANDING_BYTES, default=67108864" help:"bytes read and not yet confirmed by Pub/Sub, at most"`
	TraceOneIn          int              `yaml:"trace_one_in" env:"NIGHTWIRE_TRACE_ONE_IN, default=1000" help:"one record in so many is traced; 0: none"`
	Kafka               Kafka            `yaml:"kafka"`
}

// Kafka is how to reach the brokers.
type Kafka struct {
	BootstrapServers string     `yaml:"bootstrap_servers" env:"KAFKA_BOOTSTRAP_SERVERS" help:"brokers, host:port, comma-separated"`
	GroupID          string     `yaml:"group_id" env:"KAFKA_GROUP_ID" help:"consumer group. Default: nightwire-<stream>, and the suffix"`
	SecurityProtocol string     `yaml:"security_protocol" env:"KAFKA_SECURITY_PROTOCOL, default=PLAINTEXT" help:"PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"`
	SASLMechanism    string     `yaml:"sasl_mechanism" env:"KAFKA_SASL_MECHANISM" help:"PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or GSSAPI"`
	SASLUsername     string     `yaml:"sasl_username" env:"KAFKA_SASL_USERNAME" help:"for PLAIN and SCRAM"`
	SASLPassword     Secret     `yaml:"sasl_password" env:"KAFKA_SASL_PASSWORD" help:"for PLAIN and SCRAM; never printed"`
	KerberosService  string     `yaml:"kerberos_service" env:"KAFKA_KERBEROS_SERVICE" help:"for GSSAPI: the brokers' service name, kafka if empty"`
	KerberosKeytab   string     `yaml:"kerberos_keytab" env:"KAFKA_KERBEROS_KEYTAB" help:"for GSSAPI: keytab file"`
	KerberosName     string     `yaml:"kerberos_principal" env:"KAFKA_KERBEROS_PRINCIPAL" help:"for GSSAPI: our principal"`
	CAFile           string     `yaml:"ca_file" env:"KAFKA_CA_FILE" help:"for SSL and SASL_SSL: CA certificates in PEM; the system's if empty"`
	Properties       Properties `yaml:"properties" env:"KAFKA_PROPERTIES, separator==" help:"further librdkafka properties, name=value, comma-separated"`
}

// Secret is a text that is never printed.
type Secret string

const hidden = "(hidden)"

// String hides the secret from %v and from logs.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// MarshalYAML hides the secret from the effective configuration.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// Properties are librdkafka's, by name.
type Properties map[string]string

// MarshalYAML hides the values of properties that hold secrets.
func (p Properties) MarshalYAML() (any, error) {
	shown := make(map[string]string, len(p))
	for name, value := range p {
		if secretProperty.MatchString(name) {
			value = hidden
		}
		shown[name] = value
	}
	return shown, nil
}

var secretProperty = regexp.MustCompile(`password|secret|\.pem$|oauthbearer\.config|jaas`)

// Resources names the stream's cloud resources.
func (c *Config) Resources(s Stream) names.Resources {
	return names.Resources{Project: c.Project, Stream: s.Stream, Suffix: c.Suffix}
}

// Export is where the metrics are sent, and how often.
func (c *Config) Export() telemetry.Config {
	return telemetry.Config{Export: c.Telemetry, Interval: time.Minute, Service: "nightwire-connector"}
}

// complete fills in what follows from other settings.
func (c *Config) complete() {
	for i := range c.Streams {
		s := &c.Streams[i]
		if len(s.Topics) == 0 {
			s.Topics = nightlyTopics(s.Stream)
		}
		if s.Kafka.GroupID == "" {
			s.Kafka.GroupID = c.Resources(*s).ConsumerGroup()
		}
	}
}

// nightlyTopics are the stream's topics as ZTF calls them, one a programme and
// night. LSST has none: its topics are named for the schema, and change with it.
func nightlyTopics(stream names.Stream) []topics.Pattern {
	var patterns []topics.Pattern
	for _, program := range stream.Programs() {
		patterns = append(patterns, topics.Pattern(fmt.Sprintf("ztf_{date}_programid%d", program)))
	}
	return patterns
}

// Validate says everything that is wrong, each by the name of its variable.
func (c *Config) Validate() error {
	var wrong []error
	if c.Project == "" {
		wrong = append(wrong, errors.New("GOOGLE_CLOUD_PROJECT (project): want the project that owns the Pub/Sub topics"))
	}
	if c.Port < 1 || c.Port > 65535 {
		wrong = append(wrong, fmt.Errorf("PORT (port): want 1 to 65535, not %d", c.Port))
	}
	if export := c.Export(); export.Validate() != nil {
		wrong = append(wrong, fmt.Errorf("NIGHTWIRE_TELEMETRY (telemetry): want off, google, or host:port of an OTLP collector, not %q", c.Telemetry))
	}
	if c.DrainTimeout <= 0 {
		wrong = append(wrong, fmt.Errorf("NIGHTWIRE_DRAIN_TIMEOUT (drain_timeout): want a time above zero, not %s", c.DrainTimeout))
	}
	if len(c.Streams) == 0 {
		wrong = append(wrong, errors.New("streams: want at least one"))
	}
	seen := map[names.Stream]bool{}
	for _, s := range c.Streams {
		if seen[s.Stream] {
			wrong = append(wrong, fmt.Errorf("streams: %s stands there twice", s.Stream))
		}
		seen[s.Stream] = true
		for _, err := range s.problems(c.Resources(s)) {
			wrong = append(wrong, fmt.Errorf("stream %q: %w", string(s.Stream), err))
		}
	}
	return errors.Join(wrong...)
}

// Load reads the file at path, or the environment if path is empty.
func Load(ctx context.Context, path string) (*Config, error) {
	if path == "" {
		return fromEnvironment(ctx, environment.Lookup)
	}
	return fromFile(ctx, path)
}
