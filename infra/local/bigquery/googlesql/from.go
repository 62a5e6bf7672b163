package googlesql

import "strings"

// source is one item of a FROM clause.
type source struct {
	join    string // what stands before it: "", ",", "LEFT JOIN"...
	sql     string // without the alias
	alias   string
	names   map[string]bool // the alias and those of arrays unnested into it, lower case
	columns []string
	tail    string // ON or USING
}

func (s *source) write() string {
	out := s.sql
	if s.alias != "" {
		out += " AS " + Quote(s.alias)
	}
	if s.join == "," {
		return strings.TrimSpace(", " + out + " " + s.tail)
	}
	return strings.TrimSpace(s.join + " " + out + " " + s.tail)
}

// from writes a FROM clause. An UNNEST of an array that belongs to a table
// before it becomes part of that table's select list, which DuckDB runs many
// times faster than the join that the text asks for.
func (w *writer) from(nodes []node, b *block) (string, error) {
	var sources []*source
	for len(nodes) > 0 {
		join, rest := joinWords(nodes)
		s, rest, err := w.item(join, rest, sources, b)
		if err != nil {
			return "", err
		}
		if s != nil {
			sources = append(sources, s)
		}
		nodes = rest
	}
	var out []string
	for _, s := range sources {
		out = append(out, s.write())
	}
	return strings.Join(out, " "), nil
}

func joinWords(nodes []node) (string, []node) {
	if nodes[0].is(",") {
		return ",", nodes[1:]
	}
	var words []string
	for len(nodes) > 0 && nodes[0].any("CROSS", "INNER", "LEFT", "RIGHT", "FULL", "OUTER", "JOIN") {
		words = append(words, strings.ToUpper(nodes[0].text))
		nodes = nodes[1:]
	}
	return strings.Join(words, " "), nodes
}

// item reads one item; it gives none where the item went into an earlier one.
func (w *writer) item(join string, nodes []node, before []*source, b *block) (*source, []node, error) {
	if len(nodes) == 0 {
		return nil, nil, refuse("Syntax error: Unexpected end of FROM clause")
	}
	head := nodes[0]
	if head.is("UNNEST") && len(nodes) > 1 && nodes[1].brackets("(") {
		return w.unnest(join, nodes[1].kids, nodes[2:], before, b)
	}
	s := &source{join: join}
	switch {
	case head.query():
		sql, err := w.query(head.kids)
		if err != nil {
			return nil, nil, err
		}
		s.sql, nodes = "("+sql+")", nodes[1:]
	case head.brackets("("):
		sql, err := w.from(head.kids, b)
		if err != nil {
			return nil, nil, err
		}
		s.sql, nodes = "("+sql+")", nodes[1:]
	case head.name():
		parts, n := path(nodes)
		if owner(before, parts) != nil && len(parts) > 1 {
			return w.unnest(join, nodes[:n], nodes[n:], before, b)
		}
		if n < len(nodes) && nodes[n].brackets("(") {
			return nil, nil, refuse("Table-valued function not found: %s", strings.Join(parts, "."))
		}
		if err := w.table(s, parts); err != nil {
			return nil, nil, err
		}
		nodes = nodes[n:]
	default:
		return nil, nil, refuse("Syntax error: Unexpected %q in FROM clause", head.text)
	}
	if alias, rest := fromAlias(nodes); alias != "" {
		s.alias, nodes = alias, rest
	}
	s.names = map[string]bool{strings.ToLower(s.alias): true}
	var err error
	s.tail, nodes, err = w.joinTail(nodes)
	return s, nodes, err
}

// table resolves a path to a table, a view or a WITH name.
func (w *writer) table(s *source, parts []string) error {
	if len(parts) == 1 && w.ctes[strings.ToLower(parts[0])] {
		s.sql, s.alias = Quote(parts[0]), parts[0]
		return nil
	}
	relation, err := w.scope.Relation(parts)
	if err != nil {
		return err
	}
	s.sql, s.alias, s.columns = relation.SQL, relation.Name, relation.Columns
	return nil
}

func (w *writer) joinTail(nodes []node) (string, []node, error) {
	end := find(nodes, ",", "CROSS", "INNER", "LEFT", "RIGHT", "FULL", "JOIN")
	tail := nodes[:end]
	if len(tail) > 0 && !tail[0].any("ON", "USING", "TABLESAMPLE") {
		return "", nil, refuse("Not supported in FROM clause: %s", describe(tail))
	}
	sql, err := w.expression(tail)
	return sql, nodes[end:], err
}

