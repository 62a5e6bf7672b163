package filter

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/warehouse"
)

// record writes the rows: first each match's, and once these are stored the
// alert's, which says that all is done.
func (f *Function) record(ctx context.Context, e *evaluation) error {
	var group errgroup.Group
	group.SetLimit(atOnce)
	for _, match := range e.matches {
		group.Go(func() error {
			if err := f.Matches.Append(ctx, warehouse.Row{Values: e.matchRow(match)}); err != nil {
				return fmt.Errorf("row of the match of %s: %w", match.Filter.ID(), err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := f.Evaluations.Append(ctx, warehouse.Row{Values: e.row()}); err != nil {
		return fmt.Errorf("row of its evaluation: %w", err)
	}
	return nil
}

// row is the alert's row of evaluations.
func (e *evaluation) row() warehouse.Values {
	var failures []warehouse.Values
	for _, f := range e.failed {
		failures = append(failures, warehouse.Values{"filter": f.filter, "reason": f.reason})
	}
	return warehouse.Values{
		"night": e.night, "objectId": e.alert.ObjectID, "candid": e.alert.Candid,
		"object": e.object.Name, "generation": e.object.Generation,
		"evaluated_at": e.at, "catalogue": e.digest, "filters": int64(e.filters),
		"matched": idsOf(e.matches), "notified": e.notified, "paused": e.paused, "failed": failures,
		"replay": e.replay,
	}
}

// matchRow is the row of filter_matches for one match.
func (e *evaluation) matchRow(m filter.Match) warehouse.Values {
	return warehouse.Values{
		"night": e.night, "objectId": e.alert.ObjectID, "candid": e.alert.Candid,
		"object": e.object.Name, "generation": e.object.Generation,
		"filter": m.Filter.Name, "version": int64(m.Filter.Version), "matched_at": e.at,
		"observed_at": e.alert.ObservedAt, "ra": e.alert.RADeg, "dec": e.alert.DecDeg,
		"position": warehouse.Point(e.alert.RADeg, e.alert.DecDeg),
		"computed": string(filter.AppendColumns(nil, cut(m.Columns))), "replay": e.replay,
	}
}

// longestText bounds a text in a row, in bytes: BigQuery takes 10 MB at a time.
const longestText = 1024

// cut shortens the columns' long texts, and marks them with an ellipsis. The
// message has them whole.
func cut(columns []filter.Column) []filter.Column {
	columns = slices.Clone(columns)
	for i, c := range columns {
		if text, ok := c.Value.(string); ok && len(text) > longestText {
			columns[i].Value = strings.ToValidUTF8(text[:longestText], "") + "…"
		}
	}
	return columns
}
