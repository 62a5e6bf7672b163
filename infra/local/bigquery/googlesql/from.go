package googlesql

import (
	"maps"
	"slices"
	"strings"
)

// source is one item of a FROM clause.
type source struct {
	join    string // what stands before it: "", ",", "LEFT JOIN"...
	sql     string // without the alias
	alias   string
	arrays  []string // names of what UNNEST has added to its columns
	columns []string
	tail    string // ON or USING
}

func (s *source) named(sql string) string {
	if s.alias != "" {
		sql += " AS " + Quote(s.alias)
	}
	return sql
}

// joins are the words that begin the next item.
var joins = []string{",", "CROSS", "INNER", "LEFT", "RIGHT", "FULL", "OUTER", "JOIN"}

// from writes what stands behind FROM. An UNNEST of an array that belongs to a
// table before it becomes part of that table's select list, which DuckDB runs
// many times faster than the join that the text asks for.
func (w *writer) from(i, to int) string {
	var sources []*source
	outer := w.aliases
	w.aliases = maps.Clone(outer)
	for i < to && w.err == nil {
		s := &source{}
		for ; i < to && w.at(i).any(joins...); i++ {
			s.join = strings.TrimSpace(s.join + " " + strings.ToUpper(w.at(i).text))
		}
		last := w.find(i, to, joins...)
		condition := w.find(i, last, "ON", "USING")
		w.item(s, i, condition, sources, outer)
		if condition < last {
			s.tail = w.write(condition, last)
		}
		if s.sql != "" {
			sources = append(sources, s)
		} else if condition < last {
			w.refuse("Syntax error: Unexpected %s behind a comma or CROSS JOIN", w.describe(condition))
		}
		i = last
	}
	var out []string
	for _, s := range sources {
		out = append(out, s.join, s.named(s.sql), s.tail)
	}
	return strings.Join(slices.DeleteFunc(out, func(s string) bool { return s == "" }), " ")
}

// item writes a table, a query, a bracket or an array, each with its alias. A
// query knows the aliases around the clause, and none of its other items.
func (w *writer) item(s *source, i, to int, before []*source, outer map[string]bool) {
	head, next := w.at(i), w.next(i)
	var array span
	switch {
	case head.is("UNNEST") && w.at(next).is("("):
		array, next = span{i + 2, w.at(next).close}, w.next(next)
	case head.is("(") && w.query(i):
		inner := w.aliases
		w.aliases = outer
		s.sql = "(" + w.write(i+1, head.close) + ")"
		w.aliases = inner
	case head.is("("):
		s.sql = "(" + w.from(i+1, head.close) + ")"
	default:
		array, next = w.table(s, i)
	}
	s.alias, next = w.sourceAlias(next, s.alias)
	if array != (span{}) {
		next = w.unnest(s, array, next, before)
	}
	if next != to {
		w.refuse("Not supported in FROM clause: %s", w.describe(next))
	}
	w.aliases[strings.ToLower(s.alias)] = true
}

// table finds the table of a path, or gives the path as that of an array.
func (w *writer) table(s *source, i int) (array span, next int) {
	path, next := w.path(i)
	if len(path) == 0 {
		w.refuse("Syntax error: Unexpected %q in FROM clause", w.at(i).text)
		return span{}, next
	}
	first := strings.ToLower(path[0])
	behind, defined := w.defined[first]
	switch {
	case len(path) > 1 && w.aliases[first]:
		return span{i, next}, next
	case len(path) == 1 && defined && i > behind:
		s.sql, s.alias = Quote(path[0]), path[0]
	default:
		r := w.relation(path)
		s.sql, s.alias, s.columns = r.SQL, r.Name, r.Columns
	}
	return span{}, next
}

// sourceAlias reads [AS] name.
func (w *writer) sourceAlias(i int, without string) (string, int) {
	if w.skip(&i, "AS") || w.at(i).free() && !w.at(i+1).is("(") {
		return w.at(i).text, i + 1
	}
	return without, i
}

// unnest writes an array as a source of its own, or into the rows of the table
// before it to which it belongs. WITH OFFSET [[AS] name] may stand at token i.
func (w *writer) unnest(s *source, array span, i int, before []*source) (next int) {
	expr := w.write(array.from, array.to)
	elements, added := "unnest("+expr+") AS "+Quote(s.alias), []string{s.alias}
	if s.alias == "" { // the fields of the elements are the columns
		elements, added = "unnest("+expr+", max_depth := 2)", nil
	}
	if w.skip(&i, "WITH OFFSET") {
		var offset string
		offset, i = w.sourceAlias(i, "offset")
		elements, added = elements+", unnest(range(len("+expr+"))) AS "+Quote(offset), append(added, offset)
	}
	host := w.host(array, s.join, added, before)
	if host == nil {
		s.sql = "(SELECT " + elements + ")"
		if strings.HasSuffix(s.join, "JOIN") && s.join != "CROSS JOIN" {
			s.tail = "ON TRUE"
		}
		return i
	}
	host.sql = "(SELECT *, " + elements + " FROM " + host.named(host.sql) + ")"
	host.arrays = append(host.arrays, added...)
	for _, name := range added {
		key := strings.ToLower(host.alias)
		w.hidden[key] = append(w.hidden[key], Quote(name))
	}
	return i
}

// host is the table into whose rows an array, a path, can go: the one to which it
// belongs. An outer join may give rows in which the table is absent, and
// unnesting inside it would keep those; and no column may have an added name.
func (w *writer) host(array span, join string, added []string, before []*source) (host *source) {
	path, next := w.path(array.from)
	if next != array.to || len(path) == 0 || join != "," && join != "CROSS JOIN" {
		return nil
	}
	for _, s := range before {
		if !slices.Contains([]string{"", ",", "CROSS JOIN", "INNER JOIN", "JOIN"}, s.join) {
			return nil
		}
		if contains(append(s.arrays, s.alias), path[0]) || len(path) == 1 && len(before) == 1 {
			host = s
		}
	}
	if host != nil && slices.ContainsFunc(added, func(name string) bool { return contains(host.columns, name) }) {
		return nil
	}
	return host
}

// contains says that a name, in whatever case, is among others.
func contains(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}
