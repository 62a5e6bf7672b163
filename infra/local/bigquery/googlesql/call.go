package googlesql

import (
	"cmp"
	"strconv"
	"strings"
)

// renamed are functions that DuckDB has under another name, and that no macro can
// name: aggregates, and one of any number of arguments. Of FORMAT's verbs DuckDB
// refuses %t and %T.
var renamed = map[string]string{
	"LOGICAL_AND": "bool_and", "LOGICAL_OR": "bool_or",
	"PERCENTILE_CONT": "quantile_cont", "PERCENTILE_DISC": "quantile_disc",
	"FORMAT": "printf",
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
	at, dated := dateParts[name]
	switch {
	case name == "CAST" || name == "SAFE_CAST":
		as := w.find(from, to, "AS")
		if as == to {
			w.refuse("Syntax error: Expected keyword AS in CAST")
		}
		value, kind := w.write(from, as), w.wholeType(as+1, to)
		if function := conversions[kind]; function != "" {
			return map[string]string{"CAST": "as_", "SAFE_CAST": "try_"}[name] + function + "(" + value + ")", next
		}
		return strings.Replace(name, "SAFE_", "TRY_", 1) + "(" + value + " AS " + kind + ")", next
	case name == "EXTRACT" && w.at(from+1).is("FROM"):
		return "extract_" + w.part(span{from, from + 1}) + "(" + w.write(from+2, to) + ")", next
	case name == "STRUCT":
		return w.record(w.split(from, to), nil), next
	case name == "ARRAY_AGG":
		return w.aggregate(from, to), next
	case name == "ANY_VALUE" && w.find(from, to, "HAVING") < to:
		having := w.find(from, to, "HAVING")
		by := strings.ToLower("arg_" + w.at(having+1).text)
		return by + "(" + w.write(from, having) + ", " + w.write(having+2, to) + ")", next
	case name == "COUNTIF": // DuckDB's is NULL where there is no row
		return "count(CASE WHEN " + w.write(from, to) + " THEN 1 END)", next
	case strings.HasPrefix(name, "PARSE_") && name != "PARSE_JSON":
		args := w.each(w.split(from, to))
		if len(args) < 2 {
			return w.refuse("No matching signature for function %s with %d arguments", name, len(args)), next
		}
		args[1] = "strptime(" + args[1] + ", verbs(" + args[0] + "))"
		return name + "(" + strings.Join(args[1:], ", ") + ")", next
	case name == "CONCAT":
		return "((" + strings.Join(w.each(w.split(from, to)), ") || (") + "))", next
	case name == "GREATEST" || name == "LEAST" || name == "ARRAY_CONCAT":
		return name + "([" + w.write(from, to) + "])", next
	case dated:
		items := w.split(from, to)
		args := w.each(items)
		if at < len(args) {
			args[at] = Literal(w.part(items[at]))
		}
		return name + "(" + strings.Join(args, ", ") + ")", next
	}
	function := w.at(i).text
	if renamed[name] != "" {
		function = renamed[name]
	} else if duckTypes[name] != "" {
		function = "as_" + name
	}
	return function, i + 1
}

// each writes the parts of a list.
func (w *writer) each(items []span) []string {
	var out []string
	for _, item := range items {
		out = append(out, w.write(item.from, item.to))
	}
	return out
}

// record writes a struct of these fields, each with its name, or with the one
// that is given for its place.
func (w *writer) record(items []span, names []string) string {
	if names == nil {
		names = w.fieldNames(items)
	}
	if len(items) != len(names) {
		return w.refuse("Array elements of types that have no common supertype: structs of %d and %d fields", len(names), len(items))
	}
	if w.changes && len(names) > 0 && names[0] == "_field_1" { // its column names the fields
		return "row(" + w.row(items) + ")"
	}
	var fields []string
	for i, item := range items {
		value, _ := w.alias(item)
		fields = append(fields, Quote(names[i])+" := "+w.write(value.from, value.to))
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
	case w.phrase(from, "STRUCT", "(") && w.next(from+1) == to:
		return "row(" + w.row(w.split(from+2, to-1)) + ")"
	case w.at(from).any("(", "[") && w.next(from) == to && !w.query(from):
		return w.at(from).text + w.row(w.split(from+1, to-1)) + w.at(to-1).text
	}
	return w.write(from, to)
}

// fieldNames are the names of a struct's fields: given, taken from a column, or
// made up.
func (w *writer) fieldNames(items []span) []string {
	names := []string{}
	for i, item := range items {
		value, name := w.alias(item)
		names = append(names, cmp.Or(name, w.implied(value), "_field_"+strconv.Itoa(i+1)))
	}
	return names
}

// aggregate writes ARRAY_AGG, with IGNORE NULLS, ORDER BY and LIMIT inside.
func (w *writer) aggregate(from, to int) string {
	limit := w.find(from, to, "LIMIT")
	nulls := w.find(from, limit, "IGNORE", "RESPECT")
	order := min(nulls+2, limit) // behind IGNORE NULLS
	value := w.write(from, nulls)
	sql := "array_agg(" + value + " " + w.write(order, limit) + ")"
	if w.at(nulls).is("IGNORE") && nulls < limit {
		w.skip(&from, "DISTINCT")
		sql += " FILTER (WHERE (" + w.write(from, nulls) + ") IS NOT NULL)"
	}
	if limit < to {
		sql = "list_slice(" + sql + ", 1, " + w.write(limit+1, to) + ")"
	}
	return sql
}
