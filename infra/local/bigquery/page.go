package bigquery

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// page says which rows of a result to send, in which form, and how long to wait
// for them.
type page struct {
	start, limit int64
	timeoutMs    int64
	microsecond  bool // timestamps as microseconds, else as seconds
}

const (
	pageRows  = 500     // at most; DuckDB hands them over all at once
	pageBytes = 8 << 20 // a page ends after the row that passes this
)

func readPage(r *http.Request) (page, error) {
	query := r.URL.Query()
	p := page{limit: pageRows, microsecond: query.Get("formatOptions.useInt64Timestamp") == "true"}
	for _, number := range []struct {
		name string
		into *int64
	}{{"maxResults", &p.limit}, {"startIndex", &p.start}, {"pageToken", &p.start}, {"timeoutMs", &p.timeoutMs}} {
		text := query.Get(number.name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			return page{}, invalid("Invalid value for %s: %q", number.name, text)
		}
		*number.into = int64(n)
	}
	return p, nil
}

// pageAnswer is a page of rows, which are ready JSON. The token of the next page is
// the number of its first row.
type pageAnswer struct {
	Kind      string            `json:"kind"`
	TotalRows *int64            `json:"totalRows,omitempty,string"`
	PageToken string            `json:"pageToken,omitempty"`
	Rows      []json.RawMessage `json:"rows,omitempty"`
}

// readRows reads a page of a table into an answer. Which rows those are the
// condition says, with %[1]d for the first and %[2]d for their number.
func (s *Server) readRows(
	ctx context.Context, answer *pageAnswer, table, condition string, fields []*field, total int64, p page,
) error {
	// A row is read as one record, by a name that no column can have.
	form := duckType(asText(&field{Type: "RECORD", Fields: fields}))
	which := fmt.Sprintf(condition, p.start, min(p.limit, pageRows))
	return s.db.connected(ctx, func(conn *sql.Conn) error {
		rows, err := conn.QueryContext(ctx, `SELECT CAST("a row" AS `+form+`) FROM `+table+` AS "a row" `+which)
		if err != nil {
			return err
		}
		defer rows.Close()
		for size := 0; size < pageBytes && rows.Next(); {
			var values map[string]any
			if err := rows.Scan(&values); err != nil {
				return err
			}
			row, err := json.Marshal(p.record(fields, values))
			if err != nil {
				return err
			}
			answer.Rows, size = append(answer.Rows, row), size+len(row)
		}
		answer.TotalRows = &total
		if next := p.start + int64(len(answer.Rows)); next < total {
			answer.PageToken = strconv.FormatInt(next, 10)
		}
		return rows.Err()
	})
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
	answer := &pageAnswer{Kind: "bigquery#tableDataList"}
	return answer, s.readRows(r.Context(), answer, t.sql(), "LIMIT %[2]d OFFSET %[1]d", t.Schema.Fields, total, p)
}
