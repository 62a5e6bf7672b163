package feed

import (
	"context"
	"fmt"
	"time"

	"nightwire.dev/infra/source"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/survey"
)

// Namer says into which topic a packet goes.
type Namer func(source.Packet) string

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
