package storage

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
)

// Payload formats of a notification configuration.
const (
	payloadJSON = "JSON_API_V1"
	payloadNone = "NONE"
)

// topicPrefix stands before the topic's own name in a configuration.
const topicPrefix = "//pubsub.googleapis.com/"

// notification is a notification configuration: which changes of a bucket are
// told to which topic.
type notification struct {
	Kind             string            `json:"kind,omitempty"`
	ID               string            `json:"id"`
	SelfLink         string            `json:"selfLink,omitempty"`
	ETag             string            `json:"etag,omitempty"`
	Topic            string            `json:"topic"`
	EventTypes       []string          `json:"event_types,omitempty"`
	ObjectNamePrefix string            `json:"object_name_prefix,omitempty"`
	PayloadFormat    string            `json:"payload_format"`
	CustomAttributes map[string]string `json:"custom_attributes,omitempty"`
}

func (n notification) link(serverURL, bucket string) notification {
	n.Kind = "storage#notification"
	n.ETag = n.ID
	n.SelfLink = serverURL + "/storage/v1/b/" + bucket + "/notificationConfigs/" + n.ID
	return n
}

// wants says whether an event of an object is to be told.
func (n notification) wants(event, name string) bool {
	return strings.HasPrefix(name, n.ObjectNamePrefix) &&
		(len(n.EventTypes) == 0 || slices.Contains(n.EventTypes, event))
}

// count is the number of messages that a record leads to.
func (n notification) count(r record) int {
	count := 0
	if n.wants(r.Event, r.Object.Name) {
		count++
	}
	if r.Replaced != nil && n.wants(deletion, r.Object.Name) {
		count++
	}
	return count
}

// messages are the Pub/Sub messages that a record leads to. A new generation
// tells two events: its own, and the end of the one it took the place of.
func (n notification) messages(r record, serverURL string) ([]*pubsubpb.PubsubMessage, error) {
	var messages []*pubsubpb.PubsubMessage
	if n.wants(r.Event, r.Object.Name) {
		m, err := n.message(r.Event, r.Object, r.Time, serverURL)
		if err != nil {
			return nil, err
		}
		if r.Replaced != nil {
			m.Attributes["overwroteGeneration"] = strconv.FormatInt(r.Replaced.Generation, 10)
		}
		messages = append(messages, m)
	}
	if r.Replaced != nil && n.wants(deletion, r.Object.Name) {
		m, err := n.message(deletion, *r.Replaced, r.Time, serverURL)
		if err != nil {
			return nil, err
		}
		m.Attributes["overwrittenByGeneration"] = strconv.FormatInt(r.Object.Generation, 10)
		messages = append(messages, m)
	}
	return messages, nil
}

func (n notification) message(event string, o object, at time.Time, serverURL string) (*pubsubpb.PubsubMessage, error) {
	attributes := map[string]string{}
	maps.Copy(attributes, n.CustomAttributes)
	maps.Copy(attributes, map[string]string{
		"notificationConfig": "projects/_/buckets/" + o.Bucket + "/notificationConfigs/" + n.ID,
		"eventType":          event,
		"payloadFormat":      n.PayloadFormat,
		"bucketId":           o.Bucket,
		"objectId":           o.Name,
		"objectGeneration":   strconv.FormatInt(o.Generation, 10),
		"eventTime":          at.Format(time.RFC3339Nano),
	})
	m := &pubsubpb.PubsubMessage{Attributes: attributes}
	if n.PayloadFormat == payloadNone {
		return m, nil
	}
	var err error
	m.Data, err = json.Marshal(o.link(serverURL))
	return m, err
}
