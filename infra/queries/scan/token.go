package scan

import (
	"fmt"
	"regexp"
	"strings"
)

// node is a token of a query, or what stands in one pair of brackets.
type node struct {
	text string // of a token; "(" or "[" of brackets
	name bool   // a word, or a name in backquotes
	kids []node
}

func (n node) is(words ...string) bool {
	for _, word := range words {
		if n.name && strings.EqualFold(n.text, word) {
			return true
		}
	}
	return false
}

func (n node) brackets() bool { return n.text == "(" && !n.name }

// subquery says whether brackets hold a query.
func (n node) subquery() bool {
	return n.brackets() && len(n.kids) > 0 && (n.kids[0].is("SELECT", "WITH") || n.kids[0].subquery())
}

// token is a comment or space, a quoted name, a text, a parameter, a word, a
// number, or a sign.
var token = regexp.MustCompile("^(?:(\\s+|--[^\n]*|#[^\n]*|/\\*(?s:.*?)\\*/)" +
	"|`([^`]+)`" +
	`|('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|@@?\w+|\d[\w.]*)` +
	`|([A-Za-z_]\w*)` +
	`|(<=|>=|!=|<>|\|\||[-+*/%<>=(),.\[\];&|^~?:]))`)

// tokenise cuts a text into a tree of brackets.
func tokenise(text string) ([]node, error) {
	stack := [][]node{nil}
	var open []string
	for rest := text; rest != ""; {
		m := token.FindStringSubmatch(rest)
		if m == nil {
			return nil, fmt.Errorf("read query: %.20q begins no word of GoogleSQL", rest)
		}
		rest = rest[len(m[0]):]
		top := len(stack) - 1
		switch sign := m[5]; {
		case m[1] != "": // nothing
		case sign == "(" || sign == "[":
			open, stack = append(open, sign), append(stack, nil)
		case sign == ")" || sign == "]":
			if top == 0 {
				return nil, fmt.Errorf("read query: a bracket %s closes nothing", sign)
			}
			stack[top-1] = append(stack[top-1], node{text: open[top-1], kids: stack[top]})
			open, stack = open[:top-1], stack[:top]
		case m[2] != "": // `a.b` is a path
			for i, part := range strings.Split(m[2], ".") {
				if i > 0 {
					stack[top] = append(stack[top], node{text: "."})
				}
				stack[top] = append(stack[top], node{text: part, name: true})
			}
		case sign == ";":
		default:
			stack[top] = append(stack[top], node{text: m[3] + m[4] + sign, name: m[4] != ""})
		}
	}
	if len(stack) > 1 {
		return nil, fmt.Errorf("read query: a bracket %s stays open", open[len(open)-1])
	}
	return stack[0], nil
}

// split cuts a list at a sign.
func split(nodes []node, sign string) [][]node {
	var parts [][]node
	start := 0
	for i, n := range nodes {
		if !n.name && n.text == sign {
			parts, start = append(parts, nodes[start:i]), i+1
		}
	}
	return append(parts, nodes[start:])
}

// path reads a dotted name at the start of a list, and returns what follows it.
func path(nodes []node) (segments []string, rest []node) {
	for len(nodes) > 0 && nodes[0].name {
		segments, nodes = append(segments, nodes[0].text), nodes[1:]
		if len(nodes) < 2 || nodes[0].text != "." || !nodes[1].name {
			break
		}
		nodes = nodes[1:]
	}
	return segments, nodes
}
