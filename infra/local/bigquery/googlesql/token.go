package googlesql

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind int

const (
	word   tokenKind = iota // a bare identifier or keyword
	quoted                  // an identifier in backticks
	text                    // a string literal, decoded
	blob                    // a bytes literal, decoded
	number
	param // @name, or ? with an empty name
	mark  // an operator or a bracket
)

type token struct {
	kind       tokenKind
	text       string // the decoded text
	start, end int    // in the source
}

// scan cuts a statement into tokens and drops the comments.
func scan(src string) ([]token, error) {
	s := &scanner{src: src}
	for {
		if err := s.space(); err != nil {
			return nil, err
		}
		if s.pos == len(src) {
			return s.tokens, nil
		}
		if err := s.token(); err != nil {
			return nil, err
		}
	}
}

type scanner struct {
	src    string
	pos    int
	tokens []token
}

func (s *scanner) rest() string { return s.src[s.pos:] }

func (s *scanner) emit(kind tokenKind, text string, end int) {
	s.tokens = append(s.tokens, token{kind: kind, text: text, start: s.pos, end: end})
	s.pos = end
}

func (s *scanner) space() error {
	for s.pos < len(s.src) {
		r, size := utf8.DecodeRuneInString(s.rest())
		switch {
		case unicode.IsSpace(r):
			s.pos += size
		case r == '#' || strings.HasPrefix(s.rest(), "--"):
			s.pos += lineLength(s.rest())
		case strings.HasPrefix(s.rest(), "/*"):
			end := strings.Index(s.rest(), "*/")
			if end < 0 {
				return refuse("Syntax error: Unclosed comment at %s", s.where())
			}
			s.pos += end + 2
		default:
			return nil
		}
	}
	return nil
}

func lineLength(s string) int {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		return i + 1
	}
	return len(s)
}

// where is the position in BigQuery's form, [line:column].
func (s *scanner) where() string { return place(s.src, s.pos) }

var marks = []string{"<=", ">=", "<>", "!=", "||", "<<", "=>"}

func (s *scanner) token() error {
	rest := s.rest()
	if raw, bytes, quote, ok := literalStart(rest); ok {
		return s.literal(raw, bytes, quote)
	}
	c := rest[0]
	switch {
	case isLetter(c):
		s.emit(word, rest[:runLength(rest, isWordByte)], s.pos+runLength(rest, isWordByte))
	case isDigit(c) || c == '.' && len(rest) > 1 && isDigit(rest[1]) && !s.afterName():
		n := numberLength(rest)
		s.emit(number, rest[:n], s.pos+n)
	case c == '`':
		end := strings.IndexByte(rest[1:], '`')
		if end < 0 {
			return refuse("Syntax error: Unclosed identifier literal at %s", s.where())
		}
		s.emit(quoted, rest[1:1+end], s.pos+end+2)
	case c == '@':
		n := 1 + runLength(rest[1:], isWordByte)
		if n == 1 {
			return refuse("Syntax error: Unexpected \"@\" at %s", s.where())
		}
		s.emit(param, rest[1:n], s.pos+n)
	case c == '?':
		s.emit(param, "", s.pos+1)
	default:
		return s.mark()
	}
	return nil
}

func (s *scanner) mark() error {
	for _, m := range marks {
		if strings.HasPrefix(s.rest(), m) {
			s.emit(mark, m, s.pos+len(m))
			return nil
		}
	}
	c := s.rest()[:1]
	if !strings.ContainsAny(c, "()[]{},.;+-*/=<>&|^~:") {
		return refuse("Syntax error: Illegal input character %q at %s", c, s.where())
	}
	s.emit(mark, c, s.pos+1)
	return nil
}

// afterName says that a dot here continues a path and begins no number.
func (s *scanner) afterName() bool {
	if len(s.tokens) == 0 {
		return false
	}
	last := s.tokens[len(s.tokens)-1]
	return last.end == s.pos && (last.kind == word || last.kind == quoted || last.text == ")" || last.text == "]")
}

func isLetter(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}
func isDigit(c byte) bool    { return c >= '0' && c <= '9' }
func isWordByte(c byte) bool { return isLetter(c) || isDigit(c) }

func runLength(s string, in func(byte) bool) int {
	n := 0
	for n < len(s) && in(s[n]) {
		n++
	}
	return n
}

func numberLength(s string) int {
	if len(s) > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') {
		return 2 + runLength(s[2:], isWordByte)
	}
	n := runLength(s, isDigit)
	if n < len(s) && s[n] == '.' && (n+1 == len(s) || !isLetter(s[n+1])) {
		n += 1 + runLength(s[n+1:], isDigit)
	}
	if n < len(s) && (s[n] == 'e' || s[n] == 'E') {
		exp := n + 1
		if exp < len(s) && (s[exp] == '+' || s[exp] == '-') {
			exp++
		}
		if digits := runLength(s[exp:], isDigit); digits > 0 {
			n = exp + digits
		}
	}
	return n
}

func place(src string, pos int) string {
	before := src[:pos]
	line := 1 + strings.Count(before, "\n")
	column := 1 + utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])
	return position{line, column}.String()
}
