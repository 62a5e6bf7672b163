// Package event receives what triggers a function. An HTTP request from
// Eventarc enters; a Pub/Sub message, or the news of an object in a bucket,
// leaves. It also decides what becomes of an event that could not be handled:
// Handler acknowledges it, sends it to the dead-letter topic, or has it sent
// again.
//
// Both forms of a CloudEvent are understood, binary (headers) and structured
// (one JSON document), and both ways in which a bucket tells of an object: a
// notification through a topic, and a storage event.
//
// Source: CloudEvents 1.0 HTTP binding; Pub/Sub push format; Cloud Storage
// notifications, payload JSON_API_V1.
package event

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// The types of events that trigger functions.
const (
	messagePublished = "google.cloud.pubsub.topic.v1.messagePublished"
	objectFinalized  = "google.cloud.storage.object.v1.finalized"
)

// maxBody is above the largest push: 10 MB of message in base64.
const maxBody = 16 << 20

// Message is a Pub/Sub message, or a storage event in its place.
type Message struct {
	ID           string
	Data         []byte
	Attributes   map[string]string
	PublishTime  time.Time
	Subscription string
	Attempt      int // which delivery this is, from 1; 0 where Pub/Sub does not count them

	kind   string  // the CloudEvent's type
	object *Object // that it tells of, once it has been read
}

// maxKept is above an alert's push, and below what would burden an instance.
const maxKept = 1 << 20

// bodies are requests' bodies that have been parsed, as *[]byte, for the next
// ones: one of 95 kB each time would be a sixth of all that a function allocates.
var bodies = sync.Pool{New: func() any { return new([]byte) }}

// Parse reads the message that a request brings. With an error comes what
// there was to read, so that it can be kept.
func Parse(r *http.Request) (*Message, error) {
	buffer := bodies.Get().(*[]byte)
	body, err := readBody(r, (*buffer)[:0])
	if err == nil {
		var m *Message
		if m, err = parse(r.Header, body); err == nil {
			if *buffer = body; cap(body) <= maxKept {
				bodies.Put(buffer)
			}
			return m, nil
		}
	}
	return &Message{ID: r.Header.Get("Ce-Id"), Data: body}, err
}

// parse reads a message that keeps nothing of the body.
func parse(header http.Header, body []byte) (*Message, error) {
	kind, id := header.Get("Ce-Type"), header.Get("Ce-Id")
	if strings.HasPrefix(header.Get("Content-Type"), "application/cloudevents+json") {
		var envelope struct {
			ID   string          `json:"id"`
			Type string          `json:"type"`
			Data json.RawMessage `json:"data"`
		}
		if err := json.Unmarshal(body, &envelope); err != nil {
			return nil, malformed("structured CloudEvent: %v", err)
		}
		kind, id, body = envelope.Type, envelope.ID, envelope.Data
	}
	switch kind {
	case messagePublished, "": // a plain push has no CloudEvent's headers
		return parsePush(body)
	case objectFinalized:
		return &Message{ID: id, Data: bytes.Clone(body), kind: kind}, nil
	default:
		return nil, malformed("CloudEvent type %q is none that a function expects", kind)
	}
}

// readBody reads into the memory of body, if it is large enough.
func readBody(r *http.Request, body []byte) ([]byte, error) {
	if r.ContentLength > maxBody {
		return nil, malformed("body of %d bytes", r.ContentLength)
	}
	body = slices.Grow(body, int(max(r.ContentLength, 512))+1)
	reader := io.LimitReader(r.Body, maxBody+1)
	for {
		n, err := reader.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case err == io.EOF && len(body) <= maxBody:
			return body, nil
		case err == io.EOF:
			return nil, malformed("body of more than %d bytes", maxBody)
		case err != nil:
			return nil, fmt.Errorf("read request: %w", err)
		case len(body) == cap(body):
			body = append(body, 0)[:len(body)]
		}
	}
}

// push is the body of a push. The message's data would cost more to parse than
// all the rest of handling an alert: parsePush lifts it out before.
type push struct {
	Subscription string `json:"subscription"`
	Attempt      int    `json:"deliveryAttempt"` // told where there is a dead-letter policy
	Message      struct {
		Attributes  map[string]string `json:"attributes"`
		Data        []byte            `json:"data"` // where it could not be lifted out
		ID          string            `json:"messageId"`
		PublishTime time.Time         `json:"publishTime"`
	} `json:"message"`
}

func parsePush(body []byte) (*Message, error) {
	encoded, rest := lift(body, "message", "data")
	var p push
	if err := json.Unmarshal(rest, &p); err != nil {
		return nil, malformed("push: %v", err)
	}
	if len(encoded) == 0 {
		return p.as(p.Message.Data), nil
	}
	if len(p.Message.Data) > 0 {
		return nil, malformed("message %s has data twice", p.Message.ID)
	}
	data := make([]byte, base64.StdEncoding.DecodedLen(len(encoded)))
	n, err := base64.StdEncoding.Decode(data, encoded)
	if err != nil {
		return nil, malformed("data of message %s: %v", p.Message.ID, err)
	}
	return p.as(data[:n]), nil
}

func (p *push) as(data []byte) *Message {
	return &Message{
		ID: p.Message.ID, Data: data, Attributes: p.Message.Attributes,
		PublishTime: p.Message.PublishTime, Subscription: p.Subscription, Attempt: p.Attempt, kind: messagePublished,
	}
}
