package googlesql

import "strings"

// block is one SELECT with its FROM, as far as its other clauses depend on it.
type block struct {
	hidden map[string][]string // by table alias: columns that an UNNEST added
}

func newBlock() *block { return &block{hidden: map[string][]string{}} }

// query writes a query: blocks joined by set operators, and what WITH,
// ORDER BY and LIMIT put around them.
func (w *writer) query(nodes []node) (string, error) {
	var out []string
	if len(nodes) > 0 && nodes[0].is("WITH") {
		with, rest, err := w.with(nodes)
		if err != nil {
			return "", err
		}
		out, nodes = append(out, with), rest
	}
	for len(nodes) > 0 {
		end, operator, width := setOperator(nodes)
		sql, err := w.operand(nodes[:end])
		if err != nil {
			return "", err
		}
		out = append(out, sql)
		if operator != "" {
			out = append(out, operator)
		}
		nodes = nodes[end+width:]
	}
	return strings.Join(out, " "), nil
}

// operand writes one side of a set operator.
func (w *writer) operand(nodes []node) (string, error) {
	if len(nodes) == 0 {
		return "", refuse("Syntax error: Expected a query")
	}
	if nodes[0].query() {
		inner, err := w.query(nodes[0].kids)
		if err != nil {
			return "", err
		}
		rest, err := w.expression(nodes[1:])
		return strings.TrimSpace("(" + inner + ") " + rest), err
	}
	return w.selectBlock(nodes)
}

// with writes WITH name AS (query), ... and remembers the names.
func (w *writer) with(nodes []node) (string, []node, error) {
	out := "WITH "
	nodes = nodes[1:]
	if rest, ok := skip(nodes, "RECURSIVE"); ok {
		out, nodes = out+"RECURSIVE ", rest
	}
	for {
		if len(nodes) < 3 || !nodes[0].name() || !nodes[1].is("AS") || !nodes[2].query() {
			return "", nil, refuse("Syntax error: Expected WITH name AS (query), got %s", describe(nodes))
		}
		if strings.HasPrefix(out, "WITH RECURSIVE") {
			w.ctes[strings.ToLower(nodes[0].text)] = true
		}
		inner, err := w.query(nodes[2].kids)
		if err != nil {
			return "", nil, err
		}
		w.ctes[strings.ToLower(nodes[0].text)] = true
		out += Quote(nodes[0].text) + " AS (" + inner + ")"
		nodes = nodes[3:]
		if len(nodes) == 0 || !nodes[0].is(",") {
			return out, nodes, nil
		}
		out, nodes = out+", ", nodes[1:]
	}
}

// setOperator finds the first set operator; * EXCEPT (...) is none.
func setOperator(nodes []node) (at int, sql string, width int) {
	for i, n := range nodes {
		if !n.any("UNION", "INTERSECT", "EXCEPT") || i+1 == len(nodes) {
			continue
		}
		name := strings.ToUpper(n.text)
		switch next := nodes[i+1]; {
		case next.is("ALL"):
			return i, name + " ALL", 2
		case next.is("DISTINCT"):
			return i, name, 2
		}
	}
	return len(nodes), "", 0
}

// clauses are the words that begin a clause of a SELECT, in their order.
var clauses = []string{"SELECT", "FROM", "WHERE", "GROUP", "HAVING", "QUALIFY", "WINDOW", "ORDER", "LIMIT"}

// selectBlock writes one SELECT. FROM comes first, since what an UNNEST adds
// to a table must stay out of the select list's stars.
func (w *writer) selectBlock(nodes []node) (string, error) {
	parts := clauseParts(nodes)
	b := newBlock()
	written := make([]string, len(parts))
	for i, part := range parts {
		if part[0].is("FROM") {
			sql, err := w.from(part[1:], b)
			if err != nil {
				return "", err
			}
			written[i] = "FROM " + sql
		}
	}
	for i, part := range parts {
		var err error
		switch {
		case written[i] != "":
		case part[0].is("SELECT"):
			written[i], err = w.selectList(part[1:], b)
		default:
			written[i], err = w.expression(part)
		}
		if err != nil {
			return "", err
		}
	}
	return strings.Join(written, " "), nil
}

