package bigquery

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

// page says which rows of a result to send.
type page struct {
	start       int64
	limit       int64 // negative for as many as a page holds
	microsecond bool
}

func readPage(r *http.Request) (page, error) {
	query := r.URL.Query()
	p := page{limit: -1, microsecond: query.Get("formatOptions.useInt64Timestamp") == "true"}
	for name, into := range map[string]*int64{"maxResults": &p.limit, "startIndex": &p.start} {
		if text := query.Get(name); text != "" {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil || n < 0 {
				return page{}, invalid("Invalid value for %s: %q", name, text)
			}
			*into = n
		}
	}
	if token := query.Get("pageToken"); token != "" {
		row, ok := strings.CutPrefix(token, "row-")
		n, err := strconv.ParseInt(row, 10, 64)
		if !ok || err != nil || n < 0 {
			return page{}, invalid("Invalid page token: %q", token)
		}
		p.start = n
	}
	return p, nil
}

const (
	pageBytes = 8 << 20 // a page ends after the row that passes this
	readRows  = 500     // fetched from DuckDB at a time
)

// readResult reads a page of a job's result.
func (s *Server) readResult(ctx context.Context, j *job, p page) ([]json.RawMessage, string, error) {
	j.reading.Lock()
	defer j.reading.Unlock()
	if j.result == nil {
		return nil, "", notFound("Job %s: its result has expired", j.id)
	}
	fetch := func(from, to int64) string {
		return fmt.Sprintf("SELECT * FROM temp.result WHERE rowid >= %d AND rowid < %d", from, to)
	}
	return readRowsOf(ctx, j.result, &rowWriter{j.fields, p.microsecond}, p, j.total, fetch)
}

// readRowsOf reads rows until the page is full, and gives the token of the
// next page if rows remain.
func readRowsOf(ctx context.Context, db queryer, w *rowWriter, p page, total int64, fetch func(from, to int64) string) ([]json.RawMessage, string, error) {
	var rows []json.RawMessage
	size, next, end := 0, p.start, total
	if p.limit >= 0 {
		end = min(total, p.start+p.limit)
	}
	for next < end && size < pageBytes {
		read, err := readChunk(ctx, db, w, fetch(next, min(end, next+readRows)))
		if err != nil {
			return nil, "", err
		}
		if len(read) == 0 {
			break
		}
		for _, row := range read {
			if size >= pageBytes {
				break
			}
			rows, size, next = append(rows, row), size+len(row), next+1
		}
	}
	if next < total {
		return rows, fmt.Sprintf("row-%d", next), nil
	}
	return rows, "", nil
}

func readChunk(ctx context.Context, db queryer, w *rowWriter, query string) ([]json.RawMessage, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	values := make([]any, len(w.fields))
	into := make([]any, len(values))
	for i := range values {
		into[i] = &values[i]
	}
	var out []json.RawMessage
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row, err := w.row(nil, values)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// listTableData answers tabledata.list: a table's rows without a query.
func (s *Server) listTableData(r *http.Request) (any, error) {
	t, err := s.catalogue.table(r.PathValue("dataset"), r.PathValue("table"))
	if err != nil {
		return nil, err
	}
	if t.view() {
		return nil, invalid("Cannot list a table of type VIEW.")
	}
	p, err := readPage(r)
	if err != nil {
		return nil, err
	}
	answer := struct {
		Kind      string            `json:"kind"`
		TotalRows int64             `json:"totalRows,string"`
		PageToken string            `json:"pageToken,omitempty"`
		Rows      []json.RawMessage `json:"rows,omitempty"`
	}{Kind: "bigquery#tableDataList"}
	if err := s.db.QueryRowContext(r.Context(), "SELECT count(*) FROM "+t.sql()).Scan(&answer.TotalRows); err != nil {
		return nil, err
	}
	fetch := func(from, to int64) string {
		return fmt.Sprintf("SELECT %s FROM %s LIMIT %d OFFSET %d", readable(t.Schema), t.sql(), to-from, from)
	}
	writer := &rowWriter{t.Schema.Fields, p.microsecond}
	answer.Rows, answer.PageToken, err = readRowsOf(r.Context(), s.db, writer, p, answer.TotalRows, fetch)
	return answer, err
}

// readable lists a table's columns with JSON as text.
func readable(schema *bq.TableSchema) string {
	var columns []string
	for _, f := range schema.Fields {
		name := fmt.Sprintf("%q", f.Name)
		if holdsJSON(f) {
			name = fmt.Sprintf("CAST(%s AS %s)", name, duckType(asText(f)))
		}
		columns = append(columns, name)
	}
	return strings.Join(columns, ", ")
}
