package config

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nightwire.dev/connector/topics"
)

const twoStreams = `
project: survey-broker
suffix: test
streams:
  - stream: ztf
    nights: all
    kafka:
      bootstrap_servers: ztf.example:9092
  - stream: lsst
    topics: [lsst-alerts-v9.0]
    commit_interval: 250ms
    kafka:
      bootstrap_servers: lsst.example:9094
      security_protocol: SASL_SSL
      sasl_mechanism: SCRAM-SHA-512
      sasl_username: broker
      sasl_password: ${LSST_PASSWORD}
      properties:
        debug: security
        ssl.key.password: pass
`

// lookupIn is an environment for tests.
func lookupIn(v map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { value, ok := v[name]; return value, ok }
}

func TestFile(t *testing.T) {
	t.Parallel()
	// The value would end the mapping if it were put into the text.
	password := "sa\"fe: }\n- x"
	c, err := parse(t.Context(), []byte(twoStreams), lookupIn(map[string]string{"LSST_PASSWORD": password}))
	if err != nil {
		t.Fatal(err)
	}
	if c.Port != 8080 || c.DrainTimeout != 30*time.Second || len(c.Streams) != 2 {
		t.Errorf("port %d, drain timeout %s, %d streams", c.Port, c.DrainTimeout, len(c.Streams))
	}
	ztf, lsst := c.Streams[0], c.Streams[1]
	if diff := cmp.Diff([]topics.Pattern{"ztf_{date}_programid1"}, ztf.Topics); diff != "" {
		t.Errorf("ZTF's topics (-want +got):\n%s", diff)
	}
	if got, want := ztf.Kafka.GroupID, "nightwire-ztf-test"; got != want {
		t.Errorf("group %q, want %q", got, want)
	}
	if lsst.CommitInterval != 250*time.Millisecond || lsst.TopicRefresh != 30*time.Second {
		t.Errorf("commit interval %s, topic refresh %s", lsst.CommitInterval, lsst.TopicRefresh)
	}
	properties := lsst.ConsumerProperties()
	for name, want := range map[string]string{
		"sasl.password": password, "sasl.mechanism": "SCRAM-SHA-512", "security.protocol": "SASL_SSL",
		"debug": "security", "enable.auto.commit": "false", "enable.auto.offset.store": "false",
		"auto.offset.reset": "error", "group.id": "nightwire-lsst-test",
	} {
		if got := properties[name]; got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	var shown bytes.Buffer
	if err := c.Write(&shown); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"fe: }", "ssl.key.password: pass"} {
		if strings.Contains(shown.String(), secret) {
			t.Errorf("the effective configuration shows %q", secret)
		}
	}
}

func TestFileRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, old, new, want string }{
		{"unknown setting", "suffix: test", "sufix: test", "sufix"},
		{"unknown setting of a stream", "topics: [", "topic: [", "topic"},
		{"a time of zero", "250ms", "0s", "KAFKA_COMMIT_INTERVAL"},
		{"unset variable", "${LSST_PASSWORD}", "${NO_SUCH}", "NO_SUCH"},
		{"no project", "project: survey-broker", "", "GOOGLE_CLOUD_PROJECT"},
		{"unknown stream", "stream: ztf", "stream: ps1", `stream "ps1": NIGHTWIRE_STREAM`},
		{"stream twice", "stream: lsst", "stream: ztf", "twice"},
		{"no topics for LSST", "topics: [lsst-alerts-v9.0]", "", `stream "lsst": KAFKA_TOPICS`},
		{"bad topic", "[lsst-alerts-v9.0]", "['lsst.*']", "KAFKA_TOPICS"},
		{"bad nights", "nights: all", "nights: last week", "last week"},
		{"no brokers", "bootstrap_servers: ztf.example:9092", "group_id: g", "KAFKA_BOOTSTRAP_SERVERS"},
		{"unknown protocol", "SASL_SSL", "TLS", "KAFKA_SECURITY_PROTOCOL"},
		{"SASL settings without SASL", "SASL_SSL", "SSL", "want SASL_PLAINTEXT or SASL_SSL"},
		{"unknown mechanism", "SCRAM-SHA-512", "OAUTHBEARER", "KAFKA_SASL_MECHANISM"},
		{"no user", "sasl_username: broker", "", "KAFKA_SASL_USERNAME"},
		{"no password", "sasl_password: ${LSST_PASSWORD}", "", "KAFKA_SASL_PASSWORD"},
		{"property of ours", "debug: security", "enable.auto.commit: true", "enable.auto.commit may not be set"},
		{"a setting's property", "debug: security", "sasl.kerberos.keytab: k", "sasl.kerberos.keytab may not be set: it has a setting of its own"},
		{"the client library's", "debug: security", "go.events.channel.enable: true", "go.events.channel.enable may not be set: go.* is"},
		{"nights backwards", "nights: all", "nights: 20260131..20260101", "the first night comes after the last"},
		{"negative time", "250ms", "-1s", "KAFKA_COMMIT_INTERVAL"},
		{"no time between reports", "commit_interval: 250ms", "report_interval: 0s", "KAFKA_REPORT_INTERVAL (report_interval): want a time above zero"},
		{"budget too small", "nights: all", "max_outstanding_bytes: 1000", "NIGHTWIRE_MAX_OUTSTANDING_BYTES"},
		{"bad suffix", "suffix: test", "suffix: Test-1", "NIGHTWIRE_SUFFIX"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text := strings.Replace(twoStreams, test.old, test.new, 1)
			if text == twoStreams {
				t.Fatalf("%q is not in the file", test.old)
			}
			_, err := parse(t.Context(), []byte(text), lookupIn(map[string]string{"LSST_PASSWORD": "x"}))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestEnvironmentIsEnoughForOneStream(t *testing.T) {
	t.Parallel()
	c, err := fromEnvironment(t.Context(), lookupIn(map[string]string{
		"GOOGLE_CLOUD_PROJECT": "p", "NIGHTWIRE_STREAM": "ztf-partnership", "PORT": "9000",
		"KAFKA_BOOTSTRAP_SERVERS": "a:1,b:2", "KAFKA_NIGHTS": "20260101..",
		"KAFKA_PROPERTIES": "fetch.min.bytes=1000,debug=cgrp", "LOG_LEVEL": "debug",
	}))
	if err != nil {
		t.Fatal(err)
	}
	stream := c.Streams[0]
	if len(c.Streams) != 1 || c.Port != 9000 || stream.Nights.String() != "20260101.." {
		t.Errorf("configuration %+v", c)
	}
	if diff := cmp.Diff([]topics.Pattern{"ztf_{date}_programid2", "ztf_{date}_programid3"}, stream.Topics); diff != "" {
		t.Errorf("topics (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Properties{"fetch.min.bytes": "1000", "debug": "cgrp"}, stream.Kafka.Properties); diff != "" {
		t.Errorf("properties (-want +got):\n%s", diff)
	}
}

func TestEnvironmentRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, variable, value, want string }{
		{"no number", "PORT", "abc", `PORT: want a number, not "abc"`},
		{"no number of bytes", "NIGHTWIRE_MAX_OUTSTANDING_BYTES", "64 MiB", `NIGHTWIRE_MAX_OUTSTANDING_BYTES: want a number, not "64 MiB"`},
		{"a time without its unit", "KAFKA_TOPIC_REFRESH", "30", `KAFKA_TOPIC_REFRESH: want a time with its unit, as in 30s, not "30"`},
		{"no collector", "NIGHTWIRE_TELEMETRY", "collector", "check configuration:\n" + `NIGHTWIRE_TELEMETRY (telemetry): want off, google, or host:port of an OTLP collector, not "collector"`},
		{"no level", "LOG_LEVEL", "loud", `LOG_LEVEL: want DEBUG, INFO, WARN or ERROR, not "loud"`},
		{"a password in a wrong place", "KAFKA_PROPERTIES", "hunter2", "KAFKA_PROPERTIES: want name=value, comma-separated"},
		{
			"no window", "KAFKA_NIGHTS", "+1..-7",
			`read configuration from the environment: KAFKA_NIGHTS: Stream: nights "+1..-7": the first night comes after the last`,
		},
		{
			"an unknown stream", "NIGHTWIRE_STREAM", "ps1",
			"check configuration:\nstream \"ps1\": NIGHTWIRE_STREAM (stream): want ztf, ztf-partnership or lsst, not \"ps1\"",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := map[string]string{"GOOGLE_CLOUD_PROJECT": "p", "NIGHTWIRE_STREAM": "ztf", "KAFKA_BOOTSTRAP_SERVERS": "a:1"}
			v[test.variable] = test.value
			_, err := fromEnvironment(t.Context(), lookupIn(v))
			if err == nil || err.Error() != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

func TestReadmeNamesEverySetting(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settings() {
		if s.help == "" {
			t.Errorf("%s has no help", s.variable)
		}
		if !strings.Contains(string(readme), "`"+s.variable+"`") {
			t.Errorf("README.md does not name %s", s.variable)
		}
	}
}
