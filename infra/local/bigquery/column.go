package bigquery

import (
	"fmt"
	"regexp"
	"strings"

	bq "google.golang.org/api/bigquery/v2"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

type field = bq.TableFieldSchema

// legacyNames are the names of types in a schema that the service gives back.
var legacyNames = map[string]string{
	"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD",
	"STRING": "STRING", "BYTES": "BYTES", "INTEGER": "INTEGER", "FLOAT": "FLOAT", "BOOLEAN": "BOOLEAN",
	"TIMESTAMP": "TIMESTAMP", "DATE": "DATE", "TIME": "TIME", "DATETIME": "DATETIME", "NUMERIC": "NUMERIC",
	"JSON": "JSON", "GEOGRAPHY": "GEOGRAPHY", "RECORD": "RECORD",
}

var columnName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,299}$`)

// normalise checks the fields of a schema and gives types and modes the one
// spelling that the rest of the server compares.
func normalise(fields []*field) error {
	seen := map[string]bool{}
	for _, f := range fields {
		if !columnName.MatchString(f.Name) {
			return invalid("Invalid field name %q. Fields must contain only letters, numbers, and underscores, start with a letter or underscore, and be at most 300 characters long.", f.Name)
		}
		if seen[strings.ToLower(f.Name)] {
			return invalid("Field %s already exists in schema", f.Name)
		}
		seen[strings.ToLower(f.Name)] = true
		kind, ok := legacyNames[strings.ToUpper(f.Type)]
		if !ok {
			return invalid("Field type %s of field %s is not supported", f.Type, f.Name)
		}
		if f.DefaultValueExpression != "" {
			return notImplemented("the default value of field %s", f.Name)
		}
		f.Type, f.Mode = kind, strings.ToUpper(f.Mode)
		switch f.Mode {
		case "":
			f.Mode = "NULLABLE"
		case "NULLABLE", "REQUIRED", "REPEATED":
		default:
			return invalid("Invalid mode %s of field %s", f.Mode, f.Name)
		}
		if (kind == "RECORD") != (len(f.Fields) > 0) {
			return invalid("Field %s is type %s but has %d fields in its schema", f.Name, kind, len(f.Fields))
		}
		if err := normalise(f.Fields); err != nil {
			return err
		}
	}
	return nil
}

// duckType is the DuckDB type of a column.
func duckType(f *field) string {
	t, _ := googlesql.ScalarType(f.Type)
	if f.Type == "RECORD" {
		t = "STRUCT(" + columnList(f.Fields, nil) + ")"
	}
	if f.Mode == "REPEATED" {
		t += "[]"
	}
	return t
}

func columnList(fields []*field, suffix func(*field) string) string {
	var columns []string
	for _, f := range fields {
		c := googlesql.Quote(f.Name) + " " + duckType(f)
		if suffix != nil {
			c += suffix(f)
		}
		columns = append(columns, c)
	}
	return strings.Join(columns, ", ")
}

// typeText reads DuckDB's own description of a type, as DESCRIBE gives it.
type typeText struct{ rest string }

func (t *typeText) accept(prefix string) bool {
	rest, ok := strings.CutPrefix(t.rest, prefix)
	t.rest = rest
	return ok
}

// describedTypes are the scalar types that a result may have.
var describedTypes = map[string]string{
	"BIGINT": "INTEGER", "INTEGER": "INTEGER", "SMALLINT": "INTEGER", "TINYINT": "INTEGER", "HUGEINT": "INTEGER",
	"UBIGINT": "INTEGER", "UINTEGER": "INTEGER", "USMALLINT": "INTEGER", "UTINYINT": "INTEGER",
	"DOUBLE": "FLOAT", "FLOAT": "FLOAT", "BOOLEAN": "BOOLEAN", "VARCHAR": "STRING", "BLOB": "BYTES", "DATE": "DATE",
	"TIME": "TIME", "TIMESTAMP": "DATETIME", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP", "JSON": "JSON",
	"INTERVAL": "INTERVAL", "DECIMAL": "NUMERIC", "UUID": "STRING", "NULL": "INTEGER",
	"TIMESTAMP_S": "DATETIME", "TIMESTAMP_MS": "DATETIME", "TIMESTAMP_NS": "DATETIME",
}

// field reads one type as a field without a name.
func (t *typeText) field() (*field, error) {
	f := &field{Mode: "NULLABLE"}
	if t.accept("STRUCT(") {
		f.Type = "RECORD"
		for {
			name := t.name()
			child, err := t.field()
			if err != nil {
				return nil, err
			}
			child.Name = name
			f.Fields = append(f.Fields, child)
			if t.accept(")") {
				break
			}
			if !t.accept(", ") {
				return nil, fmt.Errorf("read type: unexpected %q", t.rest)
			}
		}
		if len(f.Fields) == 2 && f.Fields[0].Name == "geo_lon" && f.Fields[1].Name == "geo_lat" {
			f.Type, f.Fields = "GEOGRAPHY", nil
		}
	} else if err := t.scalar(f); err != nil {
		return nil, err
	}
	for t.accept("[]") {
		if f.Mode == "REPEATED" {
			return nil, invalidQuery("Cannot construct array with element type ARRAY because nested arrays are not supported")
		}
		f.Mode = "REPEATED"
	}
	return f, nil
}

func (t *typeText) scalar(f *field) error {
	end := strings.IndexAny(t.rest, "([,)")
	if end < 0 {
		end = len(t.rest)
	}
	name := strings.Trim(t.rest[:end], `"`)
	t.rest = t.rest[end:]
	if name == "DECIMAL" {
		_, t.rest, _ = strings.Cut(t.rest, ")")
	}
	kind, ok := describedTypes[name]
	if !ok {
		return invalidQuery("A result of DuckDB's type %s has no type in BigQuery", name)
	}
	f.Type = kind
	return nil
}

// name reads a field's name, quoted or not, and the space behind it.
func (t *typeText) name() string {
	if !t.accept(`"`) {
		name, rest, _ := strings.Cut(t.rest, " ")
		t.rest = rest
		return name
	}
	var name strings.Builder
	for {
		part, rest, _ := strings.Cut(t.rest, `"`)
		name.WriteString(part)
		t.rest = rest
		if !t.accept(`"`) {
			t.accept(" ")
			return name.String()
		}
		name.WriteByte('"')
	}
}
