package googlesql

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// reserved are GoogleSQL's reserved words: none is a bare alias or column.
var reserved = strings.Fields(`ALL AND ANY ARRAY AS ASC ASSERT_ROWS_MODIFIED AT BETWEEN BY CASE CAST COLLATE CONTAINS CREATE
CROSS CUBE CURRENT DEFAULT DEFINE DESC DISTINCT ELSE END ENUM ESCAPE EXCEPT EXCLUDE EXISTS EXTRACT FALSE FETCH
FOLLOWING FOR FROM FULL GROUP GROUPING GROUPS HASH HAVING IF IGNORE IN INNER INTERSECT INTERVAL INTO IS JOIN LATERAL
LEFT LIKE LIMIT LOOKUP MERGE NATURAL NEW NO NOT NULL NULLS OF ON OR ORDER OUTER OVER PARTITION PRECEDING PROTO QUALIFY
RANGE RECURSIVE RESPECT RIGHT ROLLUP ROWS SELECT SET SOME STRUCT TABLESAMPLE THEN TO TREAT TRUE UNBOUNDED UNION UNNEST
USING WHEN WHERE WINDOW WITH WITHIN`)

// foreign are words that DuckDB reserves and GoogleSQL does not: as columns
// they must be quoted.
var foreign = strings.Fields(`ANALYSE ANALYZE ANTI ASOF ASYMMETRIC AUTHORIZATION BINARY BOTH CHECK COLLATION COLUMN CONCURRENTLY
CONSTRAINT DEFERRABLE DESCRIBE DO FOREIGN FREEZE GLOB GRANT ILIKE INITIALLY ISNULL LAMBDA LEADING LOCALTIME
LOCALTIMESTAMP NOTNULL ONLY OVERLAPS PIVOT PLACING POSITIONAL PRIMARY REFERENCES RETURNING SEMI SHOW SIMILAR SUMMARIZE
SYMMETRIC TABLE TRAILING UNIQUE UNPACK UNPIVOT USER VARIADIC VERBOSE`)

// clocks are the functions that may be called without brackets.
var clocks = strings.Fields("CURRENT_DATE CURRENT_TIME CURRENT_DATETIME CURRENT_TIMESTAMP")

// write writes a run of tokens, which may be anything: a query, an expression,
// a list of them, or a clause with its keywords. The names that a query within
// gives to tables are known no further.
func (w *writer) write(from, to int) string {
	aliases, defined := w.aliases, w.defined
	defer func() { w.aliases, w.defined = aliases, defined }()
	out, operand := "", 0
	for i := from; i < to && w.err == nil; {
		if w.at(i).any("UNION", "INTERSECT", "EXCEPT") {
			w.aliases = aliases
		}
		if w.at(i).is("[") && i > from && w.continues(i) {
			out = out[:operand] + w.element(i, out[operand:])
			i = w.next(i)
			continue
		}
		sql, next := w.piece(i, to)
		if i > from && sql != "" && w.apart(i) {
			out += " "
		}
		if !w.continues(i) {
			operand = len(out)
		}
		out += sql
		i = next
	}
	return out
}

// continues says that a token belongs to the operand before it: a field or an
// element of it, or the arguments of its call.
func (w *writer) continues(i int) bool {
	bracket := w.at(i).any("(", "[") && w.operand(i-1) || w.at(i).is("(") && w.at(i-1).any("ARRAY", "IF")
	return bracket || w.at(i).is(".") || w.at(i-1).is(".")
}

// apart says that there was space before a token, or must be.
func (w *writer) apart(i int) bool {
	before, t := w.tokens[i-1], w.tokens[i]
	return before.end < t.start || before.kind != mark && t.kind != mark
}

// piece writes what begins at token i, and gives the token behind it.
func (w *writer) piece(i, to int) (sql string, next int) {
	t := w.tokens[i]
	switch {
	case t.kind == text:
		return Literal(t.text), i + 1
	case t.kind == blob:
		return fmt.Sprintf("unhex('%x')", t.text), i + 1
	case t.kind == quoted:
		return strings.ReplaceAll(Quote(t.text), ".", `"."`), i + 1
	case t.kind == number:
		return decimal(t.text), i + 1
	case t.kind == param:
		sql, w.err = w.scope.Parameter(t.text)
		return sql, i + 1
	case t.kind == word:
		return w.word(i, to)
	case t.is("("):
		return "(" + w.write(i+1, t.close) + ")", w.next(i)
	case t.is("["):
		return w.list(i), w.next(i)
	case t.is("*"):
		return w.star(i)
	}
	return t.text, i + 1
}

// decimal makes a literal with a point a FLOAT64, which it is in GoogleSQL; in
// DuckDB it would be a DECIMAL. Hexadecimal is written out.
func decimal(s string) string {
	if v, err := strconv.ParseUint(s, 0, 64); err == nil && strings.ContainsAny(s, "xX") {
		return strconv.FormatUint(v, 10)
	}
	if strings.Contains(s, ".") && !strings.ContainsAny(s, "eE") {
		return s + "e0"
	}
	return s
}

