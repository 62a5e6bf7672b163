package bigquery

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"nightwire.dev/infra/local/bigquery/googlesql"
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
	for _, from := range []struct {
		name, prefix string
		into         *int64
	}{{"maxResults", "", &p.limit}, {"startIndex", "", &p.start}, {"pageToken", tokenPrefix, &p.start}} {
		text := query.Get(from.name)
		if text == "" {
			continue
		}
		digits, ok := strings.CutPrefix(text, from.prefix)
		n, err := strconv.ParseInt(digits, 10, 64)
		if !ok || err != nil || n < 0 {
			return page{}, invalid("Invalid value for %s: %q", from.name, text)
		}
		*from.into = n
	}
	return p, nil
}

const (
	pageBytes   = 8 << 20 // a page ends after the row that passes this
	readRows    = 500     // fetched from DuckDB at a time
	tokenPrefix = "row-"  // of the number of the next page's first row
)

// rowSource is where the rows of a result are read.
type rowSource struct {
	db     queryer
	query  string // with %[1]d and %[2]d for the first row and the one behind the last
	total  int64
	writer *rowWriter
}

// page reads rows until the page is full, and gives the token of the next page
// if rows remain.
func (s *rowSource) page(ctx context.Context, p page) (rows []json.RawMessage, token string, err error) {
	size, next, last := 0, p.start, s.total
	if p.limit >= 0 {
		last = min(last, p.start+p.limit)
	}
	for next < last && size < pageBytes {
		read, err := s.read(ctx, next, min(last, next+readRows))
		if err != nil {
			return nil, "", err
		}
		if len(read) == 0 {
			break
		}
		for i := 0; i < len(read) && size < pageBytes; i++ {
			rows, size, next = append(rows, read[i]), size+len(read[i]), next+1
		}
	}
	if next < s.total {
		token = fmt.Sprint(tokenPrefix, next)
	}
	return rows, token, nil
}

func (s *rowSource) read(ctx context.Context, from, to int64) ([]json.RawMessage, error) {
	rows, err := s.db.QueryContext(ctx, fmt.Sprintf(s.query, from, to))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	values := make([]any, len(s.writer.fields))
	into := make([]any, len(values))
	for i := range values {
		into[i] = &values[i]
	}
	var out []json.RawMessage
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		row, err := s.writer.record(nil, s.writer.fields, func(i int) any { return values[i] })
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// readResult reads a page of a job's result.
func (s *Server) readResult(ctx context.Context, j *job, p page) ([]json.RawMessage, string, error) {
	j.reading.Lock()
	defer j.reading.Unlock()
	if j.result == nil {
		return nil, "", notFound("Job %s: its result has expired", j.id)
	}
	const query = "SELECT * FROM temp.result WHERE rowid >= %[1]d AND rowid < %[2]d"
	source := &rowSource{j.result, query, j.total, &rowWriter{j.fields, p.microsecond}}
	return source.page(ctx, p)
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
	var names []string
	for _, f := range t.Schema.Fields {
		names = append(names, googlesql.Quote(f.Name))
	}
	writer := &rowWriter{t.Schema.Fields, p.microsecond}
	query := "SELECT " + writer.columns(names) + " FROM " + t.sql() + " LIMIT %[2]d - %[1]d OFFSET %[1]d"
	source := &rowSource{db: s.db, query: query, writer: writer}
	if source.total, err = s.count(r.Context(), t); err != nil {
		return nil, err
	}
	answer := struct {
		Kind      string            `json:"kind"`
		TotalRows int64             `json:"totalRows,string"`
		PageToken string            `json:"pageToken,omitempty"`
		Rows      []json.RawMessage `json:"rows,omitempty"`
	}{Kind: "bigquery#tableDataList", TotalRows: source.total}
	answer.Rows, answer.PageToken, err = source.page(r.Context(), p)
	return answer, err
}
