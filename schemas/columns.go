package schemas

import (
	"fmt"
	"slices"
	"strings"
)

// Columns derives a table's columns from the text of an alert schema of a survey, known or not yet known. Fields
// whose dotted path is in skip are left out, with all that they contain.
//
// int and long become INTEGER; float and double FLOAT; string and enum STRING; bytes and fixed BYTES; boolean BOOLEAN;
// a record RECORD; an array a REPEATED column; a union with null the column of its other branch. The logical types
// timestamp-millis and timestamp-micros become TIMESTAMP, and date DATE; others count as the type that they refine.
// What BigQuery has no type for becomes JSON: maps, unions of several types, arrays of arrays or of nulls, a type that
// is only null, a record without fields. A null array reads as an empty one, since BigQuery knows no other.
//
// Every column is NULLABLE, also where the survey always sends a value, except those that name the alert (identity):
// a later version may drop a field, and the same table must take both, while BigQuery adds no REQUIRED column to a
// table that exists.
//
// A description comes from our own glossary; for a field that is not in it, from the schema's doc.
func Columns(avro []byte, survey string, skip ...string) ([]Column, error) {
	columns, err := deriveColumns(avro, derivation{
		glossary: library().fields[survey],
		identity: identity(survey),
		skip:     skip,
	})
	if err != nil {
		return nil, fmt.Errorf("derive columns: %w", err)
	}
	return columns, nil
}

func deriveColumns(avro []byte, d derivation) ([]Column, error) {
	top, err := parseAvro(avro)
	if err != nil {
		return nil, err
	}
	if top.kind != "record" {
		return nil, fmt.Errorf("an alert is a record, not %s", top.kind)
	}
	return d.record(top, "")
}

// identity lists the paths of the fields that name an alert in every version of a survey, and of the records around
// them. LSST's top-level diaSourceId is not among them: version 7.4 has alertId there.
func identity(survey string) []string {
	switch survey {
	case ZTF:
		return []string{"objectId", "candid"}
	case LSST:
		return []string{"diaSource", "diaSource.diaSourceId"}
	}
	return nil
}

// derivation is one run of Columns.
type derivation struct {
	glossary glossary
	identity []string
	skip     []string
	open     []string // full names of the records that we stand in
	count    int      // columns so far
}

func (d *derivation) record(t *avroType, path string) ([]Column, error) {
	if slices.Contains(d.open, t.name) {
		return nil, fmt.Errorf("%s: record %s contains itself, which no table can hold", path, t.name)
	}
	if len(d.open) > maxLevels {
		return nil, fmt.Errorf("%s: records nest deeper than BigQuery's %d levels", path, maxLevels)
	}
	d.open = append(d.open, t.name)
	defer func() { d.open = d.open[:len(d.open)-1] }()

	var columns []Column
	seen := map[string]string{} // BigQuery's names ignore case
	for _, field := range t.fields {
		fieldPath := strings.TrimPrefix(path+"."+field.name, ".")
		if slices.Contains(d.skip, fieldPath) {
			continue
		}
		folded := strings.ToLower(field.name)
		if other, taken := seen[folded]; taken {
			return nil, fmt.Errorf("%s: BigQuery takes it for the same column as %s", fieldPath, other)
		}
		seen[folded] = field.name
		column, err := d.column(field, simpleName(t.name), fieldPath)
		if err != nil {
			return nil, err
		}
		columns = append(columns, column)
	}
	return columns, nil
}

func (d *derivation) column(field avroField, record, path string) (Column, error) {
	if d.count++; d.count > maxColumns {
		return Column{}, fmt.Errorf("%s: more columns than BigQuery's %d", path, maxColumns)
	}
	if err := checkName(field.name); err != nil {
		return Column{}, fmt.Errorf("%s: %w", path, err)
	}
	column := Column{Name: field.name, Mode: Nullable, Description: truncate(field.doc)}
	if known, ok := d.glossary[record+"."+field.name]; ok {
		column.Description = truncate(known.String())
	}
	if slices.Contains(d.identity, path) && !field.typ.acceptsNull() {
		column.Mode = Required
	}
	return column, d.fill(&column, field.typ, path)
}

// fill sets a column's type, its fields, and the mode where the Avro type decides it.
func (d *derivation) fill(column *Column, t *avroType, path string) error {
	t = t.value()
	switch t.kind {
	case "array":
		if t.items.acceptsNull() || t.items.value().kind == "array" {
			column.Type = JSON
			return nil
		}
		column.Mode = Repeated
		return d.fill(column, t.items, path)
	case "record":
		fields, err := d.record(t, path)
		if err != nil {
			return err
		}
		column.Type, column.Fields = Record, fields
		if len(fields) == 0 {
			column.Type = JSON
		}
	default:
		column.Type = t.scalar()
	}
	return nil
}

// simpleName is a full name without its namespace, which in LSST's carries the version.
func simpleName(full string) string {
	return full[strings.LastIndexByte(full, '.')+1:]
}
