package scan

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// wanted are the columns of a relation that somebody asks for, by dotted path.
type wanted struct {
	all   bool
	paths map[string]bool
}

func everything() *wanted { return &wanted{all: true} }

func (w *wanted) add(path string) {
	if w.paths == nil {
		w.paths = map[string]bool{}
	}
	w.paths[path] = true
}

// below are the paths that are wanted of one column: "" is the whole column.
func (w *wanted) below(column string) []string {
	if w.all {
		return []string{""}
	}
	var paths []string
	for path := range w.paths {
		first, rest, _ := strings.Cut(path, ".")
		if strings.EqualFold(first, column) {
			paths = append(paths, rest)
		}
	}
	return paths
}

// relation is a table, a view or a subquery of a FROM clause, or the items of an
// array that one of them has.
type relation struct {
	alias   string
	table   string   // a table of the catalogue
	query   *query   // or what a query answers
	within  *scope   // where the query's own names are looked up
	columns []string // their names, the top level
	want    *wanted

	array *relation // or the items of a column of this relation
	path  string    // which column
}

// need notes that a path of the relation is read; "" is all of it.
func (r *relation) need(path string) {
	switch {
	case r.array != nil:
		r.array.need(strings.Trim(r.path+"."+path, "."))
	case path == "":
		r.want.all = true
	default:
		r.want.add(path)
	}
}

func (r *relation) has(column string) bool {
	return slices.ContainsFunc(r.columns, func(c string) bool { return strings.EqualFold(c, column) })
}

// scope is what a name may mean: the relations of a block, and those around it.
type scope struct {
	relations []*relation
	with      []named
	outer     *scope
}

// find places a dotted name.
func (s *scope) find(segments []string) (r *relation, path string, ok bool) {
	for ; s != nil; s = s.outer {
		for _, r := range s.relations {
			if strings.EqualFold(r.alias, segments[0]) && (len(segments) == 1 || r.array != nil || r.has(segments[1])) {
				return r, strings.Join(segments[1:], "."), true
			}
		}
		for _, r := range s.relations {
			if r.has(segments[0]) {
				return r, strings.Join(segments, "."), true
			}
		}
	}
	return nil, "", false
}

// named finds what WITH calls so, and what its query may refer to: what WITH
// names before it.
func (s *scope) named(name string) (*query, *scope) {
	for ; s != nil; s = s.outer {
		for i := len(s.with) - 1; i >= 0; i-- {
			if strings.EqualFold(s.with[i].name, name) {
				return s.with[i].is, &scope{with: s.with[:i], outer: s.outer}
			}
		}
	}
	return nil, nil
}

// reader follows what a query asks for down to the tables.
type reader struct {
	catalogue *Catalogue
	read      map[string]map[string]bool // by table: the paths that are read
	steps     int
}

// mostSteps bounds the work for one query, which grows with every time that a
// query of WITH is named in another. The library's dearest takes 100.
const mostSteps = 10_000

var errTooDeep = errors.New("read query: its queries name each other too often")

func (r *reader) step() error {
	if r.steps++; r.steps > mostSteps {
		return errTooDeep
	}
	return nil
}

// query reads what is wanted of a query's answer.
func (r *reader) query(q *query, want *wanted, outer *scope) error {
	if err := r.step(); err != nil {
		return err
	}
	here := &scope{with: q.with, outer: outer}
	names, err := r.columns(q, outer)
	if err != nil {
		return err
	}
	if q.ordered {
		want = everything()
	}
	for i, b := range q.blocks {
		of := want
		if i > 0 && !want.all { // UNION goes by the columns' places
			of = renamed(b, want, names)
		}
		if err := r.block(b, of, here); err != nil {
			return err
		}
	}
	return nil
}

// renamed is what is wanted, by the places that it has in another block of a
// UNION.
func renamed(b *block, want *wanted, names []string) *wanted {
	if slices.ContainsFunc(b.items, func(i item) bool { return i.star }) || len(b.items) != len(names) {
		return everything()
	}
	places := &wanted{paths: map[string]bool{}}
	for i, name := range names {
		if len(want.below(name)) > 0 {
			places.add(place(i))
		}
	}
	return places
}

// place is how a wanted column is called that has a place and no name.
func place(i int) string { return fmt.Sprintf("#%d", i) }

// block reads what is wanted of one SELECT, and what its clauses need.
func (r *reader) block(b *block, want *wanted, outer *scope) error {
	here := &scope{outer: outer}
	for _, s := range b.from {
		if err := r.source(s, here); err != nil {
			return err
		}
	}
	if b.distinct {
		want = everything()
	}
	taken := map[string]bool{}
	for i, it := range b.items {
		if it.star {
			continue
		}
		taken[strings.ToLower(it.name)] = true
		below := want.below(it.name)
		if it.name == "" || len(below) == 0 {
			below = append(below, want.below(place(i))...)
		}
		if err := r.item(it, below, here); err != nil {
			return err
		}
	}
	for _, it := range b.items {
		if it.star {
			if err := r.star(it, want, taken, here); err != nil {
				return err
			}
		}
	}
	for _, clause := range [][]node{b.joined, b.where} {
		if err := r.expression(clause, here, nil); err != nil {
			return err
		}
	}
	if err := r.expression(b.rest, here, b.items); err != nil {
		return err
	}
	return r.relations(here)
}

// relations goes on with what the relations of a block turned out to be needed
// for.
func (r *reader) relations(here *scope) error {
	for _, rel := range here.relations {
		switch {
		case rel.table != "":
			r.table(rel.table, rel.want)
		case rel.query != nil:
			if err := r.query(rel.query, rel.want, rel.within); err != nil {
				return err
			}
		}
	}
	return nil
}

// table notes the columns with values that are wanted.
func (r *reader) table(name string, want *wanted) {
	if r.read[name] == nil {
		r.read[name] = map[string]bool{}
	}
	for _, l := range leaves(r.catalogue.tables[name].Columns, "", nil) {
		asked := want.all
		for path := range want.paths {
			path, at := strings.ToLower(path), strings.ToLower(l.path)
			asked = asked || path == at || strings.HasPrefix(at, path+".") || strings.HasPrefix(path, at+".")
		}
		if asked {
			r.read[name][l.path] = true
		}
	}
}

// item reads an item of a select list of which something is wanted.
func (r *reader) item(it item, below []string, here *scope) error {
	if len(below) == 0 {
		return nil
	}
	if segments, rest := path(it.nodes); len(rest) == 0 && len(segments) > 0 {
		if rel, at, ok := here.find(segments); ok {
			for _, more := range below {
				rel.need(strings.Trim(at+"."+more, "."))
			}
			return nil
		}
	}
	return r.expression(it.nodes, here, nil)
}

// star reads what is wanted of the columns behind a star.
func (r *reader) star(it item, want *wanted, taken map[string]bool, here *scope) error {
	left := func(name string) bool {
		return !taken[strings.ToLower(name)] && !slices.ContainsFunc(it.except, func(e string) bool { return strings.EqualFold(e, name) })
	}
	for _, replaced := range it.replace {
		taken[strings.ToLower(replaced.name)] = true
		if err := r.item(replaced, want.below(replaced.name), here); err != nil {
			return err
		}
	}
	for _, rel := range here.relations {
		if it.of != "" && !strings.EqualFold(rel.alias, it.of) {
			continue
		}
		for _, column := range rel.columns {
			if !left(column) {
				continue
			}
			for _, below := range want.below(column) {
				rel.need(strings.Trim(column+"."+below, "."))
			}
		}
	}
	return nil
}
