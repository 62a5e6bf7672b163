package replay

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"nightwire.dev/infra/queries"
	"nightwire.dev/shared/replay"
	"nightwire.dev/shared/warehouse"
)

// chosen asks the ledger for files. The ledger, and not alerts_stream, since
// that an alert has no row may be the very reason to send it again.
const chosen = `SELECT object, MAX(generation) AS generation, MAX(bytes) AS bytes, ANY_VALUE(candid) AS candid
FROM ledger
WHERE object IS NOT NULL AND %s
GROUP BY object
ORDER BY object`

// ask plans the files that the tables name.
func (p *Plan) ask(ctx context.Context, t Target, tables *warehouse.Warehouse, s Selection) (iter.Seq2[replay.Object, error], error) {
	query, values, err := s.query(t.Resources.Stream.Survey())
	if err != nil {
		return nil, err
	}
	var files []replay.Object
	missing := map[int64]bool{}
	for _, candid := range s.Candids {
		missing[candid] = true
	}
	err = tables.Visit(ctx, query, values, func(row []any) error {
		name, _ := row[0].(string)
		generation, _ := row[1].(int64)
		bytes, _ := row[2].(int64)
		candid, _ := row[3].(int64)
		files = append(files, replay.Object{Name: name, Generation: generation})
		p.add(name, bytes)
		delete(missing, candid)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("ask which files are meant: %w", err)
	}
	if len(missing) > 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%d of %d candids are not among them: %s", len(missing), len(s.Candids), few(missing)))
	}
	if s.Cone != nil {
		p.Notes = append(p.Notes, "an alert that has no row in the tables yet cannot be found by its place on the sky")
	}
	return func(yield func(replay.Object, error) bool) {
		for _, file := range files {
			if !yield(file, nil) {
				return
			}
		}
	}, nil
}

// query is the question for the selection, and the values of its parameters.
func (s Selection) query(survey string) (sql string, values map[string]any, err error) {
	values = map[string]any{}
	var conditions []string
	if s.Night != "" {
		conditions, values["night"] = append(conditions, "night = CAST(@night AS DATE)"), s.Night
	}
	if s.Object != "" {
		conditions, values["object"] = append(conditions, "objectId = @object"), s.Object
	}
	if len(s.Candids) > 0 {
		conditions, values["candids"] = append(conditions, "candid IN UNNEST(@candids)"), s.Candids
	}
	if s.Cone == nil {
		return fmt.Sprintf(chosen, strings.Join(conditions, " AND ")), values, nil
	}
	conditions = append(conditions, "object IN (SELECT nightwire.object FROM cone)")
	q, err := s.Cone.Of(queries.Query{Name: "replay", SQL: fmt.Sprintf(chosen, strings.Join(conditions, " AND "))}, survey)
	if err != nil {
		return "", nil, err
	}
	circle, err := q.Values(nil, time.Now())
	maps.Copy(values, circle)
	return q.SQL, values, err
}

// few lists some of the numbers.
func few(numbers map[int64]bool) string {
	const most = 5
	sorted := slices.Sorted(maps.Keys(numbers))
	text := strings.Trim(fmt.Sprint(sorted[:min(most, len(sorted))]), "[]")
	if len(sorted) > most {
		text += " ..."
	}
	return text
}
