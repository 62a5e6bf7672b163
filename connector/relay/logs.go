package relay

import (
	"context"
	"log/slog"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"
)

// forwardLogs writes librdkafka's lines to our log until the consumer closes.
func forwardLogs(ctx context.Context, lines <-chan kafka.LogEvent) {
	for line := range lines {
		slog.Log(ctx, level(line.Level), "librdkafka: "+line.Message, "facility", line.Tag)
	}
}

// level translates syslog's levels. Nothing of librdkafka's is above WARN: an
// error that matters comes back as an event, and is logged where it is handled.
func level(syslog int) slog.Level {
	switch {
	case syslog <= 4:
		return slog.LevelWarn
	case syslog <= 6:
		return slog.LevelInfo
	default:
		return slog.LevelDebug
	}
}
