package googlesql

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

type tokenKind int

const (
	none   tokenKind = iota // behind the last token
	word                    // a bare identifier or keyword
	quoted                  // an identifier in backticks, or behind a dot, where no word is a keyword
	text                    // a string literal, decoded
	blob                    // a bytes literal, decoded
	number
	param // @name; ? has its place among them for a name
	mark  // an operator or a bracket
)

type token struct {
	kind       tokenKind
	text       string // the decoded text
	start, end int    // in the source
	close      int    // which token closes the bracket that this one opens; else itself
}

// is says that the token is the given mark or, whatever its case, keyword.
func (t token) is(s string) bool {
	return t.kind == mark && t.text == s || t.kind == word && strings.EqualFold(t.text, s)
}

// any says that the token is one of the given marks or keywords.
func (t token) any(words ...string) bool {
	for _, s := range words {
		if t.is(s) {
			return true
		}
	}
	return false
}

func (t token) name() bool { return t.kind == word || t.kind == quoted }

// free says that the token is a name without AS or backticks: no reserved word.
func (t token) free() bool {
	return t.name() && (t.kind == quoted || !slices.Contains(reserved, strings.ToUpper(t.text)))
}

// lexemes are the kinds of token, and space, in the order in which a text is
// tried for them. A token's text is the pattern's group, if it has one. The dot of
// my-project-1.ztf is of no number, though that of 1. is.
var lexemes = []struct {
	kind    tokenKind
	pattern *regexp.Regexp
}{
	{none, regexp.MustCompile(`^(?s:[\s\p{Z}]+|#[^\n]*|--[^\n]*|/\*.*?\*/)`)},
	{text, regexp.MustCompile(`^(?s:[rRbB]{0,2}(?:"""(?:\\.|[^\\])*?"""|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))`)},
	{quoted, regexp.MustCompile("^`([^`]*)`")},
	{number, regexp.MustCompile(`^(?:0[xX][0-9a-fA-F]+|[0-9]+\.[eE][+-]?[0-9]+|(?:[0-9]*\.[0-9]+|[0-9]+\.\B|[0-9]+)(?:[eE][+-]?[0-9]+)?)`)},
	{word, regexp.MustCompile(`^[\pL_][\pL\pN_]*`)},
	{param, regexp.MustCompile(`^(?:@(\w+)|\?)`)},
	{mark, regexp.MustCompile(`^(?:<=|>=|<>|!=|\|\||<<|=>|[()\[\]{},.;+*/=<>&|~:-])`)},
}

// lex reads the token, or the space, that begins at a place.
func lex(src string, pos int) (token, error) {
	rest := src[pos:]
	for _, l := range lexemes {
		found := l.pattern.FindStringSubmatch(rest)
		if found == nil || l.kind == mark && strings.HasPrefix(rest, "/*") {
			continue
		}
		t := token{kind: l.kind, text: found[len(found)-1], start: pos, end: pos + len(found[0])}
		var err error
		if l.kind == text {
			t.kind, t.text, err = decode(t.text)
		}
		return t, err
	}
	return token{}, refuse("Syntax error: Illegal character, or a literal or comment without an end, at %.20q", rest)
}

// scan cuts a statement into tokens and drops the comments.
func scan(src string) ([]token, error) {
	var tokens []token
	var before token
	questions := 0
	for pos := 0; pos < len(src); {
		t, err := lex(src, pos)
		if err != nil {
			return nil, err
		}
		pos = t.end
		switch {
		case t.kind == none:
			continue
		case t.kind == param && t.text == "":
			questions++
			t.text = strconv.Itoa(questions)
		case t.kind == word && before.is("."):
			t.kind = quoted
		case t.kind == word && before.kind == number && before.end == t.start:
			return nil, refuse("Syntax error: Missing whitespace between literal and alias at %q", t.text)
		}
		tokens, before = append(tokens, t), t
	}
	return pair(tokens)
}

// escapes are what a backslash begins in a literal.
var escapes = regexp.MustCompile(`(?s)\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)`)

// decode reads a string literal, or behind a b one of bytes.
func decode(literal string) (kind tokenKind, body string, err error) {
	kind, width := text, 1
	at := strings.IndexAny(literal, `"'`)
	prefix, literal := strings.ToLower(literal[:at]), literal[at:]
	if strings.Contains(prefix, "b") {
		kind = blob
	}
	if len(literal) >= 6 && literal[1] == literal[0] {
		width = 3
	}
	body = literal[width : len(literal)-width]
	if strings.Contains(prefix, "r") {
		return kind, body, nil
	}
	body = escapes.ReplaceAllStringFunc(body, func(escape string) string {
		if strings.ContainsAny(escape[1:], "?`\"'") {
			return escape[1:]
		}
		r, unicode, _, unknown := strconv.UnquoteChar(escape, 0)
		switch {
		case unknown != nil || unicode && kind == blob:
			err = refuse("Syntax error: Illegal escape sequence: %s", escape)
		case kind == blob:
			return string([]byte{byte(r)})
		}
		return string(r)
	})
	return kind, body, err
}

// closing gives what closes a bracket. CASE and END are a pair of brackets, too.
var closing = map[string]string{"(": ")", "[": "]", "{": "}", "<": ">", "CASE": "END"}

// closes is what closes the bracket that the token opens.
func (t token) closes() string { return closing[strings.ToUpper(t.text)] }

// pair finds the close of each bracket. An angle is one behind ARRAY or STRUCT.
func pair(tokens []token) ([]token, error) {
	var open []*token
	for i := range tokens {
		t, last := &tokens[i], len(open)-1
		t.close = i
		switch {
		case t.any("(", "[", "{", "CASE") || i > 0 && t.is("<") && tokens[i-1].any("ARRAY", "STRUCT"):
			open = append(open, t)
		case last >= 0 && t.is(open[last].closes()):
			open[last].close = i
			open = open[:last]
		case t.any(")", "]", "}"):
			return nil, refuse("Syntax error: Unexpected %q", t.text)
		}
	}
	if len(open) > 0 {
		return nil, refuse("Syntax error: Expected %q but got end of statement", open[len(open)-1].closes())
	}
	return tokens, nil
}
