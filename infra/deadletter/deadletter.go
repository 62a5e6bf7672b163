// Package deadletter reads the dead letters of a stream, the messages that no
// function could process, whether a function said so or Pub/Sub lost patience, and sends them where they came from once the cause is
// gone.
//
// The stream's subscription to its dead-letter topic enters; letters leave, and
// their messages again. The command deadletter is the caller. What writes the
// letters is the package event in shared, the connector, and Pub/Sub itself.
package deadletter

import (
	"fmt"
	"strconv"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/origin"
)

// Letter is one dead letter.
type Letter struct {
	ID         string    // Pub/Sub's
	Published  time.Time // when it became a letter, by Pub/Sub's clock
	At         time.Time // the same, by the function's
	Function   string
	Reason     string
	Attributes map[string]string // all of them: the message's own, and the letter's
	Bytes      int               // of the message's content
	Data       []byte            // the content as it was; none if it was too large for a letter

	ackID string
}

func read(received *pubsubpb.ReceivedMessage) *Letter {
	m := received.GetMessage()
	l := &Letter{
		ID: m.GetMessageId(), Published: m.GetPublishTime().AsTime(), Attributes: m.GetAttributes(), Data: m.GetData(),
		Function: m.GetAttributes()[event.AttributeFunction], Reason: m.GetAttributes()[event.AttributeReason],
		Bytes: len(m.GetData()), ackID: received.GetAckId(),
	}
	if dropped, err := strconv.Atoi(l.Attributes[event.AttributeDropped]); err == nil {
		l.Bytes = dropped
	}
	var err error
	if l.At, err = time.Parse(time.RFC3339Nano, l.Attributes[event.AttributeAt]); err != nil {
		l.At = l.Published
	}
	l.explain()
	return l
}

// From is what the message was about: the Kafka record that it brought, the
// archived file that it told of, or else which message it was.
func (l *Letter) From() string {
	if o, err := origin.Parse(l.Attributes); err == nil {
		return fmt.Sprintf("%s/%d@%d", o.Topic, o.Partition, o.Offset)
	}
	if object := l.Attributes["objectId"]; l.Attributes["bucketId"] != "" && object != "" {
		return object
	}
	if id := l.Attributes[event.AttributeMessageID]; id != "" {
		return "message " + id
	}
	if from := l.forwardedFrom(); from != "" {
		return "a message of " + from
	}
	return "unknown"
}
