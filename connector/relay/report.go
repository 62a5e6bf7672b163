package relay

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"
)

// report tells the watermarks topic what is seen of Kafka until ctx ends: at
// each interval, and when it is due before. One report is on its way at a time
// and is made when it leaves, so that the latest wins; one that is not taken is
// not repeated, since the next says all that it said.
func (r *Relay) report(ctx context.Context) {
	tick := time.NewTicker(r.stream.ReportInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-r.due:
		case <-ctx.Done():
		}
		if ctx.Err() != nil { // or else another might leave, of which nobody hears
			return
		}
		r.tell(ctx, false)
	}
}

// reportSoon has a report made before its time: partitions came or go.
func (r *Relay) reportSoon() {
	select {
	case r.due <- struct{}{}:
	default: // one is due already
	}
}

// tell publishes one report; drained marks the process's last.
func (r *Relay) tell(ctx context.Context, drained bool) {
	report, ok := r.status.Watermarks(time.Now())
	if !ok {
		return
	}
	report.Connector, report.Drained = r.process, drained
	err := r.publisher.Report(ctx, report)
	switch {
	case err == nil:
		r.status.Told(report)
	case ctx.Err() != nil && !drained:
		// Cut off by the end of the process, which has a last report of its own.
	default:
		r.status.Untold()
		slog.WarnContext(ctx, "Kafka's offsets were not reported; the next report says more", "drained", drained, "error", err)
	}
}

// processName tells the processes that share a group apart.
func processName() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d", host, os.Getpid())
}
