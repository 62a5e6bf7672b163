package googlesql

import "fmt"

// merge writes what stands behind a MERGE's target: [[AS] alias] USING source ON
// condition WHEN ... DuckDB lets the last of several matches win, where GoogleSQL
// has the statement fail: Twice asks for such rows.
func (w *writer) merge(s Statement, into string, i, last int) Statement {
	using := w.find(i, last, "USING")
	on := w.find(using, last, "ON")
	when := w.find(on, last, "WHEN")
	if when == last {
		w.refuse("Syntax error: Expected MERGE target USING source ON condition WHEN")
		return s
	}
	target := s.Target[len(s.Target)-1]
	if i < using {
		target = w.at(using - 1).text
	}
	into += " " + w.write(i, using)
	source := w.from(using+1, on)
	s.Twice = fmt.Sprintf("SELECT count(*) FROM %s JOIN %s %s GROUP BY %s.rowid HAVING count(CASE %s END) > 1 LIMIT 1",
		into, source, w.write(on, when), Quote(target), w.matches(when, last))
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
