package googlesql

import (
	"maps"
	"strings"
)

// clauses are the words that end a select list or a FROM clause.
var clauses = strings.Fields("FROM WHERE GROUP HAVING QUALIFY WINDOW ORDER LIMIT UNION INTERSECT EXCEPT")

// clause finds the end of the clause at token i.
func (w *writer) clause(i, to int) int {
	for i = w.find(i, to, clauses...); i < to; i = w.find(i+1, to, clauses...) {
		ofStar := w.at(i).is("EXCEPT") && w.at(i+1).is("(")    // SELECT * EXCEPT (a)
		ofIs := w.at(i).is("FROM") && w.at(i-1).is("DISTINCT") // a IS DISTINCT FROM b
		if !ofStar && !ofIs {
			break
		}
	}
	return i
}

// with notes the names that WITH defines: each stands for its query behind it,
// or at once where it may recur.
func (w *writer) with(i int) {
	w.defined = maps.Clone(w.defined)
	i++
	recursive := w.skip(&i, "RECURSIVE")
	for w.at(i).name() && w.phrase(i+1, "AS (") {
		behind := w.at(i + 2).close
		if recursive {
			behind = i
		}
		w.defined[strings.ToLower(w.at(i).text)] = behind
		i = w.next(i + 2)
		w.skip(&i, ",")
	}
}

// selection writes SELECT with its list and its FROM clause. FROM comes first,
// since what an UNNEST adds to a table must stay out of the list's stars.
func (w *writer) selection(i, to int) (string, int) {
	outer := w.hidden
	w.hidden = map[string][]string{}
	defer func() { w.hidden = outer }()
	head, tail := "SELECT ", ""
	if i++; w.skip(&i, "DISTINCT") {
		head += "DISTINCT "
	}
	last := w.clause(i, to)
	next := last
	if w.at(last).is("FROM") && last < to {
		next = w.clause(last+1, to)
		tail = " FROM " + w.from(last+1, next)
	}
	if w.skip(&i, "AS STRUCT") {
		return head + w.record(w.split(i, last)) + tail, next
	}
	write := w.write
	if to == w.inserts {
		write = w.stored
	}
	var items []string
	for _, item := range w.split(i, last) {
		value, name := w.alias(item)
		sql := write(value.from, value.to)
		if name != "" && sql != name && sql != Quote(name) { // which would name itself
			sql += " AS " + Quote(name)
		}
		items = append(items, sql)
	}
	return head + strings.Join(items, ", ") + tail, next
}

// alias separates "expression [AS] name". A path without a name has its last.
func (w *writer) alias(item span) (value span, name string) {
	n := item.to
	last := w.at(n - 1)
	unit := last.any(parts...) && w.find(item.from, n, "INTERVAL") < n // as of INTERVAL 1 DAY
	switch {
	case n-item.from > 2 && w.at(n-2).is("AS") && last.name():
		return span{item.from, n - 2}, last.text
	case !last.free() || unit:
		return item, ""
	case n-item.from > 1 && w.operand(n-2):
		return span{item.from, n - 1}, last.text
	}
	for i := w.next(item.from); i < n; i = w.next(i) {
		if !w.continues(i) {
			return item, ""
		}
	}
	return item, last.text
}

// star writes a *. That of a table is without what UNNEST has added to the
// table's columns; and what EXCEPT takes away, EXCLUDE does.
func (w *writer) star(i int) (string, int) {
	var exclude []string
	if w.at(i - 1).is(".") {
		exclude = w.hidden[strings.ToLower(w.at(i-2).text)]
	}
	next := i + 1
	if w.phrase(next, "EXCEPT (") {
		exclude = append([]string{w.write(i+3, w.at(i+2).close)}, exclude...)
		next = w.next(i + 2)
	}
	if len(exclude) == 0 {
		return "*", next
	}
	return "* EXCLUDE (" + strings.Join(exclude, ", ") + ")", next
}
