package googlesql

import "strings"

// writer writes the DuckDB text of one statement.
type writer struct {
	source    string
	scope     Scope
	ctes      map[string]bool // names that WITH defines, in lower case
	positions int             // how many ? have been met
}

func (w *writer) statement(nodes []node) (Statement, error) {
	if len(nodes) == 0 {
		return Statement{}, refuse("Syntax error: Unexpected end of statement")
	}
	if isQuery(nodes) {
		sql, err := w.query(nodes)
		return Statement{Kind: Query, SQL: sql}, err
	}
	switch head := nodes[0]; {
	case head.is("CREATE"):
		return w.create(nodes[1:])
	case head.is("DROP"):
		return w.drop(nodes[1:])
	case head.is("ALTER"):
		return alter(nodes[1:])
	case head.is("INSERT"):
		return w.change(Insert, nodes, "INTO", "INSERT INTO")
	case head.is("UPDATE"):
		return w.change(Update, nodes, "", "UPDATE")
	case head.is("DELETE"):
		return w.change(Delete, nodes, "FROM", "DELETE FROM")
	case head.is("MERGE"):
		return w.change(Merge, nodes, "INTO", "MERGE INTO")
	case head.is("TRUNCATE"):
		return w.change(Truncate, nodes, "TABLE", "TRUNCATE TABLE")
	default:
		return Statement{}, refuse("Statement not supported: %s", strings.ToUpper(head.text))
	}
}

// create reads CREATE [OR REPLACE] TABLE|VIEW [IF NOT EXISTS] path AS query.
func (w *writer) create(nodes []node) (Statement, error) {
	var s Statement
	nodes, s.OrReplace = skip(nodes, "OR", "REPLACE")
	var table, view bool
	nodes, table = skip(nodes, "TABLE")
	if !table {
		nodes, view = skip(nodes, "VIEW")
	}
	if !table && !view {
		return s, refuse("Statement not supported: CREATE %s", describe(nodes))
	}
	nodes, s.IfExists = skip(nodes, "IF", "NOT", "EXISTS")
	var n int
	s.Target, n = path(nodes)
	nodes = nodes[n:]
	if len(nodes) < 2 || !nodes[0].is("AS") || !isQuery(nodes[1:]) {
		return s, refuse("CREATE is supported only in the form CREATE TABLE|VIEW name AS query, but got %s", describe(nodes))
	}
	s.Kind = CreateTable
	if view {
		s.Kind = CreateView
	}
	var err error
	s.SQL, err = w.query(nodes[1:])
	s.Source = w.source[nodes[1].start:nodes[len(nodes)-1].end]
	return s, err
}

func (w *writer) drop(nodes []node) (Statement, error) {
	s := Statement{Kind: DropTable}
	rest, table := skip(nodes, "TABLE")
	if !table {
		var view bool
		if rest, view = skip(nodes, "VIEW"); !view {
			return s, refuse("Statement not supported: DROP %s", describe(nodes))
		}
		s.Kind = DropView
	}
	rest, s.IfExists = skip(rest, "IF", "EXISTS")
	target, n := path(rest)
	if n == 0 || n != len(rest) {
		return s, refuse("Syntax error: Expected the name of one table, got %s", describe(rest))
	}
	s.Target = target
	return s, nil
}

// alter reads ALTER TABLE path ALTER COLUMN name SET DATA TYPE
// type. Of NOT NULL within the type nothing is kept: modes stay as they are.
func alter(nodes []node) (Statement, error) {
	s := Statement{Kind: AlterColumn}
	rest, table := skip(nodes, "TABLE")
	target, n := path(rest)
	rest, column := skip(rest[n:], "ALTER", "COLUMN")
	if !table || n == 0 || !column || len(rest) == 0 || !rest[0].name() {
		return s, refuse("ALTER is supported only in the form ALTER TABLE name ALTER COLUMN name SET DATA TYPE type")
	}
	s.Target, s.Column = target, rest[0].text
	rest, typed := skip(rest[1:], "SET", "DATA", "TYPE")
	if !typed {
		return s, refuse("ALTER COLUMN is supported only with SET DATA TYPE, but got %s", describe(rest))
	}
	t, err := wholeType(rest)
	s.SQL = "SELECT CAST(NULL AS " + t + ") AS " + Quote(s.Column)
	return s, err
}

// change writes a statement that changes a table's rows: the table's path
// comes after the keyword and an optional filler word.
func (w *writer) change(kind Kind, nodes []node, filler, sql string) (Statement, error) {
	s := Statement{Kind: kind}
	rest, _ := skip(nodes[1:], filler)
	target, n := path(rest)
	if n == 0 {
		return s, refuse("Syntax error: Expected a table's name after %s", strings.ToUpper(nodes[0].text))
	}
	relation, err := w.scope.Relation(target)
	if err != nil {
		return s, err
	}
	s.Target = target
	out := sql + " " + relation.SQL
	rest = rest[n:]
	if kind == Insert && len(rest) > 0 && rest[0].brackets("(") && !rest[0].query() {
		out += " " + w.columns(rest[0])
		rest = rest[1:]
	}
	body, err := w.changeBody(kind, rest)
	if err != nil {
		return s, err
	}
	s.SQL = strings.TrimSpace(out + " " + body)
	return s, nil
}

func (w *writer) changeBody(kind Kind, rest []node) (string, error) {
	if isQuery(rest) {
		return w.query(rest)
	}
	from := find(rest, "FROM")
	if kind == Merge {
		from = find(rest, "USING")
	}
	if from == len(rest) || kind == Insert || kind == Delete {
		return w.expression(rest)
	}
	before, err := w.expression(rest[:from])
	if err != nil {
		return "", err
	}
	end := from + 1 + find(rest[from+1:], "WHERE", "ON")
	source, err := w.from(rest[from+1:end], newBlock())
	if err != nil {
		return "", err
	}
	after, err := w.expression(rest[end:])
	return before + " " + strings.ToUpper(rest[from].text) + " " + source + " " + after, err
}

func (w *writer) columns(list node) string {
	var names []string
	for _, column := range split(list.kids) {
		for _, n := range column {
			names = append(names, Quote(n.text))
		}
	}
	return "(" + strings.Join(names, ", ") + ")"
}

// skip drops the given words from the front, if they are all there.
func skip(nodes []node, words ...string) ([]node, bool) {
	if len(nodes) < len(words) {
		return nodes, false
	}
	for i, w := range words {
		if !nodes[i].is(w) {
			return nodes, false
		}
	}
	return nodes[len(words):], true
}

// path reads a table's path and says how many nodes it took. A bare project
// may hold hyphens; a name in backticks may hold the whole path.
func path(nodes []node) (parts []string, n int) {
	for n < len(nodes) && nodes[n].name() {
		parts = append(parts, strings.Split(nodes[n].text, ".")...)
		n++
		for n+1 < len(nodes) && nodes[n].is("-") && nodes[n].start == nodes[n-1].end && nodes[n+1].start == nodes[n].end {
			parts[len(parts)-1] += "-" + nodes[n+1].text
			n += 2
		}
		if n >= len(nodes) || !nodes[n].is(".") {
			return parts, n
		}
		n++
	}
	return parts, n
}

// describe shows the start of some nodes in a message.
func describe(nodes []node) string {
	if len(nodes) == 0 {
		return "end of statement"
	}
	return strings.ToUpper(nodes[0].text)
}
