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

// write writes an answer to the file or the terminal that was asked for.
func (c *queryCommand) write(result *warehouse.Result, out io.Writer) error {
	if c.Output == "" {
		if c.Format == "parquet" && isTerminal(out) {
			return errors.New("--format parquet: a terminal cannot show it: name a file with --output")
		}
		return export(result, c.Format, out, c.counter(out, result.Total))
	}
	file, err := os.Create(c.Output)
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	err = export(result, c.Format, file, c.counter(file, result.Total))
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return errors.Join(err, os.Remove(c.Output))
	}
	return nil
}

// export writes the rows of an answer as they arrive.
func export(result *warehouse.Result, format string, out io.Writer, progress progress) error {
	w, err := newRowWriter(format, out, result.Fields)
	if err != nil {
		return err
	}
	written := 0
	for row, err := range result.Rows() {
		if err != nil {
			_ = progress.Finish()
			return err
		}
		if err := w.Write(row); err != nil {
			_ = progress.Finish()
			return fmt.Errorf("write row %d: %w", written+1, err)
		}
		written++
		_ = progress.Set(written)
	}
	_ = progress.Finish()
	if err := w.Close(); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

func isTerminal(w any) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
