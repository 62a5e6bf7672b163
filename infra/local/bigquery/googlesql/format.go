package googlesql

import "strings"

// strftime turns a GoogleSQL format of times into DuckDB's. It must be a
// literal, since the verbs differ.
func strftime(nodes []node) (string, error) {
	if len(nodes) != 1 || nodes[0].kind != text {
		return "", refuse("Not supported: a time format that is not a string literal")
	}
	s := nodes[0].text
	for google, duck := range map[string]string{
		"%E*S": "%S.%f", "%E6S": "%S.%f", "%E3S": "%S.%g", "%F": "%Y-%m-%d", "%T": "%H:%M:%S",
		"%R": "%H:%M", "%D": "%m/%d/%y", "%e": "%-d", "%k": "%-H", "%E4Y": "%Y",
	} {
		s = strings.ReplaceAll(s, google, duck)
	}
	for i := 0; i+1 < len(s); i++ {
		if s[i] != '%' {
			continue
		}
		i++
		if !strings.ContainsRune("aAbBcdfgGHIjmMpSuUVwWxXyYzZ%-", rune(s[i])) {
			return "", refuse("Not supported in a time format: %%%c", s[i])
		}
	}
	return Literal(s), nil
}

// formatTime writes FORMAT_TIMESTAMP, FORMAT_DATE and FORMAT_DATETIME.
func (w *writer) formatTime(name string, args []node) (string, error) {
	parts := split(args)
	zoned := name == "FORMAT_TIMESTAMP"
	if len(parts) < 2 || len(parts) > 3 || len(parts) == 3 && !zoned {
		return "", refuse("No matching signature for function %s with %d arguments", name, len(parts))
	}
	format, err := strftime(parts[0])
	if err != nil {
		return "", err
	}
	value := "$1"
	switch {
	case len(parts) == 3:
		value = "timezone($2, $1)"
	case zoned:
		value = "timezone('UTC', $1)"
	}
	return w.fill("strftime("+value+", "+strings.ReplaceAll(format, "$", "$$")+")", parts[1:])
}

// parseTime writes PARSE_TIMESTAMP, PARSE_DATE and PARSE_DATETIME.
func (w *writer) parseTime(name string, args []node) (string, error) {
	parts := split(args)
	zoned := name == "PARSE_TIMESTAMP"
	if len(parts) < 2 || len(parts) > 3 || len(parts) == 3 && !zoned {
		return "", refuse("No matching signature for function %s with %d arguments", name, len(parts))
	}
	format, err := strftime(parts[0])
	if err != nil {
		return "", err
	}
	parsed := "strptime($1, " + strings.ReplaceAll(format, "$", "$$") + ")"
	switch {
	case len(parts) == 3:
		parsed = "timezone($2, " + parsed + ")"
	case zoned:
		parsed = "timezone('UTC', " + parsed + ")"
	case name == "PARSE_DATE":
		parsed = "CAST(" + parsed + " AS DATE)"
	}
	return w.fill(parsed, parts[1:])
}

// format writes FORMAT(literal, values...) with DuckDB's printf. %t and %T
// print any value as text.
func (w *writer) format(args []node) (string, error) {
	parts := split(args)
	if len(parts) == 0 || len(parts[0]) != 1 || parts[0][0].kind != text {
		return "", refuse("Not supported: FORMAT whose format is not a string literal")
	}
	var out strings.Builder
	value := 1
	s := parts[0][0].text
	casts := make([]string, len(parts))
	for i := 0; i < len(s); i++ {
		out.WriteByte(s[i])
		if s[i] != '%' {
			continue
		}
		flags := runLength(s[i+1:], func(c byte) bool { return isDigit(c) || strings.IndexByte("-+ #.", c) >= 0 })
		out.WriteString(s[i+1 : i+1+flags])
		i += 1 + flags
		if i == len(s) {
			return "", refuse("FORMAT: incomplete verb at the end of the format")
		}
		if s[i] == '%' {
			out.WriteByte('%')
			continue
		}
		cast, ok := verbs[s[i]]
		if !ok {
			return "", refuse("Not supported in FORMAT: %%%c", s[i])
		}
		if value >= len(parts) {
			return "", refuse("FORMAT: fewer values than verbs")
		}
		casts[value] = cast
		value++
		if s[i] == 't' || s[i] == 'T' {
			out.WriteByte('s')
		} else {
			out.WriteByte(s[i])
		}
	}
	template := "printf(" + strings.ReplaceAll(Literal(out.String()), "$", "$$")
	for i := 1; i < len(parts); i++ {
		template += ", CAST($" + ordinal(i) + " AS " + casts[i] + ")"
	}
	if value != len(parts) || value > 9 {
		return "", refuse("FORMAT: the values do not fit the verbs")
	}
	return w.fill(template+")", parts[1:])
}

// verbs are the verbs of FORMAT and the type that each prints.
var verbs = map[byte]string{
	'd': "BIGINT", 'i': "BIGINT", 'x': "BIGINT", 'X': "BIGINT", 'o': "BIGINT",
	'f': "DOUBLE", 'F': "DOUBLE", 'e': "DOUBLE", 'E': "DOUBLE", 'g': "DOUBLE", 'G': "DOUBLE",
	's': "VARCHAR", 't': "VARCHAR", 'T': "VARCHAR",
}
