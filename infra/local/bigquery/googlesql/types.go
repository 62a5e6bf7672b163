package googlesql

import "strings"

// GeographyType is how the server stores a GEOGRAPHY: a point, in degrees. The
// names of its fields mark it, so that a result can be told from any record.
const GeographyType = "STRUCT(geo_lon DOUBLE, geo_lat DOUBLE)"

// duckTypes names each scalar type in DuckDB. TIMESTAMP is an instant, and
// DATETIME a reading of a clock with no zone.
var duckTypes = map[string]string{
	"INT64": "BIGINT", "INT": "BIGINT", "INTEGER": "BIGINT", "BIGINT": "BIGINT", "SMALLINT": "BIGINT",
	"TINYINT": "BIGINT", "BYTEINT": "BIGINT", "FLOAT64": "DOUBLE", "FLOAT": "DOUBLE", "BOOL": "BOOLEAN",
	"BOOLEAN": "BOOLEAN", "STRING": "VARCHAR", "BYTES": "BLOB", "DATE": "DATE", "TIME": "TIME",
	"DATETIME": "TIMESTAMP", "TIMESTAMP": "TIMESTAMPTZ", "NUMERIC": "DECIMAL(38,9)", "DECIMAL": "DECIMAL(38,9)",
	"JSON": "JSON", "GEOGRAPHY": GeographyType, "INTERVAL": "INTERVAL",
}

// ScalarType gives DuckDB's name for a GoogleSQL type without parts.
func ScalarType(name string) (string, bool) {
	t, ok := duckTypes[strings.ToUpper(name)]
	return t, ok
}

// typeOf writes the type that these tokens are: INT64, NUMERIC(p, s),
// ARRAY<type>, STRUCT<name type, ...>. Of NOT NULL behind it nothing is kept: the
// modes of columns stay as they are.
func (w *writer) typeOf(from, to int) string {
	if w.phrase(to-2, "NOT NULL") {
		to -= 2
	}
	name, open := w.at(from), w.at(from+1)
	scalar, known := ScalarType(name.text)
	parts := open.close == to-1 // which stand in a bracket
	switch {
	case known && to == from+1:
		return scalar
	case parts && name.is("ARRAY") && open.is("<"):
		return w.typeOf(from+2, to-1) + "[]"
	case parts && name.is("STRUCT") && open.is("<"):
		var fields []string
		for _, f := range w.split(from+2, to-1) {
			fields = append(fields, Quote(w.at(f.from).text)+" "+w.typeOf(f.from+1, f.to))
		}
		return "STRUCT(" + strings.Join(fields, ", ") + ")"
	case parts && scalar == duckTypes["NUMERIC"] && open.is("("):
		return "DECIMAL(" + w.write(from+2, to-1) + ")"
	}
	end := from + 1
	if open.is("<") || scalar == duckTypes["NUMERIC"] {
		end = max(from, open.close) + 1
	}
	if (known || open.is("<")) && end < to {
		return w.refuse("Not supported behind a type: %s", w.describe(end))
	}
	return w.refuse("Type not found: %s", w.describe(from))
}
