// Package names makes the name of every cloud resource that Nightwire uses:
// topics, buckets, datasets and objects. No other package spells one out, so
// what a function writes and what the deployment creates cannot drift apart.
package names

import (
	"fmt"
	"regexp"
	"strings"

	"nightwire.dev/schemas"
)

// Stream is a survey with one audience: "ztf" (public), "ztf-partnership",
// "lsst". Each stream has resources of its own, so access is decided by IAM.
type Stream string

// The streams that Nightwire knows.
const (
	ZTF            Stream = "ztf"
	ZTFPartnership Stream = "ztf-partnership"
	LSST           Stream = "lsst"
)

// Streams lists every stream.
func Streams() []Stream { return []Stream{ZTF, ZTFPartnership, LSST} }

// Survey is the survey that sends the stream, by its name in the package
// schemas.
func (s Stream) Survey() string {
	switch s {
	case ZTF, ZTFPartnership:
		return schemas.ZTF
	case LSST:
		return schemas.LSST
	default:
		return ""
	}
}

// Programs are the ZTF programmes (programid) whose alerts the stream carries:
// 1 public, 2 partnership, 3 Caltech. Another survey has none.
func (s Stream) Programs() []int {
	switch s {
	case ZTF:
		return []int{1}
	case ZTFPartnership:
		return []int{2, 3}
	default:
		return nil
	}
}

// Validate says whether the stream is one that Nightwire knows.
func (s Stream) Validate() error {
	for _, known := range Streams() {
		if s == known {
			return nil
		}
	}
	return fmt.Errorf("stream %q is not one of ztf, ztf-partnership, lsst", string(s))
}

// LocalProject is the project of the local stack.
const LocalProject = "nightwire-local"

// Resources names what one stream owns in one project. The zero value of
// Suffix is the production deployment; a test deployment puts its suffix on
// every name.
type Resources struct {
	Project string
	Stream  Stream
	Suffix  string
}

var suffixPattern = regexp.MustCompile(`^[a-z0-9]{0,16}$`)

// Validate says what is missing or malformed.
func (r Resources) Validate() error {
	if r.Project == "" {
		return fmt.Errorf("project is empty")
	}
	if !suffixPattern.MatchString(r.Suffix) {
		return fmt.Errorf("suffix %q: want at most 16 lower-case letters and digits", r.Suffix)
	}
	return r.Stream.Validate()
}

// RawTopic carries the survey's packets, byte for byte, from the connector.
func (r Resources) RawTopic() string { return r.Topic("alerts-raw") }

// ArchivedTopic carries the bucket's notification for each archived alert.
func (r Resources) ArchivedTopic() string { return r.Topic("archived") }

// DeadLetterTopic carries what could not be processed, with the reason.
func (r Resources) DeadLetterTopic() string { return r.Topic("dead-letter") }

// SupernovaTopic carries the fits that are plausible supernovae of type Ia.
func (r Resources) SupernovaTopic() string { return r.Topic("supernova") }

// WatermarksTopic carries what the connectors see of Kafka's offsets.
func (r Resources) WatermarksTopic() string { return r.Topic("watermarks") }

// DawnTopic carries the call that closes a night.
func (r Resources) DawnTopic() string { return r.Topic("dawn") }

// TarballTopic carries the nights of which a tarball is to be made.
func (r Resources) TarballTopic() string { return r.Topic("tarball") }

// Topic is the stream's topic of the given kind: a filter's name, for one.
func (r Resources) Topic(kind string) string { return r.hyphenated(string(r.Stream) + "-" + kind) }

// AlertsBucket holds one Avro file an alert.
func (r Resources) AlertsBucket() string {
	return r.hyphenated(r.Project + "-" + string(r.Stream) + "-alerts")
}

// ProductsBucket holds what is made from alerts: stamps, plots, certificates.
func (r Resources) ProductsBucket() string {
	return r.hyphenated(r.Project + "-" + string(r.Stream) + "-products")
}

// Dataset is the BigQuery dataset, where hyphens are not allowed.
func (r Resources) Dataset() string {
	return strings.ReplaceAll(r.hyphenated(string(r.Stream)), "-", "_")
}

// Subscription is the name of the push subscription that brings a topic's
// events to a function.
func (r Resources) Subscription(topic, function string) string { return topic + "-" + function }

// SubscriptionPath is a subscription's full resource name.
func (r Resources) SubscriptionPath(subscription string) string {
	return "projects/" + r.Project + "/subscriptions/" + subscription
}

// ConsumerGroup is the Kafka consumer group in which the connectors of the
// stream share its partitions.
func (r Resources) ConsumerGroup() string { return r.hyphenated("nightwire-" + string(r.Stream)) }

// TopicPath is a topic's full resource name.
func (r Resources) TopicPath(topic string) string {
	return "projects/" + r.Project + "/topics/" + topic
}

func (r Resources) hyphenated(name string) string {
	if r.Suffix == "" {
		return name
	}
	return name + "-" + r.Suffix
}
