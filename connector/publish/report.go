package publish

import (
	"context"
	"encoding/json"
	"fmt"

	"cloud.google.com/go/pubsub/v2"

	"nightwire.dev/shared/watermark"
)

// Report publishes what is seen of Kafka's offsets, and returns once Pub/Sub has
// it or has not taken it in time. It takes no part in the budget, and a failure
// is no outage: alerts neither wait for a report nor make room for one.
func (p *Publisher) Report(ctx context.Context, r watermark.Report) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write report of watermarks: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, p.settings.ReportTimeout)
	defer cancel()
	message := &pubsub.Message{Data: data, Attributes: map[string]string{"stream": string(p.stream)}}
	if _, err := p.watermarks.Publish(ctx, message).Get(ctx); err != nil {
		return fmt.Errorf("publish report of watermarks: %w", err)
	}
	return nil
}
