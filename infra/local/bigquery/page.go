package bigquery

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// page says which rows of a result to send, and in which form.
type page struct {
	start, limit int64
	timeFormat
}

const (
	pageRows    = 500     // at most; DuckDB hands them over all at once
	pageBytes   = 8 << 20 // a page ends after the row that passes this
	tokenPrefix = "row-"  // of the number of the next page's first row
)

func readPage(r *http.Request) (page, error) {
	query := r.URL.Query()
	p := page{limit: pageRows, timeFormat: timeFormat{query.Get("formatOptions.useInt64Timestamp") == "true"}}
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

// pageAnswer is a page of rows, which are ready JSON.
type pageAnswer struct {
	TotalRows *int64            `json:"totalRows,omitempty,string"`
	PageToken string            `json:"pageToken,omitempty"`
	Rows      []json.RawMessage `json:"rows,omitempty"`
}

// readRows reads a page of a table. Which rows those are the condition says, with
// %[1]d for the first and %[2]d for their number.
func (s *Server) readRows(ctx context.Context, table, condition string, fields []*field, total int64, p page) (pageAnswer, error) {
	answer := pageAnswer{TotalRows: &total}
	row := duckType(asText(&field{Type: "RECORD", Fields: fields}))
	query := fmt.Sprintf(`SELECT CAST("a row" AS %s) FROM %s AS "a row" `, row, table) // no column has a blank
	rows, err := s.db.QueryContext(ctx, query+fmt.Sprintf(condition, p.start, min(p.limit, pageRows)))
	if err != nil {
		return answer, err
	}
	defer rows.Close()
	for size := 0; size < pageBytes && rows.Next(); {
		var values any
		if err := rows.Scan(&values); err != nil {
			return answer, err
		}
		members, _ := values.(map[string]any)
		row, err := json.Marshal(p.record(fields, members))
		if err != nil {
			return answer, err
		}
		answer.Rows, size = append(answer.Rows, row), size+len(row)
	}
	if next := p.start + int64(len(answer.Rows)); next < total {
		answer.PageToken = fmt.Sprint(tokenPrefix, next)
	}
	return answer, rows.Err()
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
	total, err := s.count(r.Context(), t)
	if err != nil {
		return nil, err
	}
	answer := struct {
		Kind string `json:"kind"`
		pageAnswer
	}{Kind: "bigquery#tableDataList"}
	answer.pageAnswer, err = s.readRows(r.Context(), t.sql(), "LIMIT %[2]d OFFSET %[1]d", t.Schema.Fields, total, p)
	return answer, err
}