func clauseParts(nodes []node) [][]node {
	var parts [][]node
	from := 0
	for i := 1; i < len(nodes); i++ {
		begins := nodes[i].any(clauses...)
		if nodes[i].is("FROM") && nodes[i-1].is("DISTINCT") && i > 1 && nodes[i-2].any("IS", "NOT") {
			begins = false
		}
		if nodes[i-1].is(".") || nodes[i-1].is("AS") {
			begins = false
		}
		if begins {
			parts = append(parts, nodes[from:i])
			from = i
		}
	}
	return append(parts, nodes[from:])
}

// selectList writes what stands between SELECT and FROM.
func (w *writer) selectList(nodes []node, b *block) (string, error) {
	out := "SELECT "
	if rest, ok := skip(nodes, "DISTINCT"); ok {
		out, nodes = out+"DISTINCT ", rest
	} else if rest, ok := skip(nodes, "ALL"); ok {
		nodes = rest
	}
	if rest, ok := skip(nodes, "AS", "VALUE"); ok {
		nodes = rest
	} else if rest, ok := skip(nodes, "AS", "STRUCT"); ok {
		record, err := w.record(rest)
		return out + record, err
	}
	var items []string
	for _, item := range split(nodes) {
		if len(item) == 0 {
			continue // GoogleSQL allows a comma after the last item
		}
		sql, err := w.selectItem(item, b)
		if err != nil {
			return "", err
		}
		items = append(items, sql)
	}
	return out + strings.Join(items, ", "), nil
}

func (w *writer) selectItem(item []node, b *block) (string, error) {
	star := find(item, "*")
	bare := star == 0 || star == 2 && item[0].name() && item[1].is(".")
	if star == len(item) || !bare {
		return w.aliased(item)
	}
	var prefix string
	var exclude []string
	if star == 2 {
		prefix = Quote(item[0].text) + "."
		exclude = append(exclude, b.hidden[strings.ToLower(item[0].text)]...)
	}
	rest := item[star+1:]
	if len(rest) > 1 && rest[0].is("EXCEPT") && rest[1].brackets("(") {
		names := w.columns(rest[1])
		exclude = append(exclude, names[1:len(names)-1])
		rest = rest[2:]
	}
	tail, err := w.expression(rest)
	if err != nil {
		return "", err
	}
	out := prefix + "*"
	if len(exclude) > 0 {
		out += " EXCLUDE (" + strings.Join(exclude, ", ") + ")"
	}
	return strings.TrimSpace(out + " " + tail), nil
}

// aliased writes an expression and its alias, if it has one.
func (w *writer) aliased(item []node) (string, error) {
	value, alias := cutAlias(item)
	sql, err := w.expression(value)
	if err != nil || alias == "" {
		return sql, err
	}
	return sql + " AS " + Quote(alias), nil
}

// cutAlias separates "expression [AS] name".
func cutAlias(item []node) ([]node, string) {
	n := len(item)
	if n > 2 && item[n-2].is("AS") && item[n-1].name() {
		return item[:n-2], item[n-1].text
	}
	if n > 1 && endsOperand(item[n-2]) && item[n-1].name() && !reserved[strings.ToUpper(item[n-1].text)] {
		return item[:n-1], item[n-1].text
	}
	return item, ""
}

// endsOperand says that an expression may end with the node.
func endsOperand(n node) bool {
	switch {
	case n.group, n.kind == text, n.kind == blob, n.kind == number, n.kind == param, n.kind == quoted:
		return true
	case n.kind == word:
		return !reserved[strings.ToUpper(n.text)] || n.any("END", "NULL", "TRUE", "FALSE")
	default:
		return false
	}
}
