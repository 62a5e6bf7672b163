package googlesql

import (
	"slices"
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
	changed Relation            // the table that UPDATE or MERGE changes, by its alias if it has one
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

// kind reads what CREATE makes, or DROP removes.
func (w *writer) kind(verb string, i *int) Kind {
	for _, what := range []string{"SCHEMA", "TABLE", "VIEW"} {
		if w.skip(i, what) {
			return Kind(verb + "_" + what)
		}
	}
	w.refuse("Statement not supported: %s %s", verb, w.describe(*i))
	return ""
}

// target reads the path of what a statement makes, changes or removes.
func (w *writer) target(i int) (path []string, next int) {
	path, next = w.path(i)
	if len(path) == 0 {
		w.refuse("Syntax error: Expected a name, got %s", w.describe(i))
	}
	return path, next
}

// name reads what must be one name.
func (w *writer) name(s span) string {
	if s.to != s.from+1 || !w.at(s.from).name() {
		return w.refuse("Syntax error: Expected one name at %s", w.describe(s.from))
	}
	return w.at(s.from).text
}

// create reads [OR REPLACE] SCHEMA|TABLE|VIEW [IF NOT EXISTS] path, and then the
// clauses that describe the new one.
func (w *writer) create(i, last int) Statement {
	s := Statement{OrReplace: w.skip(&i, "OR", "REPLACE"), Resource: map[string]any{}}
	s.Kind = w.kind("CREATE", &i)
	s.IfExists = w.skip(&i, "IF", "NOT", "EXISTS")
	s.Target, i = w.target(i)
	schema, table := s.Kind == CreateSchema, s.Kind == CreateEmpty
	for i < last {
		end := w.find(w.next(i), last, "PARTITION", "CLUSTER", "OPTIONS", "AS")
		switch {
		case table && w.skip(&i, "("):
			s.SQL, s.Required = w.columns(i, end-1)
		case table && w.skip(&i, "PARTITION", "BY"):
			s.Resource["timePartitioning"] = map[string]any{"type": "DAY", "field": w.partition(span{i, end})}
		case table && w.skip(&i, "CLUSTER", "BY"):
			var columns []string
			for _, column := range w.split(i, end) {
				columns = append(columns, w.name(column))
			}
			s.Resource["clustering"] = map[string]any{"fields": columns}
		case w.skip(&i, "OPTIONS", "("):
			for _, option := range w.split(i, end-1) {
				name, value := w.at(option.from).text, w.at(option.from+2)
				known := w.phrase(option.from, "description", "=") || schema && w.phrase(option.from, "location", "=")
				if !known || value.kind != text || option.to != option.from+3 {
					w.refuse("Option not supported: %s", name)
				}
				s.Resource[strings.ToLower(name)] = value.text
			}
		case !schema && s.SQL == "" && w.skip(&i, "AS") && w.query(i):
			s.SQL, end = w.write(i, last), last
			if table {
				s.Kind = CreateTable
			} else {
				s.Resource["view"] = map[string]any{"query": w.source[w.at(i).start:w.at(last-1).end]}
			}
		default:
			w.refuse("Not supported in %s: %s", s.Kind, w.describe(i))
		}
		i = end
	}
	if schema && s.OrReplace || !schema && s.SQL == "" {
		w.refuse("CREATE is supported only for a SCHEMA, a TABLE with (column type, ...) or AS query, and a VIEW AS query")
	}
	return s
}

// columns writes the columns of a table as a query without rows, and names
// those that must not be NULL.
func (w *writer) columns(from, to int) (query string, required []string) {
	var columns []string
	for _, column := range w.split(from, to) {
		name := w.name(span{column.from, column.from + 1})
		if w.phrase(column.to-2, "NOT", "NULL") {
			required = append(required, name)
		}
		columns = append(columns, w.typedNull(name, column.from+1, column.to))
	}
	return "SELECT " + strings.Join(columns, ", ") + " WHERE FALSE", required
}

// typedNull writes a NULL of the type that these tokens are, as a column.
func (w *writer) typedNull(name string, from, to int) string {
	return "CAST(NULL AS " + w.typeOf(from, to) + ") AS " + Quote(name)
}

// partition reads the column whose days make partitions: bare, or as DATE(column).
func (w *writer) partition(s span) string {
	if w.phrase(s.from, "DATE", "(") && w.next(s.from+1) == s.to {
		s = span{s.from + 2, s.to - 1}
	}
	return w.name(s)
}

// drop reads SCHEMA|TABLE|VIEW [IF EXISTS] path, and CASCADE of a schema.
func (w *writer) drop(i, last int) Statement {
	s := Statement{Kind: w.kind("DROP", &i)}
	s.IfExists = w.skip(&i, "IF", "EXISTS")
	s.Target, i = w.target(i)
	if s.Kind == DropSchema && !w.skip(&i, "RESTRICT") {
		s.Cascade = w.skip(&i, "CASCADE")
	}
	if i != last {
		w.refuse("Syntax error: Unexpected %s", w.describe(i))
	}
	return s
}

// alter reads [IF EXISTS] path, and the changes of its columns: ADD COLUMN
// [IF NOT EXISTS] name type, DROP COLUMN [IF EXISTS] name, and ALTER COLUMN name
// SET DATA TYPE type.
func (w *writer) alter(i, last int) Statement {
	s := Statement{Kind: AlterTable, IfExists: w.skip(&i, "IF", "EXISTS")}
	s.Target, i = w.target(i)
	for _, part := range w.split(i, last) {
		var c Change
		i := part.from
		switch {
		case w.skip(&i, "ADD", "COLUMN"):
			c.Add, c.IfExists = true, w.skip(&i, "IF", "NOT", "EXISTS")
			if c.SQL, s.Required = w.columns(i, part.to); s.Required != nil {
				w.refuse("Cannot add required columns to an existing schema")
			}
		case w.skip(&i, "DROP", "COLUMN"):
			c.IfExists = w.skip(&i, "IF", "EXISTS")
			w.name(span{i, part.to})
		case w.skip(&i, "ALTER", "COLUMN") && w.phrase(i+1, "SET", "DATA", "TYPE"):
			c.SQL = "SELECT " + w.typedNull(w.at(i).text, i+4, part.to)
		default:
			w.refuse("ALTER TABLE is supported only with ADD COLUMN, DROP COLUMN and ALTER COLUMN name SET DATA TYPE type")
		}
		c.Column = w.at(i).text
		if slices.ContainsFunc(s.Changes, func(other Change) bool { return strings.EqualFold(other.Column, c.Column) }) {
			w.refuse("ALTER TABLE is supported only with one change of a column: %s", c.Column)
		}
		s.Changes = append(s.Changes, c)
	}
	if len(s.Changes) == 0 {
		w.refuse("Syntax error: Unexpected end of statement")
	}
	return s
}

// fillers are the words that may stand between a change and its table.
var fillers = map[Kind]string{Insert: "INTO", Update: "", Delete: "FROM", Merge: "INTO", Truncate: "TABLE"}

// change writes a statement that changes a table's rows.
func (w *writer) change(kind Kind, head string, i, last int) Statement {
	s := Statement{Kind: kind}
	w.changes, w.inserts = true, last
	s.Target, i = w.target(i)
	table := w.relation(s.Target)
	into := table.SQL
	if w.err != nil {
		return s
	}
	if (kind == Update || kind == Delete) && w.find(i, last, "WHERE") == last {
		w.refuse("%s must have a WHERE clause", kind)
	}
	if kind == Merge || kind == Update {
		w.changed = table
		w.changed.Name, _ = w.sourceAlias(i, table.Name)
	}
	if kind == Merge {
		return w.merge(s, into, i, last)
	}
	set := w.find(i, last, "SET")
	if from := w.clause(set, last); kind == Update && w.at(from).is("FROM") && from < last {
		where := w.clause(from+1, last)
		s.Twice = w.twice(into+" "+w.write(i, set)+", "+w.from(from+1, where)+" "+w.write(where, last), "*")
	}
	s.SQL = head + " " + into + " " + w.write(i, last)
	return s
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
		if len(path) > 1 && strings.EqualFold(path[0], w.changed.Name) && !contains(w.changed.Columns, path[0]) {
			path = path[1:]
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
	var r Relation
	if w.err != nil {
		return r
	}
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
