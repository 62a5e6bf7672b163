package filter

import (
	"fmt"
	"strconv"
	"strings"
	"text/scanner"
	"unicode"
)

// Parse compiles an expression. The empty expression wants every message.
func Parse(expression string) (Filter, error) {
	if strings.TrimSpace(expression) == "" {
		return All, nil
	}
	if len(expression) > MaxBytes {
		return nil, fmt.Errorf("parse filter: %d bytes, want at most %d", len(expression), MaxBytes)
	}
	p := newParser(expression)
	f, err := p.expression()
	if err == nil && p.token != scanner.EOF {
		err = p.unexpected("AND, OR or the end")
	}
	if p.lexical != nil {
		err = p.lexical // the reason for what followed
	}
	if err != nil {
		return nil, fmt.Errorf("parse filter %q: %w", expression, err)
	}
	return f, nil
}

// parser reads by recursive descent, one token ahead.
type parser struct {
	scanner scanner.Scanner
	token   rune // the token that comes next
	text    string
	lexical error // the scanner's first complaint: a string without an end
}

func newParser(expression string) *parser {
	p := &parser{}
	p.scanner.Init(strings.NewReader(expression))
	p.scanner.Mode = scanner.ScanIdents | scanner.ScanStrings
	p.scanner.IsIdentRune = func(r rune, i int) bool {
		return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' && i > 0
	}
	p.scanner.Error = func(_ *scanner.Scanner, message string) {
		if p.lexical == nil {
			p.lexical = fmt.Errorf("%s", message)
		}
	}
	p.advance()
	return p
}

func (p *parser) advance() {
	p.token = p.scanner.Scan()
	p.text = p.scanner.TokenText()
}

// expression = term { "AND" term } | term { "OR" term } .
func (p *parser) expression() (Filter, error) {
	f, err := p.term()
	if err != nil {
		return nil, err
	}
	operator := p.text
	join := map[string]func(f, g Filter) Filter{"AND": and, "OR": or}[operator]
	for join != nil && p.text == operator {
		p.advance()
		g, err := p.term()
		if err != nil {
			return nil, err
		}
		f = join(f, g)
	}
	if p.text == "AND" || p.text == "OR" {
		return nil, fmt.Errorf("AND and OR are mixed without parentheses")
	}
	return f, nil
}

// term = [ "NOT" | "-" ] ( "(" expression ")" | comparison ) .
func (p *parser) term() (Filter, error) {
	switch p.text {
	case "NOT", "-":
		p.advance()
		f, err := p.term()
		if err != nil {
			return nil, err
		}
		return not(f), nil
	case "(":
		p.advance()
		f, err := p.expression()
		if err != nil {
			return nil, err
		}
		return f, p.expect(")")
	case "hasPrefix":
		return p.prefix()
	case "attributes":
		return p.comparison()
	}
	return nil, p.unexpected("attributes, hasPrefix, NOT or (")
}

// prefix = "hasPrefix" "(" "attributes" "." key "," string ")" .
func (p *parser) prefix() (Filter, error) {
	p.advance()
	if err := p.expect("(", "attributes", "."); err != nil {
		return nil, err
	}
	key, err := p.key()
	if err != nil {
		return nil, err
	}
	if err := p.expect(","); err != nil {
		return nil, err
	}
	value, err := p.literal()
	if err != nil {
		return nil, err
	}
	return hasPrefix(key, value), p.expect(")")
}

// comparison = "attributes" ( ":" key | "." key ( "=" | "!=" ) string ) .
func (p *parser) comparison() (Filter, error) {
	p.advance()
	if p.text == ":" {
		p.advance()
		key, err := p.key()
		return has(key), err
	}
	if err := p.expect("."); err != nil {
		return nil, err
	}
	key, err := p.key()
	if err != nil {
		return nil, err
	}
	negated := p.text == "!"
	if negated {
		p.advance()
	}
	if err := p.expect("="); err != nil {
		return nil, err
	}
	value, err := p.literal()
	if err != nil {
		return nil, err
	}
	if negated {
		return not(equals(key, value)), nil
	}
	return equals(key, value), nil
}

func (p *parser) key() (string, error) {
	if p.token == scanner.Ident {
		key := p.text
		p.advance()
		return key, nil
	}
	return p.literal()
}

func (p *parser) literal() (string, error) {
	if p.token != scanner.String {
		return "", p.unexpected("a string in quotes")
	}
	value, err := strconv.Unquote(p.text)
	if err != nil {
		return "", fmt.Errorf("string %s: %w", p.text, err)
	}
	p.advance()
	return value, nil
}

// expect consumes the given tokens.
func (p *parser) expect(texts ...string) error {
	for _, text := range texts {
		if p.text != text {
			return p.unexpected(text)
		}
		p.advance()
	}
	return nil
}

func (p *parser) unexpected(want string) error {
	got := p.text
	if p.token == scanner.EOF {
		got = "the end"
	}
	return fmt.Errorf("at byte %d: got %s, want %s", p.scanner.Offset, got, want)
}
