package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"nightwire.dev/infra/local/stack"
	"nightwire.dev/infra/local/stack/panel"
)

// stageLatency is how long after Kafka's timestamp a stage was done with the
// alerts, in seconds. The percentiles are exact, to the moment that the stage
// writes into its row; until the row was stored, and the event answered, Stored
// bounds: the 99th percentile lies below it.
type stageLatency struct {
	Stage  string  `json:"stage"`
	Alerts int64   `json:"alerts"`
	P50    float64 `json:"p50_seconds"`
	P90    float64 `json:"p90_seconds"`
	P99    float64 `json:"p99_seconds"`
	Max    float64 `json:"max_seconds"`
	Stored float64 `json:"p99_stored_within_seconds,omitempty"`
}

// stages are the moments that the tables keep of each alert, in its order, and
// the functions that come to them.
var stages = []struct{ name, function, from, moment string }{
	{"archived", "archive", "alerts", "alerts.nightwire.archived_at"},
	{"row", "rows", "alerts", "alerts.nightwire.ingested_at"},
	{"evaluated", "filter", "alerts JOIN evaluated USING (candid)", "evaluated.evaluated_at"},
	{"fitted", "supernova", "alerts JOIN fits USING (candid)", "fits.fitted_at"},
}

// latencyQuery asks how long after Kafka's timestamp a moment came.
func latencyQuery(from, moment string) string {
	return fmt.Sprintf(`WITH waits AS (
  SELECT TIMESTAMP_DIFF(%s, alerts.nightwire.kafka.timestamp, MICROSECOND) / 1e6 AS s FROM %s
)
SELECT COUNT(*),
  IFNULL(APPROX_QUANTILES(s, 100)[OFFSET(50)], 0), IFNULL(APPROX_QUANTILES(s, 100)[OFFSET(90)], 0),
  IFNULL(APPROX_QUANTILES(s, 100)[OFFSET(99)], 0), IFNULL(MAX(s), 0)
FROM waits`, moment, from)
}

// latencies asks the tables, and the functions' own histograms, which began with
// the stack.
func latencies(ctx context.Context, e stack.Endpoints, log *slog.Logger) ([]stageLatency, error) {
	tables, err := e.Warehouse(ctx, log)
	if err != nil {
		return nil, err
	}
	defer tables.Close()
	stored, err := panel.Within("http://"+e.Functions+"/metrics", 0.99)
	if err != nil {
		return nil, fmt.Errorf("latency: %w", err)
	}
	var all []stageLatency
	for _, stage := range stages {
		l := stageLatency{Stage: stage.name, Stored: stored[stage.function]}
		err := tables.Visit(ctx, latencyQuery(stage.from, stage.moment), nil, l.read)
		if err != nil {
			return nil, fmt.Errorf("latency of %s: %w", stage.name, err)
		}
		all = append(all, l)
	}
	return all, nil
}

// read takes the one row of the answer.
func (l *stageLatency) read(row []any) error {
	var ok [5]bool
	if len(row) == len(ok) {
		l.Alerts, ok[0] = row[0].(int64)
		for i, into := range []*float64{&l.P50, &l.P90, &l.P99, &l.Max} {
			*into, ok[i+1] = row[i+1].(float64)
		}
	}
	if ok != [5]bool{true, true, true, true, true} {
		return fmt.Errorf("the answer is %v", strings.TrimSpace(fmt.Sprint(row)))
	}
	return nil
}