// word writes what begins with a bare word: a keyword and what belongs to it, a
// typed literal, a call, or a name.
func (w *writer) word(i, to int) (string, int) {
	t, behind := w.tokens[i], w.at(i+1)
	upper := strings.ToUpper(t.text)
	switch {
	case upper == "SELECT":
		return w.selection(i, to)
	case upper == "WITH":
		w.with(i)
	case upper == "FROM" && !w.at(i-1).is("DISTINCT"):
		last := w.clause(i+1, to)
		return "FROM " + w.from(i+1, last), last
	case upper == "SET" && w.changes:
		last := w.find(i, w.clause(i, to), "WHEN")
		return "SET " + w.assignments(i+1, last), last
	case upper == "INSERT" && behind.is("ROW"):
		return "INSERT", i + 2
	case upper == "VALUES" && w.changes && behind.is("("):
		last := w.find(i, to, "WHEN")
		return "VALUES " + w.row(w.split(i+1, last)), last
	case upper == "AS" && behind.name():
		return "AS " + Quote(behind.text), i + 2
	case upper == "UNNEST" && w.at(i-1).is("IN"):
		return "(SELECT unnest" + w.write(i+1, w.next(i+1)) + ")", w.next(i + 1)
	case upper == "INTERVAL":
		return w.interval(i, to)
	case upper == "SAFE" && behind.is(".") && w.at(i+3).is("("):
		w.tokens[i+2].kind = word // which stands behind a dot, and is no column
		return "TRY(" + w.write(i+2, w.next(i+3)) + ")", w.next(i + 3)
	case behind.kind == text && duckTypes[upper] != "":
		return "CAST(" + Literal(behind.text) + " AS " + duckTypes[upper] + ")", i + 2
	case behind.is("<") && behind.close > i+1:
		return w.typed(i)
	case upper == "ARRAY" && behind.is("["):
		return w.list(i + 1), w.next(i + 1)
	case behind.is("("):
		return w.call(upper, i)
	case slices.Contains(clocks, upper):
		return t.text + "()", i + 1
	case slices.Contains(foreign, upper), upper == "OFFSET" && !w.operand(i-1):
		return Quote(t.text), i + 1
	}
	return t.text, i + 1
}

// operand says that an expression may end with token i.
func (w *writer) operand(i int) bool {
	t := w.at(i)
	if t.kind == word || t.kind == mark {
		return t.free() || t.any(")", "]", "}", "END", "NULL", "TRUE", "FALSE")
	}
	return t.kind != none
}

// list writes an array literal. Its structs have the fields of the first, which
// those behind it take by place.
func (w *writer) list(i int) string {
	items := w.split(i+1, w.at(i).close)
	if len(items) < 2 {
		return "[" + w.write(i+1, w.at(i).close) + "]"
	}
	return "[" + w.write(items[0].from, items[0].to) + ", " + w.row(items[1:]) + "]"
}

// element writes an element of an array, or of JSON, by the macro that counts as
// the brackets say.
func (w *writer) element(i int, of string) string {
	from, counts := i+1, "index"
	if w.at(from).any("OFFSET", "ORDINAL", "SAFE_OFFSET", "SAFE_ORDINAL") && w.at(from+1).is("(") {
		from, counts = from+1, w.at(from).text
	}
	return "at_" + counts + "(" + of + ", " + w.write(from, w.at(i).close) + ")"
}

// typed writes ARRAY<type>[...] and STRUCT<...>(...).
func (w *writer) typed(i int) (string, int) {
	next := w.next(i + 1)
	t, value := w.typeOf(i, next), w.at(next)
	inner := w.row(w.split(next+1, value.close))
	switch {
	case value.is("["):
		inner = "[" + inner + "]"
	case value.is("("):
		inner = "row(" + inner + ")"
	default:
		w.refuse("Syntax error: Expected a value after type %s", w.describe(i))
	}
	return "CAST(" + inner + " AS " + t + ")", w.next(next)
}

// parts are the date parts.
var parts = strings.Fields(`MICROSECOND MILLISECOND SECOND MINUTE HOUR DAY DAYOFWEEK DAYOFYEAR WEEK ISOWEEK MONTH
QUARTER YEAR ISOYEAR DATE TIME`)

// part reads the name of a date part.
func (w *writer) part(s span) string {
	if s.to != s.from+1 || !w.at(s.from).any(parts...) {
		return w.refuse("A valid date part name is required but found %s", w.describe(s.from))
	}
	return strings.ToLower(w.at(s.from).text)
}

// interval writes INTERVAL value UNIT, whose value may be any expression.
func (w *writer) interval(i, to int) (string, int) {
	unit := w.find(i+1, to, parts...)
	if unit == to || unit == i+1 {
		return w.refuse("Syntax error: Expected INTERVAL value and unit"), to
	}
	return "INTERVAL (" + w.write(i+1, unit) + ") " + w.at(unit).text, unit + 1
}
