package googlesql

import "fmt"

// twice writes the query for rows that a statement would change more than once,
// by several rows of its source: DuckDB lets one of them win, where GoogleSQL has
// the statement fail.
func (w *writer) twice(joined, having string) string {
	return fmt.Sprintf("SELECT count(*) FROM %s GROUP BY %s.rowid HAVING count(%s) > 1 LIMIT 1",
		joined, Quote(w.changed.Name), having)
}

// merge writes what stands behind a MERGE's target: [[AS] alias] USING source ON
// condition WHEN ...
func (w *writer) merge(s Statement, into string, i, last int) Statement {
	using := w.find(i, last, "USING")
	on := w.find(using, last, "ON")
	when := w.find(on, last, "WHEN")
	if when == last {
		w.refuse("Syntax error: Expected MERGE target USING source ON condition WHEN")
		return s
	}
	into += " " + w.write(i, using)
	source := w.from(using+1, on)
	s.Twice = w.twice(into+" JOIN "+source+" "+w.write(on, when), "CASE "+w.matches(when, last)+" END")
	s.SQL = "MERGE INTO " + into + " USING " + source + " " + w.write(on, last)
	return s
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