// fromAlias reads [AS] name.
func fromAlias(nodes []node) (string, []node) {
	if len(nodes) > 1 && nodes[0].is("AS") && nodes[1].name() {
		return nodes[1].text, nodes[2:]
	}
	if len(nodes) > 0 && nodes[0].name() && (nodes[0].kind == quoted || !reserved[strings.ToUpper(nodes[0].text)]) &&
		!nodes[0].any("TABLESAMPLE", "PIVOT", "UNPIVOT") {
		return nodes[0].text, nodes[1:]
	}
	return "", nodes
}

// owner finds the source that a path's first name belongs to.
func owner(before []*source, parts []string) *source {
	if len(parts) == 0 {
		return nil
	}
	for _, s := range before {
		if s.names[strings.ToLower(parts[0])] {
			return s
		}
	}
	return nil
}

// unnest reads UNNEST(array) [AS alias] [WITH OFFSET [AS name]] [ON TRUE].
func (w *writer) unnest(join string, array, nodes []node, before []*source, b *block) (*source, []node, error) {
	expr, err := w.expression(array)
	if err != nil {
		return nil, nil, err
	}
	alias, nodes := fromAlias(nodes)
	var offset string
	if rest, ok := skip(nodes, "WITH", "OFFSET"); ok {
		offset, nodes = fromAlias(rest)
		if offset == "" {
			offset = "offset"
		}
	}
	parts, n := path(array)
	host := owner(before, parts)
	if host == nil && len(parts) == 1 && len(before) == 1 {
		host = before[0]
	}
	left := strings.HasPrefix(join, "LEFT")
	if host == nil || n != len(array) || outer(host, before) {
		s := &source{join: join, alias: alias, names: map[string]bool{strings.ToLower(alias): true}}
		s.sql = "(SELECT " + elements(expr, alias, offset, false) + ")"
		s.tail, nodes, err = w.joinTail(nodes)
		if left && s.tail == "" {
			s.tail = "ON TRUE"
		}
		return s, nodes, err
	}
	if join != "," && join != "CROSS JOIN" && join != "INNER JOIN" && join != "JOIN" && !left {
		return nil, nil, refuse("Not supported: %s with UNNEST of an array of a table before it", join)
	}
	nodes, err = onTrue(nodes)
	if err != nil {
		return nil, nil, err
	}
	return nil, nodes, host.add(expr, alias, offset, left, b)
}

// outer says that an outer join may give rows in which the host is absent:
// unnesting inside the host would keep those rows.
func outer(host *source, sources []*source) bool {
	if strings.HasPrefix(host.join, "LEFT") {
		return true
	}
	for _, s := range sources {
		if strings.HasPrefix(s.join, "RIGHT") || strings.HasPrefix(s.join, "FULL") {
			return true
		}
	}
	return false
}

// add unnests an array into the source's own rows.
func (s *source) add(expr, alias, offset string, left bool, b *block) error {
	for _, name := range []string{alias, offset} {
		for _, column := range s.columns {
			if name != "" && strings.EqualFold(name, column) {
				return refuse("Alias %s of UNNEST is also a column of %s: choose another alias", name, s.alias)
			}
		}
		if name != "" {
			s.names[strings.ToLower(name)] = true
			key := strings.ToLower(s.alias)
			b.hidden[key] = append(b.hidden[key], Quote(name))
		}
	}
	inner := s.sql
	if s.alias != "" {
		inner += " AS " + Quote(s.alias)
	}
	s.sql = "(SELECT *, " + elements(expr, alias, offset, left) + " FROM " + inner + ")"
	return nil
}

// elements is the select list that gives an array's elements, one a row. With
// no alias the fields of the elements become columns. A left join keeps the
// row of an empty array.
func elements(expr, alias, offset string, left bool) string {
	indices := "range(len(" + expr + "))"
	if left {
		indices = "CASE WHEN len(" + expr + ") > 0 THEN " + indices + " ELSE [NULL] END"
		expr = "CASE WHEN len(" + expr + ") > 0 THEN " + expr + " ELSE [NULL] END"
	}
	out := "unnest(" + expr + ") AS " + Quote(alias)
	if alias == "" {
		out = "unnest(" + expr + ", max_depth := 2)"
	}
	if offset != "" {
		out += ", unnest(" + indices + ") AS " + Quote(offset)
	}
	return out
}

// onTrue drops the ON TRUE that LEFT JOIN UNNEST may carry.
func onTrue(nodes []node) ([]node, error) {
	if len(nodes) == 0 || !nodes[0].is("ON") {
		return nodes, nil
	}
	rest, ok := skip(nodes, "ON", "TRUE")
	if !ok {
		return nil, refuse("Not supported: JOIN UNNEST with a condition other than ON TRUE; filter in WHERE")
	}
	return rest, nil
}
