package functions

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"nightwire.dev/functions/archive"
	"nightwire.dev/shared/ledger"
	"nightwire.dev/shared/telemetry"
)

// metricsName is where a process that serves all functions shows its metrics.
const metricsName = "metrics"

// outcomes are what functions call what becomes of an event, where that is more
// than done.
var outcomes = map[string][]string{
	archive.Name: {string(ledger.Stored), string(ledger.Duplicate), string(ledger.Conflict), string(ledger.Rejected)},
}

// flushTimeout is half of the time that Cloud Run leaves between SIGTERM and the
// end.
const flushTimeout = 5 * time.Second

// flushAtEnd sends the last telemetry when the process is told to end, and then
// lets it end as it would have.
func flushAtEnd(t *telemetry.Telemetry, log *slog.Logger) {
	if !t.Sends() {
		return
	}
	ended, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	go func() {
		<-ended.Done()
		ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
		defer cancel()
		if err := t.Close(ctx); err != nil {
			log.WarnContext(ctx, "the last telemetry is not sent", "error", err)
		}
		stop()
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			_ = self.Signal(syscall.SIGTERM)
		}
	}()
}
