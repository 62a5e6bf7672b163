package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Sender sends the metrics of a process that always has a processor, as the
// connector has on its machine. It may have a clock, which Telemetry may not.
type Sender struct {
	outlet   *outlet // nil: nothing is sent
	interval time.Duration
	log      *slog.Logger
}

// NewSender connects to what the metrics are to be sent to, if c says so. A
// Sender makes no spans, so that "log" is the same to it as "off".
func NewSender(ctx context.Context, c Config, project string, metrics prometheus.Gatherer, log *slog.Logger) (*Sender, error) {
	s := &Sender{interval: c.Interval, log: log}
	if c.Export == Off || c.Export == Log {
		return s, nil
	}
	var err error
	if s.outlet, err = connect(ctx, c, project, metrics); err != nil {
		return nil, fmt.Errorf("open telemetry to %s: %w", c.Export, err)
	}
	return s, nil
}

// Run sends the metrics every interval until ctx ends, and once more then.
func (s *Sender) Run(ctx context.Context) {
	if s.outlet == nil {
		return
	}
	ticker := time.NewTicker(s.interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.limited(ctx, s.outlet.flush)
		case <-ctx.Done():
			s.limited(ctx, s.outlet.close)
			return
		}
	}
}

// limited gives an export its time, and tells of what went wrong: an outage of
// the telemetry is none of the process.
func (s *Sender) limited(ctx context.Context, export func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exportTimeout)
	defer cancel()
	if err := export(ctx); err != nil {
		s.log.WarnContext(ctx, "metrics are not sent; their counts are in the next", "error", err)
	}
}
