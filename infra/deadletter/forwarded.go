package deadletter

import (
	"fmt"
	"maps"
	"strings"

	"nightwire.dev/shared/event"
)

// Pub/Sub itself makes a dead letter of a message that was delivered in vain as
// often as its subscription allows. No function wrote it, so it says by Pub/Sub's
// own attributes where it comes from, and not why.
const (
	forwarded             = "CloudPubSubDeadLetterSource" // they all begin so
	forwardedSubscription = forwarded + "Subscription"
	forwardedAfter        = forwarded + "DeliveryCount"
)

// forwardedFrom is the subscription that gave the letter's message up; empty for
// a letter that was written.
func (l *Letter) forwardedFrom() string {
	if l.Attributes[event.AttributeFunction] != "" {
		return ""
	}
	return l.Attributes[forwardedSubscription]
}

// explain gives a letter that Pub/Sub forwarded its function and its reason.
func (l *Letter) explain() {
	from := l.forwardedFrom()
	if from == "" {
		return
	}
	// A subscription is named for its topic and its function, whose name is one word.
	l.Function = from[strings.LastIndexByte(from, '-')+1:]
	l.Reason = fmt.Sprintf("Pub/Sub gave it up after %s deliveries: the function's log says why", l.Attributes[forwardedAfter])
}

// original are the attributes of a message before Pub/Sub forwarded it.
func original(letter map[string]string) map[string]string {
	attributes := maps.Clone(letter)
	maps.DeleteFunc(attributes, func(key, _ string) bool { return strings.HasPrefix(key, forwarded) })
	return attributes
}
