package googlesql

import (
	"fmt"
	"strings"
)

// verbs are the words with which DuckDB's statements begin that change rows.
var verbs = map[Kind]string{Insert: "INSERT INTO ", Update: "UPDATE ", Delete: "DELETE FROM ", Truncate: "TRUNCATE "}

// change writes a statement that changes a table's rows.
func (w *writer) change(s *Statement, i, last int) {
	into := w.target(s, i, last)
	if (s.Kind == Update || s.Kind == Delete) && w.find(i, last, "WHERE") == last {
		w.refuse("%s must have a WHERE clause", s.Kind)
	}
	set := w.find(i, last, "SET")
	if from := w.clause(set, last); s.Kind == Update && w.at(from).is("FROM") && from < last {
		where := w.clause(from+1, last)
		s.Twice = w.twice(into+" "+w.write(i, set)+", "+w.from(from+1, where)+" "+w.write(where, last), "*")
	}
	s.SQL = verbs[s.Kind] + into + " " + w.write(i, last)
}

// target finds the table that a statement changes.
func (w *writer) target(s *Statement, i, last int) string {
	w.changes, w.inserts = true, last
	w.changed = w.relation(s.Target)
	w.changed.Name, _ = w.sourceAlias(i, w.changed.Name)
	return w.changed.SQL
}

// merge writes what stands behind a MERGE's target: [[AS] alias] USING source ON
// condition WHEN ...
func (w *writer) merge(s *Statement, i, last int) {
	using := w.find(i, last, "USING")
	on := w.find(using, last, "ON")
	when := w.find(on, last, "WHEN")
	if when == last {
		w.refuse("Syntax error: Expected MERGE target USING source ON condition WHEN")
		return
	}
	into := w.target(s, i, last) + " " + w.write(i, using)
	source := w.from(using+1, on)
	s.Twice = w.twice(into+" JOIN "+source+" "+w.write(on, when), "CASE "+w.matches(when, last)+" END")
	s.SQL = "MERGE INTO " + into + " USING " + source + " " + w.write(on, last)
}

// twice writes the query for rows that a statement would change more than once,
// by several rows of its source: DuckDB lets one of them win, where GoogleSQL has
// the statement fail.
func (w *writer) twice(joined, having string) string {
	return fmt.Sprintf("SELECT count(*) FROM %s GROUP BY %s.rowid HAVING count(%s) > 1 LIMIT 1",
		joined, Quote(w.changed.Name), having)
}

// matches writes the branches of a CASE that counts the rows of a MERGE that
// would change their target.
func (w *writer) matches(i, last int) string {
	out := "WHEN FALSE THEN 1"
	for ; i < last; i = w.find(i+1, last, "WHEN") {
		then := w.find(i, last, "THEN")
		if w.skip(&i, "WHEN MATCHED") {
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
