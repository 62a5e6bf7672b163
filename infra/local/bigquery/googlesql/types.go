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

// typeAt writes the type that begins at token i: INT64, NUMERIC(p, s),
// ARRAY<type>, STRUCT<name type, ...>. Of NOT NULL behind it nothing is kept:
// the modes of columns stay as they are.
func (w *writer) typeAt(i int) (sql string, next int) {
	name := strings.ToUpper(w.at(i).text)
	behind := w.at(i + 1)
	scalar, known := duckTypes[name]
	switch {
	case behind.is("<") && name == "ARRAY":
		element, at := w.typeAt(i + 2)
		if at != behind.close {
			w.refuse("Syntax error: Unexpected %s after a type", w.describe(at))
		}
		sql, next = element+"[]", behind.close+1
	case behind.is("<") && name == "STRUCT":
		sql, next = "STRUCT("+w.fieldTypes(i+2, behind.close)+")", behind.close+1
	case !known:
		return w.refuse("Type not found: %s", w.describe(i)), i
	case behind.is("(") && scalar == duckTypes["NUMERIC"]:
		sql, next = "DECIMAL("+w.write(i+2, behind.close)+")", behind.close+1
	default:
		sql, next = scalar, i+1
	}
	if w.phrase(next, "NOT", "NULL") {
		next += 2
	}
	return sql, next
}

// fieldTypes writes what stands in the angle brackets of STRUCT, where each field
// has a name.
func (w *writer) fieldTypes(from, to int) string {
	var fields []string
	for _, f := range w.split(from, to) {
		fields = append(fields, Quote(w.at(f.from).text)+" "+w.wholeType(f.from+1, f.to))
	}
	return strings.Join(fields, ", ")
}

// wholeType writes a type that takes all these tokens.
func (w *writer) wholeType(from, to int) string {
	sql, next := w.typeAt(from)
	if next != to {
		w.refuse("Syntax error: Unexpected %s after a type", w.describe(next))
	}
	return sql
}
