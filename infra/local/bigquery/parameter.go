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
		if p.Type == nil {
			return nil, invalid("Required parameter is missing: parameterType of %s", name)
		}
		kind, form, values := p.Type.Type, "CAST(%s AS %s)", []parameterValue{p.Value}
		if p.Type.ArrayType != nil {
			kind, form, values = p.Type.ArrayType.Type, "CAST([%s] AS %s[])", p.Value.Array
		}
		scalar, known := googlesql.ScalarType(kind)
		if !known || p.Type.ArrayType != nil && p.Type.ArrayType.ArrayType != nil {
			return nil, invalid("Invalid type %s of query parameter %s", kind, name)
		}
		var texts []string
		for _, v := range values {
			texts = append(texts, v.sql(kind))
		}
		literals[name] = fmt.Sprintf(form, strings.Join(texts, ", "), scalar)
	}
	return literals, nil
}

// readers are functions that read the values of types which a cast would not.
var readers = map[string]string{"BYTES": "from_base64", "GEOGRAPHY": "st_geogfromtext"}

// sql writes a value as what a cast to its type understands.
func (v parameterValue) sql(kind string) string {
	if v.Value == nil || string(v.Value) == "null" {
		return "NULL"
	}
	var text string
	if err := json.Unmarshal(v.Value, &text); err != nil {
		text = string(v.Value) // numbers and truth values may come as themselves
	}
	return readers[strings.ToUpper(kind)] + "(" + googlesql.Literal(text) + ")"
}
