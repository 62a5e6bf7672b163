package pubsub_test

import (
	"net/http"
	"os"
	"testing"

	"nightwire.dev/infra/local/conformance"
)

// What only the local server is asked, and why.
const (
	loopback = "its pushes cannot reach a port of this machine"
	granted  = "its service agent must be granted the dead-letter topic first"
)

// TestConformance asks for the behaviours of Pub/Sub that Nightwire, or who
// meets the local server with the official client, counts on.
func TestConformance(t *testing.T) {
	t.Parallel()
	conformance.Run(t, os.Getenv("CONFORMANCE_PROJECT"), func(t *testing.T, project string) *house {
		t.Helper()
		if project != "" {
			return newRemoteHouse(t, project)
		}
		return newHouse(t)
	}, []conformance.Case[*house]{
		// Delivery.
		{Name: "a subscription begins at its creation", Check: testSubscriptionBeginsAtItsCreation,
			Says: "A subscription receives the messages published after it was created; each goes to every subscription."},
		{Name: "a message arrives whole", Check: testMessageArrivesWhole,
			Says: "Data, attributes, ordering key and message id arrive; the publish time is the server's; without a dead-letter policy there is no delivery attempt."},
		{Name: "ids", Check: testIDs,
			Says: "The ids of a publish are in the order of its messages, and unique within the topic."},
		{Name: "a message of 10 MB", Check: testLargestMessage,
			Says: "A message may have 10 MB."},
		{Name: "a refused message comes again", Check: testRefusedMessageComesAgain,
			Says: "A deadline of zero makes the message available again; an acknowledged one does not come again; an ended delivery has no deadline to move."},
		{Name: "an unacknowledged message comes again", Check: testUnacknowledgedComesAgain,
			Says: "A message that is not acknowledged before the subscription's deadline, 10 s or more, is redelivered; before it, it is not."},
		{Name: "a deadline moves", Check: testDeadlineMoves,
			Says: "ModifyAckDeadline makes a delivery's deadline earlier or later than the subscription's."},
		{Name: "a late acknowledgement counts", Check: testLateAcknowledgement,
			Says: "Acknowledging a message whose deadline has passed may succeed; acknowledging it more than once is no error."},
		{Name: "back-off", Check: testBackoff,
			Says: "With a retry policy a refused message waits at least the minimum back-off, and others do not wait for it."},
		{Name: "a filter", Check: testFilter,
			Says: "Messages that do not match the subscription's filter are acknowledged by the service."},
		{Name: "attempts are counted by subscription", Local: granted, Check: testAttemptsAreTheSubscriptions,
			Says: "Delivery attempts count the refusals and expiries of one subscription; after the last the message goes to its dead-letter topic."},
		// StreamingPull.
		{Name: "Receive", Check: testReceive,
			Says: "The client's streaming pull gets every message; its refusals are redelivered and its flow control is heeded."},
		{Name: "a stream holds back", Check: testStreamHoldsBack,
			Says: "While max_outstanding_messages have been neither acknowledged nor refused, the server sends no more."},
		{Name: "a stream ends with its subscription", Check: testStreamEndsWithSubscription,
			Says: "When the subscription is deleted the stream ends with NOT_FOUND."},
		{Name: "a stream refuses", Check: testStreamRefuses,
			Says: "Malformed requests end the stream with INVALID_ARGUMENT."},
		// Push.
		{Name: "a push is a CloudEvent", Local: loopback, Check: testPushIsCloudEvent,
			Says: "Eventarc delivers a message to a function as a CloudEvent in binary mode."},
		{Name: "a push that meets a client error is repeated", Local: loopback, Check: testPushRepeats(http.StatusNotFound),
			Says: "Any status but success is a negative acknowledgement."},
		{Name: "a push that meets a server error is repeated", Local: loopback, Check: testPushRepeats(http.StatusInternalServerError),
			Says: "Any status but success is a negative acknowledgement."},
		{Name: "a push that is sent elsewhere is repeated", Local: loopback, Check: testPushRepeats(http.StatusFound),
			Says: "Redirections are not followed, and are negative acknowledgements."},
		{Name: "a push that is not answered is repeated", Local: loopback, Check: testPushTimesOut,
			Says: "An endpoint that does not answer within the acknowledgement deadline has refused; other messages do not wait for it."},
		{Name: "a push that always fails is a dead letter", Local: loopback, Check: testDeadLetter,
			Says: "After max_delivery_attempts the message is forwarded, with attributes that tell its history, and acknowledged."},
		{Name: "a push endpoint changes", Local: loopback, Check: testPushEndpointChanges,
			Says: "UpdateSubscription: messages not yet delivered go to the new endpoint."},
		// Definitions.
		{Name: "definitions", Check: testDefinitions,
			Says: "What was created is listed, with the service's defaults; what was deleted is not."},
		{Name: "a deleted topic", Check: testDeletedTopic,
			Says: "A topic that is deleted is not found; another of its name has other messages."},
		{Name: "errors", Check: testErrors,
			Says: "Each refusal carries the code of google.rpc; what the local server lacks is UNIMPLEMENTED."},
	})
}
