package night

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/watermark"
)

// dawn is a call for a night's certificate.
type dawn struct {
	night string    // empty for the last ones
	asked time.Time // when somebody first sent it; zero if nobody knows
	id    string    // of the message that he sent, by which he knows the answer
}

// A dawn that the function itself sends says of which it is the continuation:
// when that was sent (RFC 3339), and its id.
const (
	attributeAsked = "nightwire.asked"
	attributeDawn  = "nightwire.dawn"
)

// lastAttempts begin with this delivery: Pub/Sub delivers a message a hundred
// times, and what is left are tries to send it anew.
const lastAttempts = 90

// read reads the dawn that a message calls.
func (f *Function) read(m *event.Message) (dawn, error) {
	d := dawn{strings.TrimSpace(string(m.Data)), m.PublishTime, m.ID}
	if first, ok := m.Attributes[attributeDawn]; ok {
		asked, err := time.Parse(time.RFC3339Nano, m.Attributes[attributeAsked])
		if err != nil {
			return dawn{}, &fault{fmt.Sprintf("dawn of %.40q: %s: %v", d.night, attributeAsked, err)}
		}
		d.asked, d.id = asked, first
	}
	if _, err := time.Parse(time.DateOnly, d.night); d.night != "" && err != nil {
		return dawn{}, &fault{fmt.Sprintf("dawn of %.40q: want a night, YYYY-MM-DD, or nothing", d.night)}
	}
	return d, nil
}

// callLast calls a dawn of its own for the night that it was when it was asked,
// and one for the night before. The message may have come again on the next day.
func (f *Function) callLast(ctx context.Context, d dawn) error {
	if d.asked.IsZero() {
		d.asked = f.clock()
	}
	for _, at := range []time.Time{d.asked.AddDate(0, 0, -1), d.asked} {
		d.night = watermark.Present(f.Resources.Stream, at)
		if err := f.call(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// call sends a dawn to the function's own topic, as a message that has not been
// delivered yet. Whoever is killed after it, and is delivered again, calls twice.
func (f *Function) call(ctx context.Context, d dawn) error {
	m := &pubsub.Message{Data: []byte(d.night), Attributes: map[string]string{
		attributeAsked: d.asked.UTC().Format(time.RFC3339Nano), attributeDawn: d.id,
	}}
	if _, err := f.Dawn.Publish(ctx, m).Get(ctx); err != nil {
		return fmt.Errorf("call the dawn of %s: %w", d.night, err)
	}
	return nil
}

// fault is a message that asks for no night.
type fault struct{ reason string }

func (f *fault) Error() string   { return f.reason }
func (f *fault) Permanent() bool { return true }
