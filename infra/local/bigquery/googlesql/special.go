package googlesql

import (
	"strconv"
	"strings"
)

// special gives the writer of a call whose arguments are more than a list of
// values, or nil.
func (w *writer) special(name string) func([]node) (string, error) {
	switch name {
	case "CAST":
		return func(args []node) (string, error) { return w.cast("CAST", args) }
	case "SAFE_CAST":
		return func(args []node) (string, error) { return w.cast("TRY_CAST", args) }
	case "EXTRACT":
		return w.extract
	case "STRUCT":
		return w.record
	case "ARRAY_AGG", "STRING_AGG":
		return func(args []node) (string, error) { return w.aggregate(strings.ToLower(name), args) }
	case "ANY_VALUE":
		return w.anyValue
	case "APPROX_QUANTILES":
		return w.quantiles
	case "CONCAT":
		return func(args []node) (string, error) { return w.nullable(" || ", "", args) }
	case "GREATEST", "LEAST":
		return func(args []node) (string, error) { return w.nullable(", ", strings.ToLower(name), args) }
	case "REGEXP_EXTRACT", "REGEXP_EXTRACT_ALL":
		return func(args []node) (string, error) { return w.regexpExtract(name, args) }
	case "DATE_DIFF", "DATETIME_DIFF", "DATE_TRUNC", "TIMESTAMP_TRUNC", "DATETIME_TRUNC":
		return func(args []node) (string, error) { return w.weekAware(name, args) }
	case "FORMAT":
		return w.format
	case "FORMAT_TIMESTAMP", "FORMAT_DATE", "FORMAT_DATETIME":
		return func(args []node) (string, error) { return w.formatTime(name, args) }
	case "PARSE_TIMESTAMP", "PARSE_DATE", "PARSE_DATETIME":
		return func(args []node) (string, error) { return w.parseTime(name, args) }
	default:
		return nil
	}
}

// cast writes CAST(value AS type).
func (w *writer) cast(function string, args []node) (string, error) {
	as := find(args, "AS")
	if as == len(args) {
		return "", refuse("Syntax error: Expected keyword AS in CAST")
	}
	value, err := w.expression(args[:as])
	if err != nil {
		return "", err
	}
	t, err := wholeType(args[as+1:])
	if err != nil {
		return "", err
	}
	return function + "(" + value + " AS " + t + ")", nil
}

// extracts are the parts that DuckDB numbers differently.
var extracts = map[string]string{
	"DAYOFWEEK":   "(dayofweek($1) + 1)",
	"MILLISECOND": "(extract(millisecond FROM $1) % 1000)",
	"MICROSECOND": "(extract(microsecond FROM $1) % 1000000)",
	"DATE":        "CAST($1 AS DATE)",
	"TIME":        "CAST($1 AS TIME)",
	"WEEK":        "CAST(strftime($1, '%U') AS BIGINT)",
}

// extract writes EXTRACT(part FROM value [AT TIME ZONE zone]).
func (w *writer) extract(args []node) (string, error) {
	if len(args) < 3 || !args[1].is("FROM") {
		return "", refuse("Syntax error: Expected EXTRACT(part FROM value)")
	}
	value := args[2:]
	part := strings.ToUpper(args[0].text)
	template, ok := extracts[part]
	if !ok {
		if units[part] == "" {
			return "", refuse("A valid date part name is required but found %s", part)
		}
		template = "extract(" + units[part] + " FROM $1)"
	}
	if at := find(value, "AT"); at < len(value) {
		zone, ok := skip(value[at:], "AT", "TIME", "ZONE")
		if !ok {
			return "", refuse("Syntax error: Expected AT TIME ZONE in EXTRACT")
		}
		return w.fill(strings.ReplaceAll(template, "$1", "timezone($2, $1)"), [][]node{value[:at], zone})
	}
	return w.fill(template, [][]node{value})
}

// record writes the arguments of STRUCT(...): the name of a field is its
// alias, or the last name of its path.
func (w *writer) record(args []node) (string, error) {
	return w.namedRecord(args, fieldNames(args))
}

// fieldNames are the names of a struct's fields: given, taken from a column, or
// made up.
func fieldNames(args []node) []string {
	var names []string
	for i, item := range split(args) {
		value, name := cutAlias(item)
		if name == "" && len(value)%2 == 1 && value[len(value)-1].name() {
			name = value[len(value)-1].text
		}
		if name == "" {
			name = "_field_" + ordinal(i+1)
		}
		names = append(names, name)
	}
	return names
}

// namedRecord writes a struct whose fields have these names.
func (w *writer) namedRecord(args []node, names []string) (string, error) {
	items := split(args)
	if len(items) != len(names) {
		return "", refuse("Array elements of types that have no common supertype: structs of %d and %d fields", len(names), len(items))
	}
	fields := make([]string, len(items))
	for i, item := range items {
		if len(item) == 0 {
			return "", refuse("Syntax error: Unexpected end of a list of fields")
		}
		value, _ := cutAlias(item)
		sql, err := w.expression(value)
		if err != nil {
			return "", err
		}
		fields[i] = Quote(names[i]) + " := " + sql
	}
	return "struct_pack(" + strings.Join(fields, ", ") + ")", nil
}

