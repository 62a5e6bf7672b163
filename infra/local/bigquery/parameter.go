package bigquery

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	bq "google.golang.org/api/bigquery/v2"

	"nightwire.dev/infra/local/bigquery/geography"
	"nightwire.dev/infra/local/bigquery/googlesql"
)

// queryParameter is a parameter of a query.
type queryParameter struct {
	Name  string                 `json:"name"`
	Type  *bq.QueryParameterType `json:"parameterType"`
	Value parameterValue         `json:"parameterValue"`
}

// parameterValue is a parameter's value. An absent one is NULL, which the client
// library's own type cannot tell from "".
type parameterValue struct {
	Value  json.RawMessage           `json:"value"`
	Array  []parameterValue          `json:"arrayValues"`
	Struct map[string]parameterValue `json:"structValues"`
}

// parameterLiterals writes each parameter as a DuckDB literal, by lower-case
// name or by position from "1".
func parameterLiterals(parameters []queryParameter) (map[string]string, error) {
	literals := map[string]string{}
	for i, p := range parameters {
		name := cmp.Or(strings.ToLower(p.Name), strconv.Itoa(i+1))
		kind, err := parameterType(p.Type)
		if err != nil {
			return nil, fmt.Errorf("query parameter %s: %w", name, err)
		}
		value, err := valueSQL(p.Type, p.Value)
		if err != nil {
			return nil, fmt.Errorf("query parameter %s: %w", name, err)
		}
		literals[name] = "CAST(" + value + " AS " + kind + ")"
	}
	return literals, nil
}

// parameterType writes a parameter's type.
func parameterType(t *bq.QueryParameterType) (string, error) {
	switch {
	case t == nil:
		return "", invalid("Required parameter is missing: parameterType")
	case t.ArrayType != nil && t.ArrayType.ArrayType == nil:
		element, err := parameterType(t.ArrayType)
		return element + "[]", err
	case len(t.StructTypes) > 0:
		members, err := list(t.StructTypes, func(m *bq.QueryParameterTypeStructTypes) (string, error) {
			kind, err := parameterType(m.Type)
			return googlesql.Quote(m.Name) + " " + kind, err
		})
		return "STRUCT(" + members + ")", err
	}
	kind, known := googlesql.ScalarType(t.Type)
	if !known {
		return "", invalid("Invalid parameter type %s", t.Type)
	}
	return kind, nil
}

// valueSQL writes a value as what a cast to its type understands.
func valueSQL(t *bq.QueryParameterType, v parameterValue) (string, error) {
	switch {
	case t.ArrayType != nil:
		elements, err := list(v.Array, func(element parameterValue) (string, error) { return valueSQL(t.ArrayType, element) })
		return "[" + elements + "]", err
	case len(t.StructTypes) > 0:
		members, err := list(t.StructTypes, func(m *bq.QueryParameterTypeStructTypes) (string, error) {
			return valueSQL(m.Type, v.Struct[m.Name])
		})
		return "row(" + members + ")", err
	case v.Value == nil || string(v.Value) == "null":
		return "NULL", nil
	}
	var text string
	if err := json.Unmarshal(v.Value, &text); err != nil {
		text = string(v.Value) // numbers and truth values may come as themselves
	}
	switch strings.ToUpper(t.Type) {
	case "BYTES":
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return "", invalid("Invalid value for BYTES: %v", err)
		}
		return fmt.Sprintf("unhex('%x')", raw), nil
	case "GEOGRAPHY":
		p, err := geography.Parse(text)
		if err != nil {
			return "", invalid("Invalid value for GEOGRAPHY: %v", err)
		}
		return fmt.Sprintf("st_geogpoint(%v, %v)", p.Lon, p.Lat), nil
	}
	return googlesql.Literal(text), nil
}

// list writes parts of SQL with commas between them.
func list[T any](parts []T, write func(T) (string, error)) (string, error) {
	written := make([]string, len(parts))
	for i, part := range parts {
		var err error
		if written[i], err = write(part); err != nil {
			return "", err
		}
	}
	return strings.Join(written, ", "), nil
}
