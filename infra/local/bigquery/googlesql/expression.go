package googlesql

import (
	"strconv"
	"strings"
)

// expression writes any run of nodes that is not a query: expressions, lists
// of them, and clauses with their keywords.
func (w *writer) expression(nodes []node) (string, error) {
	var out []string
	for i := 0; i < len(nodes); {
		sql, n, err := w.piece(nodes, i)
		if err != nil {
			return "", err
		}
		if sql != "" {
			out = append(out, sql)
		}
		i += n
	}
	return strings.Join(out, " "), nil
}

// piece writes what begins at place i, and says how many nodes it took.
func (w *writer) piece(nodes []node, i int) (string, int, error) {
	n := nodes[i]
	switch {
	case n.brackets("["):
		return w.index(nodes, i)
	case n.group:
		sql, err := w.brackets(n)
		return sql, 1, err
	case n.kind == text:
		return Literal(n.text), 1, nil
	case n.kind == blob:
		return blobLiteral(n.text), 1, nil
	case n.kind == quoted:
		return w.name(nodes, i)
	case n.kind == number:
		return decimal(n.text), 1, nil
	case n.kind == param:
		sql, err := w.parameter(n)
		return sql, 1, err
	case n.kind == word:
		return w.word(nodes, i)
	case n.is("/"):
		return w.divide(nodes, i)
	case n.is("^"):
		return "", 0, refuse("Operator not supported: ^")
	default:
		return n.text, 1, nil
	}
}

// brackets writes a group in round brackets: a subquery, or expressions.
func (w *writer) brackets(n node) (string, error) {
	inner, err := w.inside(n)
	return "(" + inner + ")", err
}

func (w *writer) inside(n node) (string, error) {
	if isQuery(n.kids) {
		return w.query(n.kids)
	}
	return w.expression(n.kids)
}

