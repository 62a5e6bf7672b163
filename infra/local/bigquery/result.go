package bigquery

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/duckdb/duckdb-go/v2"

	"nightwire.dev/infra/local/bigquery/geography"
)

// rowWriter writes rows in the REST API's form: {"f":[{"v":...},...]}, where
// every scalar is a string.
type rowWriter struct {
	fields      []*field
	microsecond bool // timestamps as microseconds, else as seconds
}

func (w *rowWriter) row(b []byte, values []any) ([]byte, error) {
	return w.record(b, w.fields, func(i int) any { return values[i] })
}

func (w *rowWriter) record(b []byte, fields []*field, value func(int) any) ([]byte, error) {
	b = append(b, `{"f":[`...)
	for i, f := range fields {
		if i > 0 {
			b = append(b, ',')
		}
		var err error
		if b, err = w.cell(b, f, value(i)); err != nil {
			return nil, fmt.Errorf("column %s: %w", f.Name, err)
		}
	}
	return append(b, `]}`...), nil
}

func (w *rowWriter) cell(b []byte, f *field, value any) ([]byte, error) {
	b = append(b, `{"v":`...)
	var err error
	if f.Mode != "REPEATED" {
		b, err = w.value(b, f, value)
		return append(b, '}'), err
	}
	list, _ := value.([]any) // a NULL array is an empty one
	b = append(b, '[')
	for i, element := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"v":`...)
		if b, err = w.value(b, f, element); err != nil {
			return nil, err
		}
		b = append(b, '}')
	}
	return append(b, "]}"...), nil
}

func (w *rowWriter) value(b []byte, f *field, value any) ([]byte, error) {
	if value == nil {
		return append(b, "null"...), nil
	}
	if f.Type == "RECORD" {
		members, ok := value.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("a record came as %T", value)
		}
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
		return v, nil
	case []byte:
		if f.Type == "STRING" {
			var id duckdb.UUID
			if err := id.Scan(v); err == nil {
				return id.String(), nil
			}
		}
		return base64.StdEncoding.EncodeToString(v), nil
	case bool:
		return strconv.FormatBool(v), nil
	case float64:
		return floatText(v, 64), nil
	case float32:
		return floatText(float64(v), 32), nil
	case *big.Int:
		if !v.IsInt64() {
			return "", invalidQuery("integer overflow: %s", v)
		}
		return v.String(), nil
	case duckdb.Decimal:
		return decimalText(v), nil
	case duckdb.Interval:
		return intervalText(v), nil
	case time.Time:
		return w.timeText(f.Type, v), nil
	case map[string]any:
		lon, _ := v["geo_lon"].(float64)
		lat, _ := v["geo_lat"].(float64)
		return geography.Point{Lon: lon, Lat: lat}.String(), nil
	case int64, int32, int16, int8, uint64, uint32, uint16, uint8:
		return fmt.Sprint(v), nil
	default:
		return "", fmt.Errorf("a value came as %T", value)
	}
}

func floatText(v float64, bits int) string {
	switch {
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	case math.IsNaN(v):
		return "NaN"
	}
	return strconv.FormatFloat(v, 'g', -1, bits)
}

func (w *rowWriter) timeText(kind string, t time.Time) string {
	switch kind {
	case "DATE":
		return t.Format("2006-01-02")
	case "TIME":
		return t.Format("15:04:05.999999")
	case "DATETIME":
		return t.Format("2006-01-02T15:04:05.999999")
	}
	if w.microsecond {
		return strconv.FormatInt(t.UnixMicro(), 10)
	}
	return strconv.FormatFloat(float64(t.UnixMicro())/1e6, 'f', 6, 64)
}

func decimalText(d duckdb.Decimal) string {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.Scale)), nil)
	text := new(big.Rat).SetFrac(d.Value, scale).FloatString(int(d.Scale))
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// intervalText is the service's form: years-months days hours:minutes:seconds.
func intervalText(v duckdb.Interval) string {
	sign := func(negative bool) string {
		if negative {
			return "-"
		}
		return ""
	}
	months := max(v.Months, -v.Months)
	clock := time.Duration(max(v.Micros, -v.Micros)) * time.Microsecond
	text := fmt.Sprintf("%s%d-%d %d %s%d:%d:%d", sign(v.Months < 0), months/12, months%12, v.Days,
		sign(v.Micros < 0), int(clock.Hours()), int(clock.Minutes())%60, int(clock.Seconds())%60)
	if rest := clock % time.Second; rest != 0 {
		text += fmt.Sprintf(".%06d", rest.Microseconds())
	}
	return text
}
