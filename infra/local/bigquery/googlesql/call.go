package googlesql

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// templates are calls that DuckDB writes otherwise, and that no macro can: those of
// aggregates, and of any number of arguments. Its own countif is NULL where there
// is no row; of FORMAT's verbs it refuses %t and %T.
var templates = map[string]string{
	"COUNTIF":     "count(CASE WHEN %s THEN 1 END)",
	"LOGICAL_AND": "bool_and(%s)", "LOGICAL_OR": "bool_or(%s)",
	"PERCENTILE_CONT": "quantile_cont(%s)", "PERCENTILE_DISC": "quantile_disc(%s)",
	"GREATEST": "greatest([%s])", "LEAST": "least([%s])",
	"ARRAY_CONCAT": "array_concat([%s])", "FORMAT": "printf(%s)",
}

// conversions are the types to which DuckDB would cast otherwise than GoogleSQL,
// each with the macro that does.
var conversions = map[string]string{"BIGINT": "int64", "VARCHAR": "string", "BLOB": "bytes"}

// dateParts are the functions that take a date part, and its place.
var dateParts = map[string]int{
	"DATE_TRUNC": 1, "DATETIME_TRUNC": 1, "TIMESTAMP_TRUNC": 1, "LAST_DAY": 1,
	"DATE_DIFF": 2, "DATETIME_DIFF": 2, "TIMESTAMP_DIFF": 2, "TIME_DIFF": 2,
}

// call writes a function call: token i is the name, the next its bracket. Most
// functions DuckDB knows, by itself or as a macro, and they stay as they are.
func (w *writer) call(name string, i int) (string, int) {
	from, to, next := i+2, w.at(i+1).close, w.next(i+1)
	items := w.split(from, to)
	place, dated := dateParts[name]
	switch {
	case name == "CAST":
		return w.cast(from, to, "CAST", "as_"), next
	case name == "SAFE_CAST":
		return w.cast(from, to, "TRY_CAST", "try_"), next
	case name == "EXTRACT" && w.at(from+1).is("FROM"):
		return "extract_" + w.part(span{from, from + 1}) + "(" + w.write(from+2, to) + ")", next
	case name == "STRUCT":
		return w.record(items), next
	case name == "ARRAY_AGG":
		return w.array(from, w.find(from, to, "IGNORE", "RESPECT", "ORDER", "LIMIT"), to), next
	case name == "STRING_AGG" && w.find(from, to, "LIMIT") < to:
		comma, order := items[0].to, w.find(from, to, "ORDER", "LIMIT")
		return "array_to_string(" + w.array(from, comma, to) + ", " + w.write(comma+1, order) + ")", next
	case name == "ANY_VALUE" && w.find(from, to, "HAVING") < to:
		having := w.find(from, to, "HAVING")
		by := strings.ToLower("arg_" + w.at(having+1).text)
		return by + "(" + w.write(from, having) + ", " + w.write(having+2, to) + ")", next
	case templates[name] != "":
		return fmt.Sprintf(templates[name], w.write(from, to)), next
	case name == "CONCAT":
		return "((" + strings.Join(w.each(items), ") || (") + "))", next
	case strings.HasPrefix(name, "PARSE_") && len(items) > 1: // strptime wants its format from no macro
		args := w.each(items)
		args[1] = "strptime(" + args[1] + ", verbs(" + args[0] + "))"
		return name + "(" + strings.Join(args, ", ") + ")", next
	case dated && place < len(items):
		args := w.each(items)
		args[place] = Literal(w.part(items[place]))
		return name + "(" + strings.Join(args, ", ") + ")", next
	case duckTypes[name] != "":
		return "as_" + name, i + 1
	}
	return w.at(i).text, i + 1
}

// cast writes a conversion, by DuckDB's cast or by the macro of a type.
func (w *writer) cast(from, to int, cast, macro string) string {
	as := w.find(from, to, "AS")
	if as == to {
		w.refuse("Syntax error: Expected keyword AS in CAST")
	}
	value, kind := w.write(from, as), w.typeOf(as+1, to)
	if conversions[kind] != "" {
		return macro + conversions[kind] + "(" + value + ")"
	}
	return cast + "(" + value + " AS " + kind + ")"
}

// each writes the parts of a list.
func (w *writer) each(items []span) []string {
	var out []string
	for _, item := range items {
		out = append(out, w.write(item.from, item.to))
	}
	return out
}

// record writes a struct of these fields. Their names are given, taken from a
// path, or made up.
func (w *writer) record(items []span) string {
	var fields []string
	for i, item := range items {
		value, name := w.alias(item)
		name = cmp.Or(name, "_field_"+strconv.Itoa(i+1))
		fields = append(fields, Quote(name)+" := "+w.write(value.from, value.to))
	}
	return "struct_pack(" + strings.Join(fields, ", ") + ")"
}

// row writes values for columns or fields.
func (w *writer) row(items []span) string {
	var values []string
	for _, item := range items {
		value, _ := w.alias(item)
		values = append(values, w.stored(value.from, value.to))
	}
	return strings.Join(values, ", ")
}

// stored writes the value that a column takes, or a row of them. A record in it
// is without its names: a column's fields take it by place, and would in DuckDB
// by name.
func (w *writer) stored(from, to int) string {
	switch {
	case w.phrase(from, "STRUCT (") && w.next(from+1) == to:
		return "row(" + w.row(w.split(from+2, to-1)) + ")"
	case w.at(from).any("(", "[") && w.next(from) == to && !w.query(from):
		return w.at(from).text + w.row(w.split(from+1, to-1)) + w.at(to-1).text
	}
	return w.write(from, to)
}

// array writes array_agg of a value that ends at a token: at IGNORE NULLS, ORDER BY
// or LIMIT, or at the comma of STRING_AGG, which passes over NULL, too.
func (w *writer) array(from, last, to int) string {
	limit := w.find(last, to, "LIMIT")
	order := w.find(last, limit, "ORDER")
	sql := "array_agg(" + w.write(from, last) + " " + w.write(order, limit) + ")"
	if w.at(last).any("IGNORE", ",") {
		w.skip(&from, "DISTINCT")
		sql += " FILTER (WHERE (" + w.write(from, last) + ") IS NOT NULL)"
	}
	if limit < to {
		sql = "list_slice(" + sql + ", 1, " + w.write(limit+1, to) + ")"
	}
	return sql
}
