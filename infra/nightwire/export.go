package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/term"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/warehouse"
)

// rowWriter writes the rows of an answer in one format. It holds a bounded part
// of them at a time. Close ends the file and closes nothing beneath it.
type rowWriter interface {
	Write(row []any) error
	Close() error
}

// newRowWriter is the writer of a format.
func newRowWriter(format string, w io.Writer, columns []schemas.Column) (rowWriter, error) {
	switch format {
	case "table":
		return newTableWriter(w, columns), nil
	case "csv":
		return newCSVWriter(w, columns)
	case "jsonl":
		return newJSONWriter(w, columns), nil
	case "parquet":
		return newParquetWriter(w, columns), nil
	default:
		return nil, fmt.Errorf("--format %s: want table, csv, jsonl or parquet", format)
	}
}

// write writes an answer to the file or the terminal that was asked for, and
// what a person has to know besides to notes.
func (c *queryCommand) write(result *warehouse.Result, out, notes io.Writer) error {
	if c.Output == "" {
		if c.Format == "parquet" && isTerminal(out) {
			return errors.New("--format parquet: a terminal cannot show it: name a file with --output")
		}
		return c.export(result, out, notes)
	}
	file, err := os.Create(c.Output)
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	err = c.export(result, file, notes)
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return errors.Join(err, os.Remove(c.Output))
	}
	return nil
}

// export writes an answer, and tells the person of one that has no rows.
func (c *queryCommand) export(result *warehouse.Result, out, notes io.Writer) error {
	written, err := export(result, c.Format, out, c.counter(out, result.Total))
	if err == nil && written == 0 {
		fmt.Fprintln(notes, "no rows")
	}
	return err
}

// export writes the rows of an answer as they arrive, and says how many.
func export(result *warehouse.Result, format string, out io.Writer, progress progress) (written int, err error) {
	w, err := newRowWriter(format, out, result.Fields)
	if err != nil {
		return 0, err
	}
	for row, err := range result.Rows() {
		if err != nil {
			_ = progress.Finish()
			return written, err
		}
		if err := w.Write(row); err != nil {
			_ = progress.Finish()
			return written, fmt.Errorf("write row %d: %w", written+1, err)
		}
		written++
		_ = progress.Set(written)
	}
	_ = progress.Finish()
	if err := w.Close(); err != nil {
		return written, fmt.Errorf("write the answer: %w", err)
	}
	return written, nil
}

func isTerminal(w any) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
