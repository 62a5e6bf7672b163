package filter

import (
	"context"
	_ "embed" // notified.sql
	"time"

	"nightwire.dev/shared/warehouse"
)

// history is what the tables know of earlier evaluations; *Tables is one.
type history interface {
	// Evaluations are the rows of one alert.
	Evaluations(ctx context.Context, night, objectID string, candid int64) ([]Past, error)

	// NotifiedSince are the numbers of alerts of which filters were notified
	// since a time and since they were last paused, by name.
	NotifiedSince(ctx context.Context, since time.Time) (map[string]int, error)
}

// Past is one row of evaluations: the file that was read, and the filters, by
// ID, whose notification of its alert is known to be with Pub/Sub.
type Past struct {
	Object     string
	Generation int64
	Notified   []string
}

// Tables asks the stream's dataset. A row can be asked for once its Append has
// returned.
type Tables struct{ Warehouse *warehouse.Warehouse }

// Evaluations are the rows of one alert. The night lets BigQuery look at one
// partition alone.
func (t *Tables) Evaluations(ctx context.Context, night, objectID string, candid int64) ([]Past, error) {
	var past []Past
	err := t.Warehouse.Visit(ctx, `
		SELECT object, generation, notified
		FROM evaluations
		WHERE night = CAST(@night AS DATE) AND objectId = @object AND candid = @candid`,
		map[string]any{"night": night, "object": objectID, "candid": candid}, func(row []any) error {
			p := Past{Object: as[string](row[0]), Generation: as[int64](row[1])}
			for _, id := range as[[]any](row[2]) {
				p.Notified = append(p.Notified, as[string](id))
			}
			past = append(past, p)
			return nil
		})
	if err != nil {
		return nil, err
	}
	return past, nil
}

// recent is how old an alert may be whose match NotifiedSince counts: without
// a bound on the night, BigQuery would look at the whole table.
const recent = 3 * 24 * time.Hour

//go:embed notified.sql
var notifiedSQL string

// NotifiedSince are the numbers of alerts of the last nights of which filters
// were notified, replays apart. What was held back does not count.
func (t *Tables) NotifiedSince(ctx context.Context, since time.Time) (map[string]int, error) {
	values := map[string]any{"night": since.Add(-recent).Format(time.DateOnly), "since": since}
	notified := map[string]int{}
	err := t.Warehouse.Visit(ctx, notifiedSQL, values, func(row []any) error {
		notified[as[string](row[0])] = int(as[int64](row[1]))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return notified, nil
}

// as reads a value of a row; null is the zero value.
func as[T any](v any) T {
	t, _ := v.(T)
	return t
}
