package event

import (
	"context"
	"fmt"
	"maps"
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

// The attributes that a dead letter has besides those of the message.
const (
	attributeFunction     = "nightwire.function"
	attributeReason       = "nightwire.reason"
	attributeAt           = "nightwire.at"
	attributeSubscription = "nightwire.subscription"
	attributeMessageID    = "nightwire.messageId"
)

// maxAttribute is Pub/Sub's limit for the value of an attribute, in bytes.
const maxAttribute = 1024

// DeadLetters is a stream's dead-letter topic.
type DeadLetters struct{ Publisher *pubsub.Publisher }

// Put publishes the letter, with the message's bytes and attributes as they
// were, and returns once Pub/Sub has it.
func (d *DeadLetters) Put(ctx context.Context, l Letter) error {
	attributes := map[string]string{}
	maps.Copy(attributes, l.Message.Attributes)
	attributes[attributeFunction] = l.Function
	attributes[attributeReason] = shorten(l.Reason)
	attributes[attributeAt] = l.At.UTC().Format(time.RFC3339Nano)
	attributes[attributeSubscription] = l.Message.Subscription
	attributes[attributeMessageID] = l.Message.ID
	result := d.Publisher.Publish(ctx, &pubsub.Message{Data: l.Message.Data, Attributes: attributes})
	if _, err := result.Get(ctx); err != nil {
		return fmt.Errorf("put message %s on the dead-letter topic: %w", l.Message.ID, err)
	}
	return nil
}

// shorten cuts a text to what an attribute can hold.
func shorten(s string) string {
	if len(s) <= maxAttribute {
		return s
	}
	s = s[:maxAttribute]
	for len(s) > 0 && !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}
