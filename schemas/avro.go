package schemas

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// maxTypeDepth bounds how deep types may stand inside each other in a schema's text. Alerts use six levels.
const maxTypeDepth = 64

// avroType is one type of an Avro schema, with what tables and fingerprints need of it.
type avroType struct {
	kind     string // a primitive's name, or record, enum, fixed, array, map, union, reference
	name     string // full name of a record, enum or fixed, or of what a reference names
	logical  string // logicalType, if any
	fields   []avroField
	symbols  []string
	branches []*avroType // of a union
	items    *avroType   // of an array or a map
	size     int64       // of a fixed
	refers   *avroType   // what a reference names
}

type avroField struct {
	name string
	doc  string
	typ  *avroType
}

// avroParser reads a schema depth first, as the specification asks: a name is known after its definition.
type avroParser struct {
	named map[string]*avroType
}

// parseAvro reads the text of an Avro schema.
func parseAvro(text []byte) (*avroType, error) {
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		return nil, fmt.Errorf("parse schema: %w", err)
	}
	parser := avroParser{named: map[string]*avroType{}}
	top, err := parser.parse(tree, "", 0)
	if err != nil {
		return nil, fmt.Errorf("parse schema: %w", err)
	}
	return top, nil
}

func (p *avroParser) parse(tree any, namespace string, depth int) (*avroType, error) {
	if depth > maxTypeDepth {
		return nil, fmt.Errorf("types stand inside each other more than %d deep", maxTypeDepth)
	}
	switch tree := tree.(type) {
	case string:
		return p.parseName(tree, namespace)
	case []any:
		return p.parseUnion(tree, namespace, depth)
	case map[string]any:
		return p.parseObject(tree, namespace, depth)
	default:
		return nil, fmt.Errorf("a type is a name, an object or a list, not %v", tree)
	}
}

func (p *avroParser) parseName(name, namespace string) (*avroType, error) {
	if isPrimitive(name) {
		return &avroType{kind: name}, nil
	}
	full := fullName(name, namespace)
	known, ok := p.named[full]
	if !ok {
		return nil, fmt.Errorf("unknown type %q", full)
	}
	return &avroType{kind: "reference", name: full, refers: known}, nil
}

func (p *avroParser) parseUnion(trees []any, namespace string, depth int) (*avroType, error) {
	union := &avroType{kind: "union"}
	for _, tree := range trees {
		branch, err := p.parse(tree, namespace, depth+1)
		if err != nil {
			return nil, err
		}
		if branch.kind == "union" {
			return nil, errors.New("a union stands directly in a union")
		}
		union.branches = append(union.branches, branch)
	}
	return union, nil
}

func (p *avroParser) parseObject(object map[string]any, namespace string, depth int) (*avroType, error) {
	var err error
	typ := &avroType{}
	typ.logical, _ = object["logicalType"].(string)
	kind, named := object["type"].(string)
	if !named {
		// {"type": {...}} and {"type": [...]} are the type inside.
		return p.parse(object["type"], namespace, depth+1)
	}
	typ.kind = kind
	switch kind {
	case "record", "enum", "fixed":
		return typ, p.define(typ, object, namespace, depth)
	case "array":
		typ.items, err = p.parse(object["items"], namespace, depth+1)
	case "map":
		typ.items, err = p.parse(object["values"], namespace, depth+1)
	default:
		if !isPrimitive(kind) {
			return p.parseName(kind, namespace)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	return typ, nil
}

func isPrimitive(name string) bool {
	switch name {
	case "null", "boolean", "int", "long", "float", "double", "bytes", "string":
		return true
	}
	return false
}

// fullName resolves a name inside a namespace; a name with a dot is full already.
func fullName(name, namespace string) string {
	if namespace == "" || strings.Contains(name, ".") {
		return name
	}
	return namespace + "." + name
}

// isName tells whether a string is a simple Avro name, which is also what BigQuery allows as a column's name.
func isName(s string) bool {
	for i, c := range []byte(s) {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		digit := '0' <= c && c <= '9'
		if !letter && (i == 0 || !digit) {
			return false
		}
	}
	return s != ""
}
