package pubsub

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"nightwire.dev/infra/local/pubsub/queue"
)

// envelope is the body of one push: a message as Eventarc posts it to a
// function, a CloudEvent in binary mode. It is read once.
type envelope struct {
	*bytes.Reader
	header http.Header
	memory *memory
	closed atomic.Bool
}

// memory is what an envelope is built in: the record as read, and its JSON.
type memory struct{ record, body []byte }

var memories = sync.Pool{New: func() any { return new(memory) }}

// Close gives the memory back. The transport may read a body after its answer
// has come, and closes it, perhaps more than once, when it will read no more.
func (e *envelope) Close() error {
	if !e.closed.Swap(true) && cap(e.memory.body) <= keptBytes {
		memories.Put(e.memory)
	}
	return nil
}

// newEnvelope builds the push of a delivery.
func newEnvelope(sub *subscription, d queue.Delivery) (*envelope, error) {
	m := memories.Get().(*memory)
	definition := sub.definition.Load()
	r, buf, err := sub.topic.read(d.Seq, m.record)
	if err != nil {
		memories.Put(m)
		return nil, err
	}
	m.record = buf
	p := pushed{
		record:       r,
		id:           messageID(sub.topic.number, d.Seq),
		subscription: definition.GetName(),
	}
	if definition.GetDeadLetterPolicy() != nil {
		p.attempt = d.Attempt
	}
	m.body, err = p.appendJSON(m.body[:0])
	if err != nil {
		memories.Put(m)
		return nil, err
	}
	return &envelope{
		Reader: bytes.NewReader(m.body),
		memory: m,
		header: http.Header{
			"Content-Type":   {"application/json"},
			"Ce-Specversion": {"1.0"},
			"Ce-Type":        {"google.cloud.pubsub.topic.v1.messagePublished"},
			"Ce-Source":      {"//pubsub.googleapis.com/" + sub.topic.definition.GetName()},
			"Ce-Id":          {p.id},
			"Ce-Time":        {r.published.Format(time.RFC3339Nano)},
		},
	}, nil
}

// pushed is what a push says of a message.
type pushed struct {
	record
	id           string
	subscription string
	attempt      int // shown if not zero
}

// appendJSON appends the push's JSON. The data, nearly all of it, goes straight
// into its base64: encoding/json would copy it twice more.
func (p pushed) appendJSON(b []byte) ([]byte, error) {
	attributes, err := json.Marshal(p.attributes)
	if err != nil {
		return nil, fmt.Errorf("encode attributes: %w", err)
	}
	published := p.published.Format(time.RFC3339Nano)
	b = append(b, `{"subscription":"`...)
	b = append(b, p.subscription...)
	b = append(b, `","message":{"data":"`...)
	b = base64.StdEncoding.AppendEncode(b, p.data)
	b = append(b, '"')
	if len(p.attributes) > 0 {
		b = append(b, `,"attributes":`...)
		b = append(b, attributes...)
	}
	if p.orderingKey != "" {
		key, err := json.Marshal(p.orderingKey)
		if err != nil {
			return nil, fmt.Errorf("encode ordering key: %w", err)
		}
		b = append(b, `,"orderingKey":`...)
		b = append(b, key...)
	}
	b = fmt.Appendf(b, `,"messageId":%q,"message_id":%[1]q,"publishTime":%q,"publish_time":%[2]q}`, p.id, published)
	if p.attempt > 0 {
		b = fmt.Appendf(b, `,"deliveryAttempt":%d`, p.attempt)
	}
	return append(b, '}'), nil
}
