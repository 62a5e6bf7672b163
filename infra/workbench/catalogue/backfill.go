package catalogue

import (
	"context"
	"fmt"

	"nightwire.dev/shared/replay"
)

// Missed is an alert that a filter was paused for, or failed on, and that it
// has not been asked about since.
type Missed struct {
	Object     string // its file
	Generation int64
}

// missed finds for each file the last row that says that the filter was held
// back, and the last that settles it: the filter ran, and did not match or was
// notified.
const missed = `
WITH told AS (
  SELECT object, generation, evaluated_at,
    @filter IN UNNEST(paused) OR EXISTS (SELECT 1 FROM UNNEST(failed) AS f WHERE f.filter = @filter) AS held,
    EXISTS (SELECT 1 FROM UNNEST(matched) AS id WHERE STARTS_WITH(id, @prefix)) AS matched,
    EXISTS (SELECT 1 FROM UNNEST(notified) AS id WHERE STARTS_WITH(id, @prefix)) AS notified
  FROM evaluations
  WHERE night >= CAST(@since AS DATE)
), files AS (
  SELECT object, generation, MAX(IF(held, evaluated_at, NULL)) AS held,
    MAX(IF(NOT held AND (notified OR NOT matched), evaluated_at, NULL)) AS settled
  FROM told
  GROUP BY object, generation
)
SELECT object, generation
FROM files
WHERE held IS NOT NULL AND (settled IS NULL OR settled <= held)
ORDER BY object, generation`

// Missed lists the alerts that a filter missed, of the nights from since on,
// YYYY-MM-DD, in the order of their files.
func (c *Catalogue) Missed(ctx context.Context, filter, since string) ([]Missed, error) {
	var list []Missed
	values := map[string]any{"filter": filter, "prefix": filter + "@", "since": since}
	err := c.Tables.Visit(ctx, missed, values, func(row []any) error {
		list = append(list, Missed{Object: as[string](row[0]), Generation: as[int64](row[1])})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask what filter %s missed: %w", filter, err)
	}
	return list, nil
}

// Backfill sends the notifications of the alerts again, to one filter alone.
// It may be interrupted and repeated: what was notified is not notified again.
// gone is how many files are no longer there.
func (c *Catalogue) Backfill(ctx context.Context, filter string, alerts []Missed, progress func(done int)) (gone int, err error) {
	sender := replay.Sender{Resources: c.Resources, Archive: c.Archive, Topics: c.Topics, Notify: filter}
	files := func(yield func(replay.Object, error) bool) {
		for _, alert := range alerts {
			if !yield(replay.Object{Name: alert.Object, Generation: alert.Generation}, nil) {
				return
			}
		}
	}
	report, err := sender.Send(ctx, files, func(r replay.Report) { progress(r.Sent + r.Gone) })
	return report.Gone, err
}
