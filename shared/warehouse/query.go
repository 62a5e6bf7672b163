package warehouse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"

	"cloud.google.com/go/bigquery"
	"google.golang.org/api/iterator"
	"nightwire.dev/schemas"
)

// Result is the answer to a query: its columns, how many rows there are, and
// the rows as they arrive, a page at a time.
type Result struct {
	Columns []string         // their names
	Fields  []schemas.Column // their names and types
	Total   uint64           // rows
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
	r.Fields, r.Total = fields(rows.Schema), rows.TotalRows
	for _, column := range r.Fields {
		r.Columns = append(r.Columns, column.Name)
	}
	if r.err != nil && !errors.Is(r.err, iterator.Done) {
		return nil, fmt.Errorf("query: %w", r.err)
	}
	return r, nil
}

// fields are the columns that a schema describes.
func fields(schema bigquery.Schema) []schemas.Column {
	var columns []schemas.Column
	for _, field := range schema {
		mode := schemas.Nullable
		switch {
		case field.Repeated:
			mode = schemas.Repeated
		case field.Required:
			mode = schemas.Required
		}
		columns = append(columns, schemas.Column{
			Name: field.Name, Type: string(field.Type), Mode: mode, Description: field.Description, Fields: fields(field.Schema),
		})
	}
	return columns
}

// Rows visits the rows once. Values are of Go's types: string, int64, float64,
// bool, []byte, time.Time, civil.Date, *big.Rat; Struct for a record; []any for
// an array; nil for null.
func (r *Result) Rows() iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		row, err := r.first, r.err
		for ; err == nil; err = r.rows.Next(&row) {
			if !yield(named(row, r.rows.Schema), nil) {
				return
			}
		}
		if !errors.Is(err, iterator.Done) {
			yield(nil, fmt.Errorf("read the answer: %w", err))
		}
	}
}

// Visit asks as Query does, and hands out the rows one by one. What visit
// returns ends it, and is returned.
func (w *Warehouse) Visit(ctx context.Context, sql string, parameters map[string]any, visit func(row []any) error) error {
	result, err := w.Query(ctx, sql, parameters)
	if err != nil {
		return err
	}
	for row, err := range result.Rows() {
		if err != nil {
			return err
		}
		if err := visit(row); err != nil {
			return err
		}
	}
	return nil
}

// Struct is a record: its fields in order.
type Struct []Field

// Field is one field of a Struct.
type Field struct {
	Name  string
	Value any
}

// MarshalJSON writes the record as an object in the order of its fields.
func (s Struct) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, field := range s {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(field.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(field.Value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// named gives the values of a record the names that the client leaves out.
func named(values []bigquery.Value, schema bigquery.Schema) []any {
	row := make([]any, len(values))
	for i, v := range values {
		row[i] = namedValue(v, schema[i], schema[i].Repeated)
	}
	return row
}

func namedValue(v bigquery.Value, field *bigquery.FieldSchema, repeated bool) any {
	nested, ok := v.([]bigquery.Value)
	switch {
	case !ok:
		return v
	case repeated:
		items := make([]any, len(nested))
		for i, item := range nested {
			items[i] = namedValue(item, field, false)
		}
		return items
	default:
		record := make(Struct, len(nested))
		for i, value := range named(nested, field.Schema) {
			record[i] = Field{field.Schema[i].Name, value}
		}
		return record
	}
}
