package schemas

import (
	"fmt"
	"strings"
)

// glossary describes a survey's fields, by "record.field" with the record's simple name.
type glossary map[string]entry

// entry is one field's description in our words.
type entry struct {
	unit string // empty for a pure number, a flag, a name
	text string
}

// String is the description as the tables carry it, with the unit in square brackets: "Declination, J2000 [deg]."
func (e entry) String() string {
	if e.unit == "" {
		return e.text
	}
	return strings.TrimSuffix(e.text, ".") + " [" + e.unit + "]."
}

// parseGlossary reads a fields.tsv. A line is either
//
//	records <tab> field <tab> unit <tab> description
//
// with records separated by spaces, or
//
//	{family} <tab> members
//
// after which {family} in a field's name stands for each member in turn, and in that line's unit and description for
// the same member. Lines that start with # and empty lines are for people.
func parseGlossary(text string) (glossary, error) {
	fields := glossary{}
	families := map[string][]string{}
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		cells := strings.Split(line, "\t")
		switch len(cells) {
		case 2:
			families[cells[0]] = strings.Fields(cells[1])
		case 4:
			for record := range strings.FieldsSeq(cells[0]) {
				if err := fields.add(record, cells[1], entry{unit: cells[2], text: cells[3]}, families); err != nil {
					return nil, fmt.Errorf("line %d: %w", number, err)
				}
			}
		default:
			return nil, fmt.Errorf("line %d: %d cells, want 4, or 2 for a family", number, len(cells))
		}
	}
	return fields, nil
}

// add describes one field, or each field of the family that its name contains.
func (g glossary) add(record, field string, e entry, families map[string][]string) error {
	for family, members := range families {
		if !strings.Contains(field, family) {
			continue
		}
		for _, member := range members {
			stands := strings.NewReplacer(family, member).Replace
			if err := g.add(record, stands(field), entry{stands(e.unit), stands(e.text)}, families); err != nil {
				return err
			}
		}
		return nil
	}
	if !isName(field) {
		return fmt.Errorf("field %q: no such family, or not a name", field)
	}
	key := record + "." + field
	if _, taken := g[key]; taken {
		return fmt.Errorf("%s is described twice", key)
	}
	g[key] = e
	return nil
}
