package bigquery

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"nightwire.dev/infra/local/bigquery/geography"
	"nightwire.dev/infra/local/bigquery/googlesql"
)

// The parts of a query's parameters that the server reads. An absent value is
// NULL, which the client library's own types cannot tell from "".
type (
	queryParameter struct {
		Name  string         `json:"name"`
		Type  parameterType  `json:"parameterType"`
		Value parameterValue `json:"parameterValue"`
	}
	parameterType struct {
		Type       string         `json:"type"`
		ArrayType  *parameterType `json:"arrayType"`
		StructType []struct {
			Name string        `json:"name"`
			Type parameterType `json:"type"`
		} `json:"structTypes"`
	}
	parameterValue struct {
		Value  *scalarText               `json:"value"`
		Array  []parameterValue          `json:"arrayValues"`
		Struct map[string]parameterValue `json:"structValues"`
	}
)

// scalarText is a scalar as BigQuery writes it. Clients send it as a JSON string,
// and some, as the service lets them, numbers and truth values as themselves.
type scalarText string

func (s *scalarText) UnmarshalJSON(text []byte) error {
	switch text[0] {
	case '"':
		return json.Unmarshal(text, (*string)(s))
	case '{', '[':
		return fmt.Errorf("a parameter's value is %s, not a scalar", text)
	default:
		*s = scalarText(text)
		return nil
	}
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
		literal, err := parameterLiteral(p.Type, p.Value)
		if err != nil {
			return nil, fmt.Errorf("query parameter %s: %w", name, err)
		}
		literals[name] = literal
	}
	return literals, nil
}

func parameterLiteral(t parameterType, v parameterValue) (string, error) {
	switch kind := strings.ToUpper(t.Type); {
	case kind == "ARRAY" && t.ArrayType != nil:
		duck, err := parameterDuckType(t)
		if err != nil {
			return "", err
		}
		elements := make([]string, len(v.Array))
		for i, e := range v.Array {
			if elements[i], err = parameterLiteral(*t.ArrayType, e); err != nil {
				return "", err
			}
		}
		return "CAST([" + strings.Join(elements, ", ") + "] AS " + duck + ")", nil
	case kind == "STRUCT":
		var fields []string
		for _, f := range t.StructType {
			literal, err := parameterLiteral(f.Type, v.Struct[f.Name])
			if err != nil {
				return "", err
			}
			fields = append(fields, googlesql.Quote(f.Name)+" := "+literal)
		}
		return "struct_pack(" + strings.Join(fields, ", ") + ")", nil
	default:
		return scalarLiteral(kind, t, (*string)(v.Value))
	}
}

func scalarLiteral(kind string, t parameterType, value *string) (string, error) {
	duck, err := parameterDuckType(t)
	if err != nil {
		return "", err
	}
	if value == nil {
		return "CAST(NULL AS " + duck + ")", nil
	}
	switch kind {
	case "BYTES":
		raw, err := base64.StdEncoding.DecodeString(*value)
		if err != nil {
			return "", invalid("Invalid value for BYTES: %v", err)
		}
		return fmt.Sprintf("unhex('%x')", raw), nil
	case "GEOGRAPHY":
		p, err := geography.Parse(*value)
		if err != nil {
			return "", invalid("Invalid value for GEOGRAPHY: %v", err)
		}
		return fmt.Sprintf("struct_pack(geo_lon := %ve0, geo_lat := %ve0)", p.Lon, p.Lat), nil
	}
	return "CAST(" + googlesql.Literal(*value) + " AS " + duck + ")", nil
}

func parameterDuckType(t parameterType) (string, error) {
	if t.ArrayType != nil {
		element, err := parameterDuckType(*t.ArrayType)
		return element + "[]", err
	}
	if strings.EqualFold(t.Type, "STRUCT") {
		var fields []string
		for _, f := range t.StructType {
			inner, err := parameterDuckType(f.Type)
			if err != nil {
				return "", err
			}
			fields = append(fields, googlesql.Quote(f.Name)+" "+inner)
		}
		return "STRUCT(" + strings.Join(fields, ", ") + ")", nil
	}
	duck, ok := googlesql.ScalarType(t.Type)
	if !ok {
		return "", invalid("Invalid parameter type %s", t.Type)
	}
	return duck, nil
}
