package feed

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"nightwire.dev/infra/source"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/survey"
)

// Namer says into which topic a packet goes.
type Namer func(source.Packet) string

// kafkaName is what Kafka takes as the name of a topic.
var kafkaName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`)

// CheckTopic says why Kafka would have no topic of a name. Not every broker
// does before the first record is lost.
func CheckTopic(name string) error {
	if !kafkaName.MatchString(name) || name == "." || name == ".." {
		return fmt.Errorf("topic %q: Kafka wants letters, digits, dots, hyphens and underscores, 249 at most", name)
	}
	return nil
}

// OneTopic puts every packet into one topic.
func OneTopic(topic string) Namer { return func(source.Packet) string { return topic } }

// NightlyTopics puts each ZTF alert into the topic of its night, as the survey
// does: ztf_YYYYMMDD_programid1, by the UTC date of the observation. A packet
// that cannot be read goes where one would that was observed today.
func NightlyTopics(stream names.Stream) Namer {
	decoder := &packet.Decoder{}
	return func(p source.Packet) string {
		night := time.Now().UTC()
		if decoded, err := decoder.Decode(context.Background(), p.Bytes); err == nil {
			if a, err := survey.Read(stream, decoded); err == nil {
				night = a.ObservedAt
			}
		}
		return fmt.Sprintf("ztf_%s_programid%d", night.Format("20060102"), stream.Programs()[0])
	}
}
