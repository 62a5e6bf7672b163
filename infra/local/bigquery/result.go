package bigquery

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"nightwire.dev/infra/local/bigquery/geography"
)

// rowWriter writes rows in the REST API's form: {"f":[{"v":...},...]}, where
// every scalar is a string.
type rowWriter struct {
	fields      []*field
	microsecond bool // timestamps as microseconds, else as seconds
}

// columns are the fields as DuckDB is to hand them over: of the types that they
// are said to have, and JSON and NUMERIC as text. The driver would read numbers
// in JSON as floating point, and a candid would lose digits.
func (w *rowWriter) columns(names []string) string {
	columns := make([]string, len(names))
	for i, name := range names {
		columns[i] = fmt.Sprintf("CAST(%s AS %s) AS %s", name, duckType(asText(w.fields[i])), name)
	}
	return strings.Join(columns, ", ")
}

// asText is the field with every JSON and NUMERIC in it as a string.
func asText(f *field) *field {
	copied := &field{Name: f.Name, Type: f.Type, Mode: f.Mode}
	if f.Type == "JSON" || f.Type == "NUMERIC" {
		copied.Type = "STRING"
	}
	for _, child := range f.Fields {
		copied.Fields = append(copied.Fields, asText(child))
	}
	return copied
}

// record writes a row, or a record within one.
func (w *rowWriter) record(b []byte, fields []*field, value func(int) any) ([]byte, error) {
	b = append(b, `{"f":[`...)
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = w.cell(b, f, value(i), f.Mode == "REPEATED"); err != nil {
			return nil, fmt.Errorf("column %s: %w", f.Name, err)
		}
	}
	return append(b, `]}`...), nil
}

// cell writes a value, or the elements of an array, each in a cell of its own.
func (w *rowWriter) cell(b []byte, f *field, value any, array bool) ([]byte, error) {
	b = append(b, `{"v":`...)
	if !array {
		b, err := w.value(b, f, value)
		return append(b, '}'), err
	}
	list, _ := value.([]any) // a NULL array is an empty one
	b = append(b, '[')
	for i, element := range list {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = w.cell(b, f, element, false); err != nil {
			return nil, err
		}
	}
	return append(b, "]}"...), nil
}

func (w *rowWriter) value(b []byte, f *field, value any) ([]byte, error) {
	if value == nil {
		return append(b, "null"...), nil
	}
	if members, ok := value.(map[string]any); ok && f.Type == "RECORD" {
		return w.record(b, f.Fields, func(i int) any { return members[f.Fields[i].Name] })
	}
	s, err := w.scalar(f, value)
	if err != nil {
		return nil, err
	}
	quoted, err := json.Marshal(s)
	return append(b, quoted...), err
}

func (w *rowWriter) scalar(f *field, value any) (string, error) {
	switch v := value.(type) {
	case string:
		if f.Type == "NUMERIC" && strings.Contains(v, ".") {
			v = strings.TrimRight(strings.TrimRight(v, "0"), ".")
		}
		return v, nil
	case []byte:
		return base64.StdEncoding.EncodeToString(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case int64:
		return strconv.FormatInt(v, 10), nil
	case float64:
		return floatText(v), nil
	case time.Time:
		return w.timeText(f.Type, v), nil
	case map[string]any:
		lon, _ := v["geo_lon"].(float64)
		lat, _ := v["geo_lat"].(float64)
		return geography.Point{Lon: lon, Lat: lat}.String(), nil
	default:
		return "", fmt.Errorf("a value came as %T", value)
	}
}

func floatText(v float64) string {
	if math.IsInf(v, 0) {
		return strings.TrimPrefix(strconv.FormatFloat(v, 'g', -1, 64), "+") + "inity"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// timeLayouts are the forms of what is no instant.
var timeLayouts = map[string]string{
	"DATE": "2006-01-02", "TIME": "15:04:05.999999", "DATETIME": "2006-01-02T15:04:05.999999",
}

func (w *rowWriter) timeText(kind string, t time.Time) string {
	if layout, ok := timeLayouts[kind]; ok {
		return t.Format(layout)
	}
	if w.microsecond {
		return strconv.FormatInt(t.UnixMicro(), 10)
	}
	return strconv.FormatFloat(float64(t.UnixMicro())/1e6, 'f', 6, 64)
}
