package googlesql

import (
	"fmt"
	"strings"
)

// writer writes the DuckDB text of one statement.
type writer struct {
	source  string
	scope   Scope
	tokens  []token
	defined map[string]int      // names of WITH, in lower case: the token behind which each stands for its query
	hidden  map[string][]string // by alias, in lower case: columns that UNNEST has added to the block's tables
	aliases map[string]bool     // of the FROM clauses in reach, in lower case
	changes bool                // whether the statement changes rows
	inserts int                 // where the query ends whose rows INSERT takes
	err     error               // the first refusal
}

// refuse keeps the first refusal. What is written after it is of no use.
func (w *writer) refuse(format string, args ...any) string {
	if w.err == nil {
		w.err = refuse(format, args...)
	}
	return ""
}

// at is token i, or an empty one where there is none.
func (w *writer) at(i int) token {
	if i >= 0 && i < len(w.tokens) {
		return w.tokens[i]
	}
	return token{}
}

// phrase says that these words stand at token i.
func (w *writer) phrase(i int, words ...string) bool {
	for k, s := range words {
		if !w.at(i + k).is(s) {
			return false
		}
	}
	return true
}

// skip passes over the given words, if they stand at token i.
func (w *writer) skip(i *int, words ...string) bool {
	found := w.phrase(*i, words...)
	if found {
		*i += len(words)
	}
	return found
}

// next is the token behind token i and all that it opens.
func (w *writer) next(i int) int { return max(i, w.at(i).close) + 1 }

// find gives the first of the words that stands in no bracket, or to.
func (w *writer) find(from, to int, words ...string) int {
	for from < to && !w.at(from).any(words...) {
		from = w.next(from)
	}
	return min(from, to)
}

// span is a run of tokens.
type span struct{ from, to int }

// split cuts a run at the commas that stand in no bracket.
func (w *writer) split(from, to int) []span {
	var parts []span
	for from < to {
		comma := w.find(from, to, ",")
		parts = append(parts, span{from, comma})
		from = comma + 1
	}
	return parts
}

// describe shows a token in a message.
func (w *writer) describe(i int) string {
	if w.at(i).kind == none {
		return "end of statement"
	}
	return strings.ToUpper(w.at(i).text)
}

// query says that a query begins at token i, in brackets or not.
func (w *writer) query(i int) bool {
	for w.at(i).is("(") {
		i++
	}
	return w.at(i).any("SELECT", "WITH")
}

func (w *writer) statement() Statement {
	last := len(w.tokens)
	for last > 0 && w.at(last-1).is(";") {
		last--
	}
	if w.find(0, last, ";") < last {
		w.refuse("Scripts of several statements are not supported: send one statement a query")
		return Statement{}
	}
	i := 0
	switch {
	case last == 0:
		w.refuse("Syntax error: Unexpected end of statement")
		return Statement{}
	case w.query(0):
		return Statement{Kind: Query, SQL: w.write(0, last)}
	case w.skip(&i, "CREATE"):
		return w.create(i, last)
	case w.skip(&i, "DROP"):
		return w.drop(i, last)
	case w.skip(&i, "ALTER", "TABLE"):
		return w.alter(i, last)
	}
	for kind, filler := range fillers {
		head := strings.TrimSuffix(string(kind), "_TABLE")
		if w.skip(&i, head) {
			w.skip(&i, filler)
			return w.change(kind, head+" "+filler, i, last)
		}
	}
	w.refuse("Statement not supported: %s", w.describe(0))
	return Statement{}
}

// create reads [OR REPLACE] TABLE|VIEW [IF NOT EXISTS] path AS query, or with
// columns instead of a query.
func (w *writer) create(i, last int) Statement {
	s := Statement{Kind: CreateTable, OrReplace: w.skip(&i, "OR", "REPLACE")}
	if !w.skip(&i, "TABLE") {
		if s.Kind = CreateView; !w.skip(&i, "VIEW") {
			w.refuse("Statement not supported: CREATE %s", w.describe(i))
		}
	}
	s.IfExists = w.skip(&i, "IF", "NOT", "EXISTS")
	s.Target, i = w.path(i)
	if s.Kind == CreateTable && w.at(i).is("(") && w.next(i) == last {
		s.Kind = CreateEmpty
		s.SQL, s.Required = w.columns(i+1, last-1)
		return s
	}
	if !w.skip(&i, "AS") || !w.query(i) {
		w.refuse("CREATE is supported only as CREATE TABLE|VIEW name AS query and CREATE TABLE name (column type [NOT NULL], ...)")
		return s
	}
	s.SQL, s.Source = w.write(i, last), w.source[w.at(i).start:w.at(last-1).end]
	return s
}

// columns writes the columns of a new table as a query without rows, and names
// those that must not be NULL.
func (w *writer) columns(from, to int) (query string, required []string) {
	var columns []string
	for _, column := range w.split(from, to) {
		name := w.at(column.from)
		if !name.name() {
			w.refuse("Syntax error: Expected a column's name, got %s", w.describe(column.from))
		}
		if w.phrase(column.to-2, "NOT", "NULL") {
			required = append(required, name.text)
		}
		columns = append(columns, "CAST(NULL AS "+w.wholeType(column.from+1, column.to)+") AS "+Quote(name.text))
	}
	return "SELECT " + strings.Join(columns, ", ") + " WHERE FALSE", required
}

