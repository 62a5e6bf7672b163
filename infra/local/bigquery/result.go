package bigquery

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"nightwire.dev/infra/local/bigquery/geography"
)

// cell is a value in the REST API's form: every scalar is a string, a record
// holds cells, and so does an array.
type cell struct {
	V any `json:"v"`
}

// record is a row, or a record within one.
type record struct {
	F []cell `json:"f"`
}

// asText is the field with every JSON and NUMERIC in it as a string. The driver
// would read numbers in JSON as floating point, and a candid would lose digits.
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

// timeFormat says how instants are told: as microseconds, else as seconds.
type timeFormat struct{ microsecond bool }

// record gives a record, whose values are by the names of its fields, its form.
func (t timeFormat) record(fields []*field, values map[string]any) record {
	var r record
	for _, f := range fields {
		value := values[f.Name]
		if f.Mode != "REPEATED" {
			r.F = append(r.F, cell{t.value(f, value)})
			continue
		}
		elements := []cell{} // also where the array is NULL
		list, _ := value.([]any)
		for _, element := range list {
			elements = append(elements, cell{t.value(f, element)})
		}
		r.F = append(r.F, cell{elements})
	}
	return r
}

func (t timeFormat) value(f *field, value any) any {
	switch v := value.(type) {
	case nil, []byte: // which JSON writes in base64
		return v
	case float64:
		return floatText(v)
	case time.Time:
		return t.text(f.Type, v)
	case map[string]any:
		if f.Type == "RECORD" {
			return t.record(f.Fields, v)
		}
		lon, _ := v["geo_lon"].(float64)
		lat, _ := v["geo_lat"].(float64)
		return geography.Point{Lon: lon, Lat: lat}.String()
	}
	text := fmt.Sprint(value)
	if f.Type == "NUMERIC" && strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

func floatText(v float64) string {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if math.IsInf(v, 0) {
		return strings.TrimPrefix(text, "+") + "inity"
	}
	return text
}

// timeLayouts are the forms of what is no instant.
var timeLayouts = map[string]string{
	"DATE": "2006-01-02", "TIME": "15:04:05.999999", "DATETIME": "2006-01-02T15:04:05.999999",
}

func (t timeFormat) text(kind string, at time.Time) string {
	if layout, ok := timeLayouts[kind]; ok {
		return at.Format(layout)
	}
	if t.microsecond {
		return strconv.FormatInt(at.UnixMicro(), 10)
	}
	return strconv.FormatFloat(float64(at.UnixMicro())/1e6, 'f', 6, 64)
}
