package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"strconv"
	"time"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/warehouse"
)

// jsonWriter writes JSON lines, one object a row, its members in order. An
// INT64 is a string of its digits, as in BigQuery's own exports, because readers
// that have only doubles round a candid; so is a NUMERIC. NaN and the infinities
// are null, as JSON has none.
type jsonWriter struct {
	w       *bufio.Writer
	columns []schemas.Column
	line    []byte
}

func newJSONWriter(w io.Writer, columns []schemas.Column) *jsonWriter {
	return &jsonWriter{w: bufio.NewWriter(w), columns: columns}
}

func (j *jsonWriter) Write(row []any) error {
	b := j.line[:0]
	b = append(b, '{')
	for i, v := range row {
		var err error
		if b, err = appendMember(b, i, j.columns[i].Name, v, j.columns[i]); err != nil {
			return err
		}
	}
	b = append(b, '}', '\n')
	j.line = b
	_, err := j.w.Write(b)
	return err
}

func (j *jsonWriter) Close() error { return j.w.Flush() }

func appendMember(b []byte, i int, name string, v any, c schemas.Column) ([]byte, error) {
	if i > 0 {
		b = append(b, ',')
	}
	b, err := appendText(b, name)
	if err != nil {
		return nil, err
	}
	return appendJSON(append(b, ':'), v, c)
}

func appendText(b []byte, s string) ([]byte, error) {
	text, err := json.Marshal(s)
	return append(b, text...), err
}

// appendJSON appends one value.
func appendJSON(b []byte, v any, c schemas.Column) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case int64:
		return append(strconv.AppendInt(append(b, '"'), v, 10), '"'), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return append(b, "null"...), nil
		}
		number, err := json.Marshal(v)
		return append(b, number...), err
	case string:
		if c.Type == schemas.JSON && json.Valid([]byte(v)) {
			return append(b, v...), nil
		}
		return appendText(b, v)
	case []byte:
		return appendText(b, base64.StdEncoding.EncodeToString(v))
	case time.Time:
		return appendText(b, v.UTC().Format("2006-01-02T15:04:05.999999Z"))
	case *big.Rat:
		return appendText(b, decimal(v))
	case []any:
		return appendArray(b, v, c)
	case warehouse.Struct:
		return appendRecord(b, v, c)
	case fmt.Stringer:
		return appendText(b, v.String())
	default:
		return nil, fmt.Errorf("column %s: a %T has no form in JSON", c.Name, v)
	}
}

func appendArray(b []byte, items []any, c schemas.Column) ([]byte, error) {
	b = append(b, '[')
	for i, item := range items {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = appendJSON(b, item, c); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendRecord(b []byte, record warehouse.Struct, c schemas.Column) ([]byte, error) {
	b = append(b, '{')
	for i, field := range record {
		var err error
		if b, err = appendMember(b, i, field.Name, field.Value, c.Fields[i]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}
