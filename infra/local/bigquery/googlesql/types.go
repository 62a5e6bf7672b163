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

// readType reads a type from the front of nodes: INT64, NUMERIC(p, s),
// ARRAY<type>, STRUCT<name type, ...>. It says how many nodes it took.
func readType(nodes []node) (sql string, n int, err error) {
	if len(nodes) == 0 || nodes[0].kind != word {
		return "", 0, refuse("Syntax error: Expected a type, got %s", describe(nodes))
	}
	name := strings.ToUpper(nodes[0].text)
	if len(nodes) > 1 && nodes[1].brackets("<") {
		sql, err = angles(name, nodes[1].kids)
		return sql, 2, err
	}
	t, ok := duckTypes[name]
	if !ok {
		return "", 0, refuse("Type not found: %s", name)
	}
	if len(nodes) == 1 || !nodes[1].brackets("(") {
		return t, 1, nil
	}
	if t != "DECIMAL(38,9)" {
		return "", 0, refuse("Type parameters are not supported: %s(...)", name)
	}
	var digits string
	for _, d := range nodes[1].kids {
		digits += d.text
	}
	return "DECIMAL(" + digits + ")", 2, nil
}

// angles writes what stands in the angle brackets of ARRAY or STRUCT.
func angles(name string, kids []node) (string, error) {
	if name == "ARRAY" {
		element, err := wholeType(kids)
		return element + "[]", err
	}
	var fields []string
	for _, f := range split(kids) {
		if len(f) < 2 || !f[0].name() {
			return "", refuse("Not supported: STRUCT type with a field that has no name")
		}
		t, err := wholeType(f[1:])
		if err != nil {
			return "", err
		}
		fields = append(fields, Quote(f[0].text)+" "+t)
	}
	return "STRUCT(" + strings.Join(fields, ", ") + ")", nil
}

// wholeType reads a type that ends with the nodes, or with NOT NULL after it.
func wholeType(nodes []node) (string, error) {
	if n := len(nodes); n > 2 && nodes[n-2].is("NOT") && nodes[n-1].is("NULL") {
		nodes = nodes[:n-2]
	}
	t, n, err := readType(nodes)
	if err == nil && n < len(nodes) {
		return "", refuse("Syntax error: Unexpected %s after a type", describe(nodes[n:]))
	}
	return t, err
}
