package bigquery

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"

	bq "google.golang.org/api/bigquery/v2"

	"nightwire.dev/infra/local/bigquery/googlesql"
	"nightwire.dev/infra/local/bigquery/record"
)

type field = bq.TableFieldSchema

// standardNames are the types that a schema may have, and what GoogleSQL calls
// them. The service takes both names, and gives back the first.
var standardNames = map[string]string{
	"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL", "RECORD": "STRUCT",
	"STRING": "STRING", "BYTES": "BYTES", "NUMERIC": "NUMERIC", "JSON": "JSON", "GEOGRAPHY": "GEOGRAPHY",
	"TIMESTAMP": "TIMESTAMP", "DATE": "DATE", "TIME": "TIME", "DATETIME": "DATETIME",
}

var columnName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,299}$`)

// normalise checks the fields of a schema and gives types and modes the one
// spelling that the rest of the server compares.
func normalise(fields []*field) error { return normaliseLevel(fields, 0) }

func normaliseLevel(fields []*field, level int) error {
	if level > record.MaxDepth && len(fields) > 0 {
		return invalid("The schema has records nested more than %d deep", record.MaxDepth)
	}
	for i, f := range fields {
		if f == nil {
			return invalid("A field of the schema is null")
		}
		f.Type, f.Mode = strings.ToUpper(f.Type), cmp.Or(strings.ToUpper(f.Mode), "NULLABLE")
		for name, standard := range standardNames {
			if f.Type == standard {
				f.Type = name
			}
		}
		switch {
		case !columnName.MatchString(f.Name):
			return invalid("Invalid field name %q. Fields must contain only letters, numbers, and underscores, start with a letter or underscore, and be at most 300 characters long.", f.Name)
		case named(fields[:i], f.Name) != nil:
			return invalid("Field %s already exists in schema", f.Name)
		case standardNames[f.Type] == "":
			return invalid("Field type %s of field %s is not supported", f.Type, f.Name)
		case !slices.Contains([]string{"NULLABLE", "REQUIRED", "REPEATED"}, f.Mode):
			return invalid("Invalid mode %s of field %s", f.Mode, f.Name)
		case (f.Type == "RECORD") != (len(f.Fields) > 0):
			return invalid("Field %s is type %s but has %d fields in its schema", f.Name, f.Type, len(f.Fields))
		}
		if err := cmp.Or(only(f, "name", "type", "mode", "description", "fields"), normaliseLevel(f.Fields, level+1)); err != nil {
			return err
		}
	}
	return nil
}

// named finds a field by its name, whatever its case.
func named(fields []*field, name string) *field {
	for _, f := range fields {
		if strings.EqualFold(f.Name, name) {
			return f
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

// constraint is what a column's mode demands. A stored array is never NULL.
func constraint(f *field) string {
	return map[string]string{"REQUIRED": " NOT NULL", "REPEATED": " DEFAULT []"}[f.Mode]
}

// standardType is a column's type as GoogleSQL writes it.
func standardType(f *field) string {
	t := standardNames[f.Type]
	if f.Type == "RECORD" {
		var fields []string
		for _, child := range f.Fields {
			fields = append(fields, child.Name+" "+standardType(child))
		}
		t += "<" + strings.Join(fields, ", ") + ">"
	}
	if f.Mode == "REPEATED" {
		t = "ARRAY<" + t + ">"
	}
	return t
}

// describedTypes are the scalar types that a result may have.
var describedTypes = map[string]string{
	"BIGINT": "INTEGER", "INTEGER": "INTEGER", "SMALLINT": "INTEGER", "TINYINT": "INTEGER", "HUGEINT": "INTEGER",
	"UBIGINT": "INTEGER", "UINTEGER": "INTEGER", "USMALLINT": "INTEGER", "UTINYINT": "INTEGER",
	"DOUBLE": "FLOAT", "FLOAT": "FLOAT", "BOOLEAN": "BOOLEAN", "VARCHAR": "STRING", "BLOB": "BYTES", "DATE": "DATE",
	"TIME": "TIME", "TIMESTAMP": "DATETIME", "TIMESTAMP WITH TIME ZONE": "TIMESTAMP", "JSON": "JSON",
	"DECIMAL": "NUMERIC", "NULL": "INTEGER",
}

var (
	describedScalar = regexp.MustCompile(`^"?([A-Z_ ]+)"?(\([0-9,]+\))?`)
	describedName   = regexp.MustCompile(`^(?:"((?:[^"]|"")*)"|([^ ]+)) `)
)

// readType reads DuckDB's own description of a type, as DESCRIBE gives it, as a
// field without a name, and gives the text behind it.
func readType(text string) (f *field, rest string, err error) {
	f = &field{Mode: "NULLABLE"}
	if behind, ok := strings.CutPrefix(text, googlesql.GeographyType); ok {
		f.Type, rest = "GEOGRAPHY", behind
	} else if inner, ok := strings.CutPrefix(text, "STRUCT("); ok {
		f.Type = "RECORD"
		for rest = inner; !strings.HasPrefix(rest, ")"); rest = strings.TrimPrefix(rest, ", ") {
			name := describedName.FindStringSubmatch(rest)
			if name == nil {
				return nil, "", fmt.Errorf("read type: unexpected %q", rest)
			}
			var child *field
			if child, rest, err = readType(rest[len(name[0]):]); err != nil {
				return nil, "", err
			}
			child.Name = strings.ReplaceAll(name[1], `""`, `"`) + name[2]
			f.Fields = append(f.Fields, child)
		}
		rest = rest[1:]
	} else {
		scalar := describedScalar.FindStringSubmatch(text)
		if scalar == nil || describedTypes[scalar[1]] == "" {
			return nil, "", notImplemented("a result of DuckDB's type %s", text)
		}
		f.Type, rest = describedTypes[scalar[1]], text[len(scalar[0]):]
	}
	if inner, ok := strings.CutPrefix(rest, "[]"); ok {
		f.Mode, rest = "REPEATED", inner
	}
	if strings.HasPrefix(rest, "[") {
		return nil, "", invalidQuery("Cannot construct array with element type ARRAY because nested arrays are not supported")
	}
	return f, rest, nil
}

// querier is the database, or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// describe analyses a DuckDB query and gives the fields of its result.
func describe(ctx context.Context, db querier, query string) ([]*field, error) {
	rows, err := db.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE "+query+")")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var fields []*field
	for anonymous := 0; rows.Next(); {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			return nil, err
		}
		f, _, err := readType(kind)
		if err != nil {
			return nil, err
		}
		f.Name = name
		if !columnName.MatchString(name) {
			f.Name = fmt.Sprintf("f%d_", anonymous)
			anonymous++
		}
		if named(fields, f.Name) != nil {
			return nil, invalidQuery("Duplicate column names in the result are not supported. Found duplicate(s): %s", f.Name)
		}
		fields = append(fields, f)
	}
	return fields, rows.Err()
}
