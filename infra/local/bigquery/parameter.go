package bigquery

import (
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
		name := strings.ToLower(p.Name)
		if name == "" {
			name = strconv.Itoa(i + 1)
		}
		f, err := parameterField(p.Type)
		if err != nil {
			return nil, fmt.Errorf("query parameter %s: %w", name, err)
		}
		value, err := valueSQL(f, p.Value, f.Mode == "REPEATED")
		if err != nil {
			return nil, fmt.Errorf("query parameter %s: %w", name, err)
		}
		literals[name] = "CAST(" + value + " AS " + duckType(f) + ")"
	}
	return literals, nil
}

// parameterField is a field of the parameter's type.
func parameterField(t *bq.QueryParameterType) (*field, error) {
	if t == nil {
		return nil, invalid("Required parameter is missing: parameterType")
	}
	if t.ArrayType != nil {
		f, err := parameterField(t.ArrayType)
		if err != nil || f.Mode == "REPEATED" {
			return nil, invalid("Invalid parameter type: ARRAY of %s", t.ArrayType.Type)
		}
		f.Mode = "REPEATED"
		return f, nil
	}
	if !strings.EqualFold(t.Type, "STRUCT") {
		if _, ok := googlesql.ScalarType(t.Type); !ok {
			return nil, invalid("Invalid parameter type %s", t.Type)
		}
		return &field{Type: strings.ToUpper(t.Type)}, nil
	}
	f := &field{Type: "RECORD"}
	for _, member := range t.StructTypes {
		inner, err := parameterField(member.Type)
		if err != nil {
			return nil, err
		}
		inner.Name = member.Name
		f.Fields = append(f.Fields, inner)
	}
	return f, nil
}

// valueSQL writes a value as what a cast to the field's type understands.
func valueSQL(f *field, v parameterValue, array bool) (string, error) {
	var parts []string
	add := func(f *field, v parameterValue, array bool) error {
		sql, err := valueSQL(f, v, array)
		parts = append(parts, sql)
		return err
	}
	switch {
	case array:
		for _, element := range v.Array {
			if err := add(f, element, false); err != nil {
				return "", err
			}
		}
		return "[" + strings.Join(parts, ", ") + "]", nil
	case f.Type == "RECORD":
		for _, member := range f.Fields {
			if err := add(member, v.Struct[member.Name], member.Mode == "REPEATED"); err != nil {
				return "", err
			}
		}
		return "row(" + strings.Join(parts, ", ") + ")", nil
	case v.Value == nil || string(v.Value) == "null":
		return "NULL", nil
	}
	var text string
	if err := json.Unmarshal(v.Value, &text); err != nil {
		text = string(v.Value) // numbers and truth values may come as themselves
	}
	switch f.Type {
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