// aggregate writes an aggregate with IGNORE NULLS, ORDER BY and LIMIT inside.
func (w *writer) aggregate(function string, args []node) (string, error) {
	limit := find(args, "LIMIT")
	body := args[:limit]
	order := find(body, "ORDER")
	modifier := find(body[:order], "IGNORE", "RESPECT")
	inner, err := w.expression(append(append([]node{}, body[:modifier]...), body[order:]...))
	if err != nil {
		return "", err
	}
	sql := function + "(" + inner + ")"
	if modifier < order && body[modifier].is("IGNORE") {
		value, _ := skip(split(body[:modifier])[0], "DISTINCT")
		filter, err := w.expression(value)
		if err != nil {
			return "", err
		}
		sql += " FILTER (WHERE (" + filter + ") IS NOT NULL)"
	}
	if limit == len(args) {
		return sql, nil
	}
	if function != "array_agg" {
		return "", refuse("Not supported: LIMIT in %s", strings.ToUpper(function))
	}
	count, err := w.expression(args[limit+1:])
	return "list_slice(" + sql + ", 1, " + count + ")", err
}

// anyValue writes ANY_VALUE(x [HAVING MAX|MIN y]).
func (w *writer) anyValue(args []node) (string, error) {
	having := find(args, "HAVING")
	if having == len(args) {
		inner, err := w.expression(args)
		return "any_value(" + inner + ")", err
	}
	function := "arg_max"
	if having+1 < len(args) && args[having+1].is("MIN") {
		function = "arg_min"
	}
	return w.fill(function+"($1, $2)", [][]node{args[:having], args[min(having+2, len(args)):]})
}

// quantiles writes APPROX_QUANTILES(x, n): the n+1 boundaries, here exact.
func (w *writer) quantiles(args []node) (string, error) {
	parts := split(args)
	if len(parts) != 2 || len(parts[1]) != 1 {
		return "", refuse("APPROX_QUANTILES takes a value and an integer literal")
	}
	n, err := strconv.Atoi(parts[1][0].text)
	if err != nil || n < 1 {
		return "", refuse("APPROX_QUANTILES: the number of quantiles must be a positive integer literal")
	}
	at := make([]string, n+1)
	for i := range at {
		at[i] = strconv.FormatFloat(float64(i)/float64(n), 'g', -1, 64)
	}
	return w.fill("quantile_disc($1, ["+strings.Join(at, ", ")+"])", parts[:1])
}

// nullable writes a function that is NULL as soon as one argument is.
func (w *writer) nullable(separator, function string, args []node) (string, error) {
	parts := split(args)
	written := make([]string, len(parts))
	for i, p := range parts {
		sql, err := w.expression(p)
		if err != nil {
			return "", err
		}
		written[i] = "(" + sql + ")"
	}
	joined := "(" + strings.Join(written, separator) + ")"
	if function == "" {
		return joined, nil
	}
	return "CASE WHEN " + strings.Join(written, " IS NOT NULL AND ") + " IS NOT NULL THEN " + function + joined + " END", nil
}

// captures gives the group that REGEXP_EXTRACT returns: the only capturing
// group of a literal, or the whole match.
func captures(pattern []node) string {
	if len(pattern) != 1 || pattern[0].kind != text {
		return "0"
	}
	s := strings.NewReplacer(`\\`, "", `\(`, "").Replace(pattern[0].text)
	if strings.Count(s, "(") > strings.Count(s, "(?") {
		return "1"
	}
	return "0"
}

func (w *writer) regexpExtract(name string, args []node) (string, error) {
	parts := split(args)
	if len(parts) != 2 {
		return "", refuse("No matching signature for function %s with %d arguments", name, len(parts))
	}
	group := captures(parts[1])
	if name == "REGEXP_EXTRACT_ALL" {
		return w.fill("regexp_extract_all($1, $2, "+group+")", parts)
	}
	return w.fill("CASE WHEN regexp_matches($1, $2) THEN regexp_extract($1, $2, "+group+") END", parts)
}

// weekAware writes a date function. A WEEK begins on Sunday in GoogleSQL and
// on Monday in DuckDB, so its dates are moved by a day; and weeks between dates
// are counted by their first days, which DuckDB's date_diff does not do.
func (w *writer) weekAware(name string, args []node) (string, error) {
	parts := split(args)
	forms := templates[name]
	if len(parts) >= len(forms) || forms[len(parts)] == "" {
		return "", refuse("No matching signature for function %s with %d arguments", name, len(parts))
	}
	template := forms[len(parts)]
	unit := 1
	if strings.HasSuffix(name, "_DIFF") {
		unit = 2
	}
	shift := ""
	if len(parts[unit]) == 1 && parts[unit][0].is("WEEK") {
		shift = " + INTERVAL 1 DAY"
	} else if unit == 1 || len(parts[unit]) != 1 || !parts[unit][0].is("ISOWEEK") {
		return w.fill(template, parts)
	}
	switch {
	case unit == 2:
		template = "(date_diff('day', date_trunc('week', $2" + shift + "), date_trunc('week', $1" + shift + ")) // 7)"
	case len(parts) == 3:
		return "", refuse("Not supported: %s by WEEK in a time zone", name)
	case name == "DATE_TRUNC":
		template = "CAST(date_trunc('week', $1 + INTERVAL 1 DAY) - INTERVAL 1 DAY AS DATE)"
	default:
		template = "(date_trunc('week', $1 + INTERVAL 1 DAY) - INTERVAL 1 DAY)"
	}
	return w.fill(template, parts)
}
