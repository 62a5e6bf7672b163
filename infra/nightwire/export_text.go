package main

import (
	"bufio"
	"encoding/csv"
	"io"
	"strings"
	"unicode/utf8"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/warehouse"
)

// tableWriter aligns columns for people. It measures a block of rows at a time,
// so that a large answer needs no more memory than a block; a column keeps the
// width that it has had.
type tableWriter struct {
	w      *bufio.Writer
	widths []int
	block  [][]string
}

const tableBlock = 500

func newTableWriter(w io.Writer, columns []schemas.Column) *tableWriter {
	return &tableWriter{w: bufio.NewWriter(w), widths: make([]int, len(columns)), block: [][]string{columnNames(columns)}}
}

func columnNames(columns []schemas.Column) []string {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = c.Name
	}
	return list
}

func (t *tableWriter) Write(row []any) error {
	texts := make([]string, len(row))
	for i, v := range row {
		texts[i] = cell(v)
	}
	t.block = append(t.block, texts)
	if len(t.block) < tableBlock {
		return nil
	}
	return t.flush()
}

func (t *tableWriter) flush() error {
	for _, row := range t.block {
		for i, text := range row {
			t.widths[i] = max(t.widths[i], utf8.RuneCountInString(text))
		}
	}
	for _, row := range t.block {
		for i, text := range row {
			_, _ = t.w.WriteString(text) // the buffer keeps its first error
			if i < len(row)-1 {
				_, _ = t.w.WriteString(strings.Repeat(" ", t.widths[i]-utf8.RuneCountInString(text)+2))
			}
		}
		_ = t.w.WriteByte('\n')
	}
	t.block = t.block[:0]
	return t.w.Flush()
}

func (t *tableWriter) Close() error { return t.flush() }

// csvWriter writes comma-separated values (RFC 4180) with a line of names. Null
// is empty; a record or an array is what it is in JSON lines.
type csvWriter struct {
	w       *csv.Writer
	columns []schemas.Column
}

func newCSVWriter(w io.Writer, columns []schemas.Column) (*csvWriter, error) {
	c := &csvWriter{csv.NewWriter(w), columns}
	return c, c.w.Write(columnNames(columns))
}

func (c *csvWriter) Write(row []any) error {
	texts := make([]string, len(row))
	for i, v := range row {
		switch v.(type) {
		case nil:
		case []any, warehouse.Struct:
			text, err := appendJSON(nil, v, c.columns[i])
			if err != nil {
				return err
			}
			texts[i] = string(text)
		default:
			texts[i] = cell(v)
		}
	}
	return c.w.Write(texts)
}

func (c *csvWriter) Close() error {
	c.w.Flush()
	return c.w.Error()
}
