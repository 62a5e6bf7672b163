package googlesql

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

type position struct{ line, column int }

func (p position) String() string { return fmt.Sprintf("[%d:%d]", p.line, p.column) }

// literalStart recognises the start of a string or bytes literal: an optional
// prefix of r and b in either order, and one or three quotes.
func literalStart(s string) (raw, bytes bool, quote string, ok bool) {
	i := 0
	for i < len(s) && i < 2 {
		switch s[i] {
		case 'r', 'R':
			if raw {
				return false, false, "", false
			}
			raw = true
		case 'b', 'B':
			if bytes {
				return false, false, "", false
			}
			bytes = true
		default:
			q := openingQuote(s[i:])
			return raw, bytes, q, q != ""
		}
		i++
	}
	q := openingQuote(s[i:])
	return raw, bytes, q, q != ""
}

func openingQuote(s string) string {
	if s == "" || s[0] != '"' && s[0] != '\'' {
		return ""
	}
	if triple := strings.Repeat(s[:1], 3); strings.HasPrefix(s, triple) {
		return triple
	}
	return s[:1]
}

// literal reads the string or bytes literal at the scanner's position.
func (s *scanner) literal(raw, bytes bool, quote string) error {
	kind := text
	if bytes {
		kind = blob
	}
	body := s.rest()
	i := strings.Index(body, quote) + len(quote)
	var out strings.Builder
	for i < len(body) {
		switch {
		case strings.HasPrefix(body[i:], quote):
			s.emit(kind, out.String(), s.pos+i+len(quote))
			return nil
		case body[i] == '\n' && len(quote) == 1:
			return refuse("Syntax error: Unclosed string literal at %s", s.where())
		case body[i] != '\\':
			out.WriteByte(body[i])
			i++
		case raw && i+1 < len(body):
			out.WriteString(body[i : i+2])
			i += 2
		default:
			n, err := escape(&out, body[i:], bytes)
			if err != nil {
				return refuse("Syntax error: %v at %s", err, s.where())
			}
			i += n
		}
	}
	return refuse("Syntax error: Unclosed string literal at %s", s.where())
}

var simpleEscapes = map[byte]byte{
	'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
	'\\': '\\', '?': '?', '"': '"', '\'': '\'', '`': '`',
}

// escape decodes one escape sequence and says how long it is.
func escape(out *strings.Builder, s string, bytes bool) (int, error) {
	if len(s) < 2 {
		return 0, fmt.Errorf("illegal escape sequence: \\")
	}
	if c, ok := simpleEscapes[s[1]]; ok {
		out.WriteByte(c)
		return 2, nil
	}
	digits, base, from := 0, 16, 2
	switch {
	case s[1] == 'x' || s[1] == 'X':
		digits = 2
	case s[1] == 'u' && !bytes:
		digits = 4
	case s[1] == 'U' && !bytes:
		digits = 8
	case s[1] >= '0' && s[1] <= '3':
		digits, base, from = 3, 8, 1
	}
	if digits == 0 || len(s) < from+digits {
		return 0, fmt.Errorf("illegal escape sequence: %s", s[:2])
	}
	code, err := strconv.ParseUint(s[from:from+digits], base, 32)
	if err != nil {
		return 0, fmt.Errorf("illegal escape sequence: %s", s[:from+digits])
	}
	switch {
	case bytes:
		out.WriteByte(byte(code))
	case !utf8.ValidRune(rune(code)):
		return 0, fmt.Errorf("illegal Unicode code point: %s", s[:from+digits])
	default:
		out.WriteRune(rune(code))
	}
	return from + digits, nil
}

// blobLiteral writes bytes as a DuckDB literal.
func blobLiteral(s string) string { return fmt.Sprintf("unhex('%x')", s) }
