package bigquery

import (
	"fmt"
	"slices"
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

// cells is a row, or a record within one.
type cells struct {
	F []cell `json:"f"`
}

// told are the types whose values DuckDB writes itself. The driver would read
// numbers in JSON as floating point, and a candid would lose digits.
var told = []string{"JSON", "NUMERIC", "DATE", "TIME", "DATETIME"}

// asText is the field with everything in it that DuckDB writes as a string.
func asText(f *field) *field {
	copied := &field{Name: f.Name, Type: f.Type, Mode: f.Mode}
	if slices.Contains(told, f.Type) {
		copied.Type = "STRING"
	}
	for _, child := range f.Fields {
		copied.Fields = append(copied.Fields, asText(child))
	}
	return copied
}

// record gives a record, whose values are by the names of its fields, its form.
func (p page) record(fields []*field, values map[string]any) cells {
	var r cells
	for _, f := range fields {
		value := values[f.Name]
		if f.Mode != "REPEATED" {
			r.F = append(r.F, cell{p.value(f, value)})
			continue
		}
		elements := []cell{} // also where the array is NULL
		list, _ := value.([]any)
		for _, element := range list {
			elements = append(elements, cell{p.value(f, element)})
		}
		r.F = append(r.F, cell{elements})
	}
	return r
}

// value gives a value, or an element of an array, its form.
func (p page) value(f *field, value any) any {
	switch v := value.(type) {
	case nil, []byte: // which JSON writes in base64
		return v
	case float64:
		text := strings.TrimPrefix(strconv.FormatFloat(v, 'g', -1, 64), "+") // which infinity has
		return strings.Replace(text, "Inf", "Infinity", 1)
	case time.Time:
		if p.microsecond {
			return strconv.FormatInt(v.UnixMicro(), 10)
		}
		return strconv.FormatFloat(float64(v.UnixMicro())/1e6, 'f', 6, 64)
	case map[string]any:
		if f.Type == "RECORD" {
			return p.record(f.Fields, v)
		}
		lon, _ := v["geo_lon"].(float64)
		lat, _ := v["geo_lat"].(float64)
		return geography.Point{Lon: lon, Lat: lat}.String()
	}
	text := fmt.Sprint(value)
	switch {
	case f.Type == "DATETIME":
		return strings.Replace(text, " ", "T", 1)
	case f.Type == "NUMERIC" && strings.Contains(text, "."):
		return strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}
