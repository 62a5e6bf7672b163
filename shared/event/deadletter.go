package event

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cloud.google.com/go/pubsub/v2"
)

// Letter is an event that can never be processed, and why.
type Letter struct {
	Function string
	Reason   string
	Message  *Message
	At       time.Time
}

// The attributes that say of a dead letter where it comes from, why, and since
// when (RFC 3339). The connector's notices have them too.
const (
	AttributeFunction = "nightwire.function"
	AttributeReason   = "nightwire.reason"
	AttributeAt       = "nightwire.at"
)

// The attributes that tell of the message that became the dead letter. A letter
// without subscription is an event out of which no message could be read.
const (
	AttributeSubscription = "nightwire.subscription"
	AttributeMessageID    = "nightwire.messageId"
)

// AttributeDropped holds the length of content that was too large to keep.
const AttributeDropped = "nightwire.dropped"

// maxData leaves room for the attributes within Pub/Sub's 10 MB a message.
const maxData = 9_900_000

// maxAttribute is Pub/Sub's limit for the value of an attribute, in bytes.
const maxAttribute = 1024

// DeadLetters is a stream's dead-letter topic.
type DeadLetters struct{ Publisher *pubsub.Publisher }

// Put publishes the letter, with the message's bytes and attributes as they
// were, and returns once Pub/Sub has it.
func (d *DeadLetters) Put(ctx context.Context, l Letter) error {
	attributes := map[string]string{}
	maps.Copy(attributes, l.Message.Attributes)
	attributes[AttributeFunction] = l.Function
	attributes[AttributeReason] = shorten(l.Reason)
	attributes[AttributeAt] = l.At.UTC().Format(time.RFC3339Nano)
	attributes[AttributeSubscription] = l.Message.Subscription
	attributes[AttributeMessageID] = l.Message.ID
	data := l.Message.Data
	if len(data) > maxData {
		// With our attributes it is more than Pub/Sub takes. The letter goes
		// without its content, which Kafka has at the coordinates that it names.
		data, attributes[AttributeDropped] = nil, strconv.Itoa(len(data))
	}
	result := d.Publisher.Publish(ctx, &pubsub.Message{Data: data, Attributes: attributes})
	if _, err := result.Get(ctx); err != nil {
		return fmt.Errorf("put message %s on the dead-letter topic: %w", l.Message.ID, err)
	}
	return nil
}

// Original are the attributes of the message that became the dead letter: those
// of the letter, without what Put added.
func Original(letter map[string]string) map[string]string {
	original := maps.Clone(letter)
	for _, added := range []string{
		AttributeFunction, AttributeReason, AttributeAt, AttributeSubscription, AttributeMessageID, AttributeDropped,
	} {
		delete(original, added)
	}
	return original
}

// shorten makes a text what an attribute can hold: Pub/Sub refuses one that is
// too long or not UTF-8, and with it the other messages of the same request.
func shorten(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxAttribute {
		return s
	}
	s = s[:maxAttribute]
	for len(s) > 0 && !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}
