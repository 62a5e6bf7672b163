package googlesql

import "strings"

// node is a token, or a bracketed group of nodes whose token is the opening
// bracket.
type node struct {
	token
	group bool
	kids  []node
}

// is says that the node is the given mark or, whatever its case, keyword.
func (n node) is(s string) bool {
	switch n.kind {
	case word:
		return strings.EqualFold(n.text, s)
	case mark:
		return !n.group && n.text == s
	default:
		return false
	}
}

// any says that the node is one of the given marks or keywords.
func (n node) any(words ...string) bool {
	for _, w := range words {
		if n.is(w) {
			return true
		}
	}
	return false
}

func (n node) name() bool { return n.kind == word || n.kind == quoted }

func (n node) brackets(open string) bool { return n.group && n.text == open }

// query says that the node is a subquery in round brackets.
func (n node) query() bool {
	return n.brackets("(") && isQuery(n.kids)
}

func isQuery(nodes []node) bool {
	for len(nodes) > 0 && nodes[0].brackets("(") {
		nodes = nodes[0].kids
	}
	return len(nodes) > 0 && nodes[0].any("SELECT", "WITH")
}

var closing = map[string]string{"(": ")", "[": "]", "{": "}"}

// opens gives the mark that closes what the token opens. Behind ARRAY and
// STRUCT an angle is a bracket.
func opens(t token, before []node) string {
	if t.kind != mark {
		return ""
	}
	if t.text == "<" && len(before) > 0 && before[len(before)-1].any("ARRAY", "STRUCT") {
		return ">"
	}
	return closing[t.text]
}

// parse groups the tokens by their brackets.
func parse(tokens []token) ([]node, error) {
	nodes, rest, err := group(tokens, "")
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, refuse("Syntax error: Unexpected %q", rest[0].text)
	}
	return nodes, nil
}

func group(tokens []token, until string) (nodes []node, rest []token, err error) {
	for len(tokens) > 0 {
		t := tokens[0]
		if t.kind == mark && (t.text == ")" || t.text == "]" || t.text == "}" || t.text == ">" && until == ">") {
			if t.text != until {
				return nil, nil, refuse("Syntax error: Unexpected %q", t.text)
			}
			return nodes, tokens, nil
		}
		n := node{token: t}
		tokens = tokens[1:]
		if end := opens(t, nodes); end != "" {
			n.group = true
			n.kids, tokens, err = group(tokens, end)
			if err != nil {
				return nil, nil, err
			}
			n.end = tokens[0].end
			tokens = tokens[1:]
		}
		nodes = append(nodes, n)
	}
	if until != "" {
		return nil, nil, refuse("Syntax error: Expected %q but got end of statement", until)
	}
	return nodes, nil, nil
}

// split cuts nodes at the commas.
func split(nodes []node) [][]node {
	if len(nodes) == 0 {
		return nil
	}
	var parts [][]node
	from := 0
	for i, n := range nodes {
		if n.is(",") {
			parts = append(parts, nodes[from:i])
			from = i + 1
		}
	}
	return append(parts, nodes[from:])
}

// find gives the place of the first of the words, or the length of nodes.
func find(nodes []node, words ...string) int {
	for i, n := range nodes {
		if n.any(words...) {
			return i
		}
	}
	return len(nodes)
}
