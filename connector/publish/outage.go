package publish

import (
	"context"
	"log/slog"
	"sync"
)

// outage counts the messages that are being repeated, so that a thousand of
// them in one outage make two lines in the log: that it began, and that it
// ended.
type outage struct {
	meter     meter
	mu        sync.Mutex
	repeating int
}

func (o *outage) begin(ctx context.Context, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.repeating++
	if o.repeating == 1 {
		slog.ErrorContext(ctx, "publishing fails; trying again until it succeeds", "error", err)
		o.meter.Outage(err)
	}
}

func (o *outage) end(ctx context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.repeating--
	if o.repeating == 0 {
		slog.InfoContext(ctx, "no message is waiting to be repeated any more")
		o.meter.Outage(nil)
	}
}
