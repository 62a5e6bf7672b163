// Package filter is the filter language of Pub/Sub subscriptions: what enters
// is an expression over a message's attributes, what leaves is a predicate. The
// Pub/Sub server compiles one a subscription.
//
//	attributes:key                      the attribute is there
//	attributes.key = "value"            it is there and has the value
//	attributes.key != "value"           the opposite of =
//	hasPrefix(attributes.key, "value")  it is there and begins with the value
//	NOT x, -x, x AND y, x OR y, (x)
//
// A key that is more than letters, digits, - and _ is written in quotes. NOT
// binds closest; AND and OR may be mixed only with parentheses. Escapes in quotes
// are refused, which the service knows. The language is described at
// https://cloud.google.com/pubsub/docs/subscription-message-filter.
package filter

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// maxBytes is the longest expression that the service takes.
const maxBytes = 256

// Filter says whether a message with these attributes is wanted.
type Filter func(attributes map[string]string) bool

// Parse compiles an expression. The empty expression wants every message.
func Parse(expression string) (Filter, error) {
	if strings.TrimSpace(expression) == "" {
		return func(map[string]string) bool { return true }, nil
	}
	if len(expression) > maxBytes {
		return nil, fmt.Errorf("parse filter: %d bytes, want at most %d", len(expression), maxBytes)
	}
	p := &parser{rest: expression}
	f := p.expression()
	if strings.TrimSpace(p.rest) != "" {
		p.refuse("the end; AND and OR may be mixed only with parentheses")
	}
	if p.err != nil {
		return nil, fmt.Errorf("parse filter %q: %w", expression, p.err)
	}
	return f, nil
}

// What an expression is made of. A test has a key in one of three places.
var (
	word = regexp.MustCompile(`^\s*(AND\b|OR\b|NOT\b|[-()])`)
	test = regexp.MustCompile(strings.NewReplacer(
		" ", `\s*`, "KEY", `([\pL\d_][\pL\d_-]*|"[^"\\]*")`, "VALUE", `"([^"\\]*)"`,
	).Replace(`^ (?:attributes : KEY|attributes \. KEY (!?=) VALUE|hasPrefix \( attributes \. KEY , VALUE \))`))
)

// parser reads by recursive descent. After an error it goes on to no purpose,
// and what it returns is not used.
type parser struct {
	rest string
	err  error // the first
}

// expression = term { "AND" term } | term { "OR" term } .
func (p *parser) expression() Filter {
	terms, operator := []Filter{p.term()}, "AND"
	if p.accept("OR") {
		terms, operator = append(terms, p.term()), "OR"
	}
	for p.accept(operator) {
		terms = append(terms, p.term())
	}
	decides := operator == "OR" // of OR the first that is true decides, of AND the first that is false
	return func(attributes map[string]string) bool {
		return decides == slices.ContainsFunc(terms, func(f Filter) bool { return f(attributes) == decides })
	}
}

// term = ( "NOT" | "-" ) term | "(" expression ")" | test .
func (p *parser) term() Filter {
	switch {
	case p.accept("NOT"), p.accept("-"):
		f := p.term()
		return func(attributes map[string]string) bool { return !f(attributes) }
	case p.accept("("):
		f := p.expression()
		if !p.accept(")") {
			p.refuse(")")
		}
		return f
	}
	m := test.FindStringSubmatch(p.rest)
	if m == nil {
		p.refuse(`attributes:key, attributes.key = "value", hasPrefix(attributes.key, "value"), NOT or (`)
		return nil
	}
	p.rest = p.rest[len(m[0]):]
	key, value := strings.Trim(m[1]+m[2]+m[5], `"`), m[4]+m[6]
	return func(attributes map[string]string) bool {
		got, ok := attributes[key]
		switch {
		case m[1] != "":
			return ok
		case m[3] == "=":
			return ok && got == value
		case m[3] == "!=":
			return !ok || got != value
		}
		return ok && strings.HasPrefix(got, value)
	}
}

// accept consumes the word if it comes next.
func (p *parser) accept(want string) bool {
	m := word.FindStringSubmatch(p.rest)
	if m == nil || m[1] != want {
		return false
	}
	p.rest = p.rest[len(m[0]):]
	return true
}

func (p *parser) refuse(want string) {
	p.err = cmp.Or(p.err, fmt.Errorf("at %q: want %s", strings.TrimSpace(p.rest), want))
}