// name writes a quoted path: a name in backticks may hold dots.
func (w *writer) name(nodes []node, i int) (string, int, error) {
	parts := strings.Split(nodes[i].text, ".")
	for k, p := range parts {
		parts[k] = Quote(p)
	}
	return strings.Join(parts, "."), 1, nil
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

func (w *writer) parameter(n node) (string, error) {
	name := n.text
	if name == "" {
		w.positions++
		name = ordinal(w.positions)
	}
	return w.scope.Parameter(name)
}

// word writes what begins with a bare word: a call, a typed literal, a
// keyword, or a name.
func (w *writer) word(nodes []node, i int) (string, int, error) {
	n, upper := nodes[i], strings.ToUpper(nodes[i].text)
	var next node
	if i+1 < len(nodes) {
		next = nodes[i+1]
	}
	afterDot := i > 0 && nodes[i-1].is(".")
	switch {
	case afterDot || next.is(".") && upper != "SAFE":
		return w.plain(n), 1, nil
	case upper == "SAFE" && next.is(".") && i+3 < len(nodes) && nodes[i+3].brackets("("):
		sql, _, err := w.word(nodes[i+2:i+4], 0)
		return "TRY(" + sql + ")", 4, err
	case upper == "IN" && next.is("UNNEST") && i+2 < len(nodes):
		sql, err := w.brackets(nodes[i+2])
		return "= ANY " + sql, 3, err
	case upper == "NOT" && next.is("IN") && i+3 < len(nodes) && nodes[i+2].is("UNNEST"):
		sql, err := w.brackets(nodes[i+3])
		return "<> ALL " + sql, 4, err
	case upper == "INTERVAL":
		return w.interval(nodes, i)
	case upper == "LIKE" && next.kind == text && strings.Contains(next.text, `\`):
		return "LIKE " + Literal(next.text) + ` ESCAPE '\'`, 2, nil
	case next.kind == text && i+1 < len(nodes) && duckTypes[upper] != "":
		return "CAST(" + Literal(next.text) + " AS " + duckTypes[upper] + ")", 2, nil
	case next.brackets("<"):
		return w.typed(nodes, i)
	case upper == "ARRAY" && next.brackets("["):
		sql, err := w.list(next)
		return sql, 2, err
	case next.brackets("(") && !reserved[upper] || next.brackets("(") && callable[upper]:
		return w.call(upper, nodes, i)
	case bare[upper] != "":
		return bare[upper], 1, nil
	default:
		return w.plain(n), 1, nil
	}
}

// plain writes a name or keyword as it is, quoted where DuckDB reserves it.
func (w *writer) plain(n node) string {
	if foreign[strings.ToUpper(n.text)] || n.kind == quoted {
		return Quote(n.text)
	}
	return n.text
}

// list writes an array literal. Its structs have the fields of the first, by
// place: DuckDB would match them by name, and leave NULL where names differ.
func (w *writer) list(n node) (string, error) {
	items := split(n.kids)
	if len(items) == 0 || !isRecord(items[0]) {
		inner, err := w.expression(n.kids)
		return "[" + inner + "]", err
	}
	names := fieldNames(items[0][1].kids)
	written := make([]string, len(items))
	for i, item := range items {
		var err error
		if isRecord(item) {
			written[i], err = w.namedRecord(item[1].kids, names)
		} else {
			written[i], err = w.expression(item)
		}
		if err != nil {
			return "", err
		}
	}
	return "[" + strings.Join(written, ", ") + "]", nil
}

// isRecord says that the item is STRUCT(...).
func isRecord(item []node) bool {
	return len(item) == 2 && item[0].is("STRUCT") && item[1].brackets("(")
}

// index writes square brackets: an array literal, or an element of what stands
// before. DuckDB counts from one, and answers NULL outside the array.
func (w *writer) index(nodes []node, i int) (string, int, error) {
	group := nodes[i]
	if i == 0 || !endsOperand(nodes[i-1]) {
		sql, err := w.list(group)
		return sql, 1, err
	}
	kids := group.kids
	if len(kids) == 1 && kids[0].kind == text {
		return "[" + Literal(kids[0].text) + "]", 1, nil
	}
	shift := " + 1"
	if len(kids) == 2 && kids[1].brackets("(") {
		switch {
		case kids[0].any("OFFSET", "SAFE_OFFSET"):
			kids = kids[1].kids
		case kids[0].any("ORDINAL", "SAFE_ORDINAL"):
			kids, shift = kids[1].kids, ""
		}
	}
	inner, err := w.expression(kids)
	return "[(" + inner + ")" + shift + "]", 1, err
}

// typed writes ARRAY<type>[...] and STRUCT<...>(...).
func (w *writer) typed(nodes []node, i int) (string, int, error) {
	t, n, err := readType(nodes[i:])
	if err != nil {
		return "", 0, err
	}
	if i+n == len(nodes) || !nodes[i+n].group {
		return "", 0, refuse("Syntax error: Expected a value after type %s", strings.ToUpper(nodes[i].text))
	}
	value := nodes[i+n]
	inner, err := w.inside(value)
	switch {
	case value.text == "[":
		inner = "[" + inner + "]"
	case strings.HasSuffix(t, "[]"):
		inner = "ARRAY(" + inner + ")"
	default:
		inner = "row(" + inner + ")"
	}
	return "CAST(" + inner + " AS " + t + ")", n + 1, err
}

// interval writes INTERVAL value UNIT, whose value may be any expression.
func (w *writer) interval(nodes []node, i int) (string, int, error) {
	end := i + 1
	for end < len(nodes) && (nodes[end].kind != word || units[strings.ToUpper(nodes[end].text)] == "") {
		end++
	}
	if end == len(nodes) || end == i+1 {
		return "", 0, refuse("Syntax error: Expected INTERVAL value and unit")
	}
	value, err := w.expression(nodes[i+1 : end])
	unit := units[strings.ToUpper(nodes[end].text)]
	return "INTERVAL (" + value + ") " + unit, end - i + 1, err
}

// divide writes a division, which in GoogleSQL fails on zero.
func (w *writer) divide(nodes []node, i int) (string, int, error) {
	end := primary(nodes, i+1)
	divisor, err := w.expression(nodes[i+1 : end])
	if err != nil {
		return "", 0, err
	}
	if end == i+2 && nodes[i+1].kind == number && strings.Trim(nodes[i+1].text, "0.") != "" {
		return "/ " + divisor, 2, nil
	}
	return "/ CASE WHEN (" + divisor + ") = 0 THEN error('division by zero') ELSE (" + divisor + ") END", end - i, nil
}

// primary gives the end of the operand that begins at place i.
func primary(nodes []node, i int) int {
	for i < len(nodes) && nodes[i].any("-", "+") {
		i++
	}
	for depth := 0; i < len(nodes); i++ {
		if nodes[i].is("CASE") {
			depth++
		} else if nodes[i].is("END") {
			depth--
		}
		if depth == 0 {
			break
		}
	}
	if i < len(nodes) {
		i++
	}
	for i < len(nodes) && (nodes[i].group || nodes[i].is(".") || nodes[i-1].is(".")) {
		i++
	}
	return i
}
