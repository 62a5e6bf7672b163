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
	names   []string // the alias and those of arrays unnested into it, lower case
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
		var array span
		array, i = w.item(s, i, sources, outer)
		if array == (span{}) {
			s.alias, i = w.sourceAlias(i, s.alias)
			s.names = []string{strings.ToLower(s.alias)}
		} else if i = w.unnest(s, array, i, sources); s.sql == "" {
			continue // it went into an earlier one
		}
		tail := w.find(i, to, joins...)
		if i < tail && !w.at(i).any("ON", "USING") {
			w.refuse("Not supported in FROM clause: %s", w.describe(i))
		}
		if i < tail {
			s.tail = w.write(i, tail)
		}
		i = tail
		sources = append(sources, s)
		for _, name := range s.names {
			w.aliases[name] = true
		}
	}
	var out []string
	for _, s := range sources {
		out = append(out, s.join, s.named(s.sql), s.tail)
	}
	return strings.Join(slices.DeleteFunc(out, func(s string) bool { return s == "" }), " ")
}

// item reads a table, a query or a bracket; or it gives an array to unnest. A
// query knows the aliases around the clause, and none of its other items.
func (w *writer) item(s *source, i int, before []*source, outer map[string]bool) (array span, next int) {
	head := w.at(i)
	switch {
	case head.is("UNNEST") && w.at(i+1).is("("):
		return span{i + 2, w.at(i + 1).close}, w.next(i + 1)
	case head.is("(") && w.query(i):
		inner := w.aliases
		w.aliases = outer
		s.sql = "(" + w.write(i+1, head.close) + ")"
		w.aliases = inner
		return span{}, w.next(i)
	case head.is("("):
		s.sql = "(" + w.from(i+1, head.close) + ")"
		return span{}, w.next(i)
	case !head.name():
		w.refuse("Syntax error: Unexpected %q in FROM clause", head.text)
		return span{}, i
	}
	parts, next := w.path(i)
	at, defined := w.defined[strings.ToLower(parts[0])]
	switch {
	case w.at(next).is("("):
		w.refuse("Table-valued function not found: %s", strings.Join(parts, "."))
	case len(parts) > 1 && (owner(before, parts[0]) != nil || w.aliases[strings.ToLower(parts[0])]):
		return span{i, next}, next
	case len(parts) == 1 && defined && i > at:
		s.sql, s.alias = Quote(parts[0]), parts[0]
	default:
		r := w.relation(parts)
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

// owner finds the source that a path's first name belongs to.
func owner(before []*source, name string) *source {
	for _, s := range before {
		if slices.Contains(s.names, strings.ToLower(name)) {
			return s
		}
	}
	return nil
}

// unnest reads what may stand behind an array: [AS] alias [WITH OFFSET [AS name]].
// It puts the array into the table before it that the array belongs to, or makes
// a source of it.
func (w *writer) unnest(s *source, array span, i int, before []*source) (next int) {
	expr := w.write(array.from, array.to)
	s.alias, i = w.sourceAlias(i, "")
	elements, added := "unnest("+expr+") AS "+Quote(s.alias), []string{s.alias}
	if s.alias == "" { // the fields of the elements are the columns
		elements, added = "unnest("+expr+", max_depth := 2)", nil
	}
	if w.skip(&i, "WITH", "OFFSET") {
		var offset string
		offset, i = w.sourceAlias(i, "offset")
		elements, added = elements+", unnest(range(len("+expr+"))) AS "+Quote(offset), append(added, offset)
	}
	host := w.host(array, s.join, added, before)
	if host == nil {
		s.sql, s.names = "(SELECT "+elements+")", []string{strings.ToLower(s.alias)}
		if strings.HasSuffix(s.join, "JOIN") && s.join != "CROSS JOIN" {
			s.tail = "ON TRUE"
		}
		return i
	}
	host.sql = "(SELECT *, " + elements + " FROM " + host.named(host.sql) + ")"
	key := strings.ToLower(host.alias)
	for _, name := range added {
		host.names = append(host.names, strings.ToLower(name))
		w.aliases[strings.ToLower(name)] = true
		w.hidden[key] = append(w.hidden[key], Quote(name))
	}
	return i
}

// host is the table into whose rows an array, a path, can go: the one to which it
// belongs. An outer join may give rows in which the table is absent, and
// unnesting inside it would keep those; and no column may have an added name.
func (w *writer) host(array span, join string, added []string, before []*source) *source {
	parts, next := w.path(array.from)
	if next != array.to || len(parts) == 0 || join != "," && join != "CROSS JOIN" {
		return nil
	}
	host := owner(before, parts[0])
	if host == nil && len(parts) == 1 && len(before) == 1 {
		host = before[0]
	}
	for _, s := range before {
		if s == host && strings.HasPrefix(s.join, "LEFT") || strings.HasPrefix(s.join, "RIGHT") || strings.HasPrefix(s.join, "FULL") {
			return nil
		}
	}
	taken := func(column string) bool {
		return slices.ContainsFunc(added, func(name string) bool { return strings.EqualFold(name, column) })
	}
	if host != nil && slices.ContainsFunc(host.columns, taken) {
		return nil
	}
	return host
}
