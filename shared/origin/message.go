package origin

import (
	"cloud.google.com/go/pubsub/v2"
	"nightwire.dev/shared/names"
)

// Message is the raw message of a record: its value as it is, with the
// coordinates as attributes. The connector publishes it, and the command
// replay publishes the same again.
func (o Origin) Message(stream names.Stream, value []byte) *pubsub.Message {
	attributes := map[string]string{"stream": string(stream), "encoding": encoding(value)}
	o.Attributes(attributes)
	return &pubsub.Message{Data: value, Attributes: attributes}
}

// encoding names the container by its first bytes: an Avro object container
// file, or the wire format of a schema registry.
func encoding(value []byte) string {
	switch {
	case len(value) >= 4 && string(value[:4]) == "Obj\x01":
		return "ocf"
	case len(value) > 0 && value[0] == 0:
		return "confluent"
	default:
		return "unknown"
	}
}