// drop reads TABLE|VIEW [IF EXISTS] path.
func (w *writer) drop(i, last int) Statement {
	s := Statement{Kind: DropTable}
	if !w.skip(&i, "TABLE") {
		if s.Kind = DropView; !w.skip(&i, "VIEW") {
			w.refuse("Statement not supported: DROP %s", w.describe(i))
		}
	}
	s.IfExists = w.skip(&i, "IF", "EXISTS")
	if s.Target, i = w.path(i); len(s.Target) == 0 || i != last {
		w.refuse("Syntax error: Expected the name of one table, got %s", w.describe(i))
	}
	return s
}

// alter reads path ALTER COLUMN name SET DATA TYPE type.
func (w *writer) alter(i, last int) Statement {
	s := Statement{Kind: AlterColumn}
	s.Target, i = w.path(i)
	if !w.skip(&i, "ALTER", "COLUMN") || !w.at(i).name() || !w.phrase(i+1, "SET", "DATA", "TYPE") {
		w.refuse("ALTER TABLE is supported only with SET DATA TYPE: ALTER TABLE name ALTER COLUMN name SET DATA TYPE type")
		return s
	}
	s.Column = w.at(i).text
	s.SQL = "SELECT CAST(NULL AS " + w.wholeType(i+4, last) + ") AS " + Quote(s.Column)
	return s
}

// fillers are the words that may stand between a change and its table.
var fillers = map[Kind]string{Insert: "INTO", Update: "", Delete: "FROM", Merge: "INTO", Truncate: "TABLE"}

// change writes a statement that changes a table's rows.
func (w *writer) change(kind Kind, head string, i, last int) Statement {
	s := Statement{Kind: kind}
	w.changes, w.inserts = true, last
	s.Target, i = w.path(i)
	into := w.relation(s.Target).SQL
	if (kind == Update || kind == Delete) && w.find(i, last, "WHERE") == last {
		w.refuse("%s must have a WHERE clause", kind)
	}
	if w.err != nil {
		return s
	}
	if kind == Merge && w.err == nil {
		using := w.find(i, last, "USING")
		on := w.find(using, last, "ON")
		when := w.find(on, last, "WHEN")
		into += " " + w.write(i, using)
		source := w.from(using+1, on)
		s.Twice = fmt.Sprintf("SELECT count(*) FROM %s JOIN %s %s GROUP BY %s.rowid HAVING count(CASE %s END) > 1 LIMIT 1",
			into, source, w.write(on, when), w.mergeTarget(s.Target, i, using), w.matches(when, last))
		into, i = into+" USING "+source, on
	}
	s.SQL = head + " " + into + " " + w.write(i, last)
	return s
}

// mergeTarget is the name by which MERGE knows its target.
func (w *writer) mergeTarget(path []string, i, using int) string {
	if i < using {
		return Quote(w.at(using - 1).text)
	}
	return Quote(path[len(path)-1])
}

// matches writes the branches of a CASE that counts the rows of a MERGE that
// would change their target.
func (w *writer) matches(i, last int) string {
	out := "WHEN FALSE THEN 1"
	for ; i < last; i = w.find(i+1, last, "WHEN") {
		then := w.find(i, last, "THEN")
		if w.skip(&i, "WHEN", "MATCHED") {
			out += " WHEN TRUE " + w.write(i, then) + " THEN 1"
		}
	}
	return out
}

// assignments writes what SET sets. A field is set by giving its column a new
// record.
func (w *writer) assignments(from, to int) string {
	var columns []string
	values := map[string]string{}
	for _, item := range w.split(from, to) {
		path, equals := w.path(item.from)
		if len(path) == 0 || !w.at(equals).is("=") {
			return w.refuse("Syntax error: Expected an assignment, got %s", w.describe(item.from))
		}
		column := Quote(path[0])
		if values[column] == "" {
			columns, values[column] = append(columns, column), column
		}
		values[column] = updated(values[column], path[1:], w.stored(equals+1, item.to))
	}
	for i, column := range columns {
		columns[i] = column + " = " + values[column]
	}
	return strings.Join(columns, ", ")
}

// updated writes a record with another value at a path within it.
func updated(record string, path []string, value string) string {
	if len(path) == 0 {
		return value
	}
	field := Quote(path[0])
	return "struct_update(" + record + ", " + field + " := " + updated(record+"."+field, path[1:], value) + ")"
}

// relation finds a table in the scope.
func (w *writer) relation(path []string) Relation {
	if len(path) == 0 {
		w.refuse("Syntax error: Expected a table's name")
	}
	if w.err != nil {
		return Relation{}
	}
	var r Relation
	r, w.err = w.scope.Relation(path)
	return r
}

// path reads a table's path. A bare project may hold hyphens; a name in
// backticks may hold the whole path.
func (w *writer) path(i int) (parts []string, next int) {
	for w.at(i).name() {
		name := w.at(i)
		for w.at(i+1).is("-") && w.at(i+1).start == w.at(i).end && w.at(i+2).start == w.at(i+1).end &&
			w.at(i+2).kind != mark {
			name.text += "-" + w.at(i+2).text
			i += 2
		}
		parts = append(parts, strings.Split(name.text, ".")...)
		i++
		if !w.at(i).is(".") {
			break
		}
		i++
	}
	return parts, i
}
