package expression

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
	"nightwire.dev/schemas"
)

// kind is what the compiler tells apart.
type kind uint8

const (
	nothing kind = iota // null itself, and what no kind fits
	boolean
	integer
	number
	text
	list
	row // a record
)

// scalars are the types of single values, each of which may be missing.
var scalars = map[kind]*types.Type{
	boolean: types.NewNullableType(types.BoolType),
	integer: types.NewNullableType(types.IntType),
	number:  types.NewNullableType(types.DoubleType),
	text:    types.NewNullableType(types.StringType),
}

func (k kind) declared() *types.Type { return scalars[k] }

// kindOf is the kind of a checked expression.
func kindOf(t *types.Type) kind {
	switch t.Kind() {
	case types.BoolKind:
		return boolean
	case types.IntKind:
		return integer
	case types.DoubleKind:
		return number
	case types.StringKind:
		return text
	case types.ListKind:
		return list
	case types.StructKind:
		return row
	default:
		return nothing
	}
}

// typeName is a type as people write it: without CEL's mark of a value that
// may be missing, which all are.
func typeName(t *types.Type) string {
	switch kindOf(t) {
	case boolean:
		return "bool"
	case integer:
		return "int"
	case number:
		return "double"
	case text:
		return "string"
	default:
		return nullable.ReplaceAllString(t.String(), "$1")
	}
}

// root is the path of the alert itself among the records.
const root = "alert"

// record is a record of the survey's schemas, in any version.
type record struct {
	path   string
	fields map[string]field
}

// field is a field that expressions may read.
type field struct {
	kind        kind
	record      *record // of a row, or of a list's items
	item        kind    // of a list of scalars
	description string
}

func (f field) declared() *types.Type {
	switch {
	case f.kind == list && f.record != nil:
		return types.NewListType(types.NewObjectType(f.record.path))
	case f.kind == list:
		return types.NewListType(f.item.declared())
	case f.kind == row:
		return types.NewObjectType(f.record.path)
	default:
		return f.kind.declared()
	}
}

// columnKinds are the kinds of the schemas' columns. The others (bytes, dates)
// are of no use to a filter and cannot be named.
var columnKinds = map[string]kind{
	schemas.Boolean: boolean, schemas.Integer: integer, schemas.Float: number, schemas.String: text,
}

// readRecords unites all versions of a survey's schema, so that an expression
// outlives a version: what a packet does not have is missing.
func readRecords(survey string) (map[string]*record, error) {
	var united []schemas.Column
	for _, s := range schemas.All() {
		if s.Survey != survey {
			continue
		}
		columns, err := schemas.Columns(s.JSON, survey, schemas.Cutouts()...)
		if err != nil {
			return nil, err
		}
		var conflicts []schemas.Conflict
		if united, conflicts = schemas.Merge(united, columns); len(conflicts) > 0 {
			return nil, fmt.Errorf("version %s changes what earlier ones have: %+v", s.Version, conflicts)
		}
	}
	records := map[string]*record{}
	addRecord(records, root, united)
	return records, nil
}

func addRecord(records map[string]*record, path string, columns []schemas.Column) *record {
	r := &record{path: path, fields: map[string]field{}}
	records[path] = r
	for _, c := range columns {
		f := field{kind: columnKinds[c.Type], description: c.Description}
		if c.Type == schemas.Record {
			f.kind, f.record = row, addRecord(records, path+"."+c.Name, c.Fields)
		}
		if f.kind == nothing {
			continue
		}
		if c.Mode == schemas.Repeated {
			f.item, f.kind = f.kind, list
		}
		r.fields[c.Name] = f
	}
	return r
}

// Field is a field of the survey's alerts that an expression may read.
type Field struct {
	Path        string // candidate.magpsf; [] stands for any item of a list: prv_candidates[].magpsf
	Type        string // bool, int, double, string; of a list, list(double)
	Description string // with units
}

// Fields lists the fields in the order of their paths. Records and lists of
// records are not among them, what is in them is.
func (l *Language) Fields() []Field {
	fields := l.records[root].list("")
	slices.SortFunc(fields, func(a, b Field) int { return strings.Compare(a.Path, b.Path) })
	return fields
}

func (r *record) list(prefix string) []Field {
	var fields []Field
	for name, f := range r.fields {
		switch path := prefix + name; {
		case f.record == nil:
			fields = append(fields, Field{path, typeName(f.declared()), f.description})
		case f.kind == list:
			fields = append(fields, f.record.list(path+"[].")...)
		default:
			fields = append(fields, f.record.list(path+".")...)
		}
	}
	return fields
}

// provider tells CEL's checker the fields of the records.
type provider struct {
	*types.Registry

	records map[string]*record
}

// FindStructType implements types.Provider.
func (p *provider) FindStructType(name string) (*types.Type, bool) {
	if _, ok := p.records[name]; ok {
		return types.NewTypeTypeWithParam(types.NewObjectType(name)), true
	}
	return p.Registry.FindStructType(name)
}

// FindStructFieldNames implements types.Provider.
func (p *provider) FindStructFieldNames(name string) ([]string, bool) {
	r, ok := p.records[name]
	if !ok {
		return p.Registry.FindStructFieldNames(name)
	}
	var names []string
	for field := range r.fields {
		names = append(names, field)
	}
	slices.Sort(names)
	return names, true
}

// FindStructFieldType implements types.Provider.
func (p *provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	r, ok := p.records[name]
	if !ok {
		return p.Registry.FindStructFieldType(name, field)
	}
	f, ok := r.fields[field]
	if !ok {
		return nil, false
	}
	return &types.FieldType{Type: f.declared()}, true
}
