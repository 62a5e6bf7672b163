package expression

import (
	"strings"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/survey/ztf"
)

// seal settles what is read of a record, once all expressions are there: of
// the alert its fields and then its lists, of each list's items their fields.
func (p *Program) seal() {
	paths := p.fields.paths()
	for _, t := range p.lists {
		paths = append(paths, strings.TrimPrefix(t.path, root+"."))
		t.selection = packet.Select(t.paths()...)
	}
	p.fields.selection = packet.Select(paths...)
}

// paths are the table's fields by slot.
func (t *table) paths() []string {
	paths := make([]string, len(t.kinds))
	for path, slot := range t.slots {
		paths[slot] = path
	}
	return paths
}

// readFields takes the alert's own fields. Its lists wait until they are asked
// for.
func (r *Run) readFields() {
	t := r.program.fields
	values := r.values[:t.selection.Len()]
	t.selection.Read(r.alert.Record, values)
	for slot, k := range t.kinds {
		r.fields[slot] = r.program.language.item(values[slot], k)
	}
	for i := range r.lists {
		r.lists[i].value, r.lists[i].ready = values[len(t.kinds)+i], false
	}
}

// table reads a list when it is first asked for. A packet that has no such list
// has an empty one.
func (r *Run) table(t *table) *rows {
	l := &r.lists[t.index]
	if l.ready {
		return l
	}
	l.ready, l.items, l.cells = true, l.items[:0], l.cells[:0]
	values := r.values[:len(t.kinds)]
	whole, isScalar := t.slots[""]
	for i, value := range l.value.Items() {
		if isScalar {
			l.items = append(l.items, r.program.language.item(value, t.kinds[whole]))
			continue
		}
		t.selection.Read(value, values)
		for slot, k := range t.kinds {
			l.cells = append(l.cells, r.program.language.item(values[slot], k))
		}
		l.items = append(l.items, ofInt(int64(i)))
	}
	return l
}

// item reads one value. What the survey writes for a missing one is missing.
func (l *Language) item(v packet.Value, k kind) item {
	if v.IsNull() || l.Survey == schemas.ZTF && ztf.IsMissing(v) {
		return item{}
	}
	switch k {
	case boolean:
		if v.Kind() == packet.Boolean {
			return ofBool(v.Bool())
		}
	case integer:
		if v.Kind() == packet.Int || v.Kind() == packet.Long {
			return ofInt(v.Int())
		}
	case number:
		return ofNumber(v.Float())
	case text:
		if v.Kind() == packet.String || v.Kind() == packet.Enum {
			return ofText(v.Bytes())
		}
	}
	return item{}
}
