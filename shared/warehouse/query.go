package warehouse

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"cloud.google.com/go/bigquery"
	"google.golang.org/api/iterator"
)

// Result is the answer to a query: its columns, and its rows as they arrive.
type Result struct {
	Columns []string
	rows    *bigquery.RowIterator
	first   []bigquery.Value
	err     error
}

// Query asks in GoogleSQL. Names without a dataset are of the warehouse's own.
// Parameters are named: @name.
func (w *Warehouse) Query(ctx context.Context, sql string, parameters map[string]any) (*Result, error) {
	q := w.client.Query(sql)
	q.DefaultProjectID, q.DefaultDatasetID = w.dataset.ProjectID, w.dataset.DatasetID
	for name, value := range parameters {
		q.Parameters = append(q.Parameters, bigquery.QueryParameter{Name: name, Value: value})
	}
	rows, err := q.Read(ctx)
	if err != nil {
		return nil, fmt.Errorf("query: %w", err)
	}
	r := &Result{rows: rows}
	r.err = rows.Next(&r.first) // the schema is known from the first page on
	for _, column := range rows.Schema {
		r.Columns = append(r.Columns, column.Name)
	}
	if r.err != nil && !errors.Is(r.err, iterator.Done) {
		return nil, fmt.Errorf("query: %w", r.err)
	}
	return r, nil
}

// Rows visits the rows once. Values are of Go's types: string, int64, float64,
// bool, []byte, time.Time, civil.Date, *big.Rat; []Value for a record or an
// array; nil for null.
func (r *Result) Rows() iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		row, err := r.first, r.err
		for ; err == nil; err = r.rows.Next(&row) {
			values := make([]any, len(row))
			for i, v := range row {
				values[i] = v
			}
			if !yield(values, nil) {
				return
			}
		}
		if !errors.Is(err, iterator.Done) {
			yield(nil, fmt.Errorf("read the answer: %w", err))
		}
	}
}
