package bigquery

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	bq "google.golang.org/api/bigquery/v2"

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
	Value json.RawMessage  `json:"value"`
	Array []parameterValue `json:"arrayValues"`
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
		literals[name] = "CAST(" + valueSQL(p.Type, p.Value) + " AS " + kind + ")"
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
	}
	kind, known := googlesql.ScalarType(t.Type)
	if !known {
		return "", invalid("Invalid parameter type %s", t.Type)
	}
	return kind, nil
}

// readers are functions that read the values of types which a cast would not.
var readers = map[string]string{"BYTES": "from_base64", "GEOGRAPHY": "st_geogfromtext"}

// valueSQL writes a value as what a cast to its type understands.
func valueSQL(t *bq.QueryParameterType, v parameterValue) string {
	if t.ArrayType != nil {
		var elements []string
		for _, element := range v.Array {
			elements = append(elements, valueSQL(t.ArrayType, element))
		}
		return "[" + strings.Join(elements, ", ") + "]"
	}
	if v.Value == nil || string(v.Value) == "null" {
		return "NULL"
	}
	var text string
	if err := json.Unmarshal(v.Value, &text); err != nil {
		text = string(v.Value) // numbers and truth values may come as themselves
	}
	return readers[strings.ToUpper(t.Type)] + "(" + googlesql.Literal(text) + ")"
}
