package scan

import (
	"errors"
	"fmt"
	"slices"
)

// query is a query expression: what WITH names, and the blocks that UNION joins.
type query struct {
	with    []named
	blocks  []*block
	ordered bool // a UNION that has an ORDER BY of its own
}

type named struct {
	name string
	is   *query
}

// block is one SELECT.
type block struct {
	distinct bool
	items    []item
	from     []source
	joined   []node // the conditions of joins
	where    []node
	rest     []node // GROUP BY, HAVING, QUALIFY, WINDOW, ORDER BY, LIMIT
}

// item is one of a select list.
type item struct {
	name    string // empty where it has none
	alias   bool   // the name was given with AS
	nodes   []node
	star    bool
	of      string // of a.*
	except  []string
	replace []item
}

// source is one of a FROM clause.
type source struct {
	alias  string
	table  string
	query  *query
	unnest []node
}

func parse(text string) (*query, error) {
	nodes, err := tokenise(text)
	if err != nil {
		return nil, err
	}
	return parseQuery(nodes)
}

func parseQuery(nodes []node) (*query, error) {
	q := &query{}
	if len(nodes) > 0 && nodes[0].is("WITH") {
		nodes = nodes[1:]
		for {
			if len(nodes) < 3 || !nodes[0].name || !nodes[1].is("AS") || !nodes[2].brackets() {
				return nil, errors.New("read query: WITH wants name AS (query)")
			}
			inner, err := parseQuery(nodes[2].kids)
			if err != nil {
				return nil, err
			}
			q.with, nodes = append(q.with, named{nodes[0].text, inner}), nodes[3:]
			if len(nodes) == 0 || nodes[0].text != "," {
				break
			}
			nodes = nodes[1:]
		}
	}
	for {
		end := slices.IndexFunc(nodes, func(n node) bool { return n.is("UNION", "INTERSECT") })
		part := nodes
		if end >= 0 {
			part = nodes[:end]
		}
		if len(part) == 1 && part[0].subquery() {
			part = part[0].kids
		}
		b, err := parseBlock(part)
		if err != nil {
			return nil, err
		}
		q.blocks = append(q.blocks, b)
		if end < 0 {
			if len(q.blocks) > 1 {
				q.ordered = b.dropOrder()
			}
			return q, nil
		}
		if !nodes[end].is("UNION") || end+1 >= len(nodes) || !nodes[end+1].is("ALL", "DISTINCT") {
			return nil, fmt.Errorf("read query: %s is not supported", nodes[end].text)
		}
		nodes = nodes[end+2:]
	}
}

// clauses are the words with which the parts of a SELECT begin, in their order.
var clauses = []string{"FROM", "WHERE", "GROUP", "HAVING", "QUALIFY", "WINDOW", "ORDER", "LIMIT"}

func parseBlock(nodes []node) (*block, error) {
	if len(nodes) == 0 || !nodes[0].is("SELECT") {
		return nil, errors.New("read query: it is no SELECT")
	}
	b := &block{}
	nodes = nodes[1:]
	if len(nodes) > 0 && nodes[0].is("DISTINCT", "ALL") {
		b.distinct, nodes = nodes[0].is("DISTINCT"), nodes[1:]
	}
	next := func(words ...string) (part []node) {
		end := slices.IndexFunc(nodes, func(n node) bool { return n.is(words...) })
		if end < 0 {
			end = len(nodes)
		}
		part, nodes = nodes[:end], nodes[end:]
		return part
	}
	for _, part := range split(next(clauses...), ",") {
		i, err := parseItem(part)
		if err != nil {
			return nil, err
		}
		b.items = append(b.items, i)
	}
	if len(nodes) > 0 && nodes[0].is("FROM") {
		nodes = nodes[1:]
		if err := b.parseFrom(next(clauses[1:]...)); err != nil {
			return nil, err
		}
	}
	if len(nodes) > 0 && nodes[0].is("WHERE") {
		nodes = nodes[1:]
		b.where = next(clauses[2:]...)
	}
	b.rest = nodes
	return b, nil
}

// dropOrder takes off what is said of the order of a UNION's answer.
func (b *block) dropOrder() bool {
	i := slices.IndexFunc(b.rest, func(n node) bool { return n.is("ORDER") })
	if i >= 0 {
		b.rest = b.rest[:i]
	}
	return i >= 0
}

func parseItem(nodes []node) (item, error) {
	if len(nodes) == 0 {
		return item{}, errors.New("read query: an item of SELECT is empty")
	}
	if i := slices.IndexFunc(nodes, func(n node) bool { return n.text == "*" }); i == 0 || i == 2 && nodes[1].text == "." {
		return parseStar(nodes[:i], nodes[i+1:])
	}
	if n := len(nodes); n > 2 && nodes[n-2].is("AS") {
		return item{name: nodes[n-1].text, alias: true, nodes: nodes[:n-2]}, nil
	}
	i := item{nodes: nodes}
	if segments, rest := path(nodes); len(rest) == 0 {
		i.name = segments[len(segments)-1]
	}
	return i, nil
}

func parseStar(before, after []node) (item, error) {
	i := item{star: true}
	if len(before) > 0 {
		i.of = before[0].text
	}
	for ; len(after) >= 2 && after[1].brackets(); after = after[2:] {
		for _, part := range split(after[1].kids, ",") {
			inner, err := parseItem(part)
			if err != nil {
				return i, err
			}
			if after[0].is("EXCEPT") {
				i.except = append(i.except, inner.name)
			} else {
				i.replace = append(i.replace, inner)
			}
		}
	}
	if len(after) > 0 {
		return i, fmt.Errorf("read query: %s after * is not supported", after[0].text)
	}
	return i, nil
}

// joins are the words between sources.
var joins = []string{"CROSS", "INNER", "LEFT", "RIGHT", "FULL", "OUTER", "JOIN"}

func (b *block) parseFrom(nodes []node) error {
	for len(nodes) > 0 {
		if nodes[0].text == "," || nodes[0].is(joins...) {
			nodes = nodes[1:]
			continue
		}
		if nodes[0].is("ON", "USING") {
			end := slices.IndexFunc(nodes, func(n node) bool { return n.text == "," || n.is(joins...) })
			if end < 0 {
				end = len(nodes)
			}
			b.joined, nodes = append(b.joined, nodes[1:end]...), nodes[end:]
			continue
		}
		var s source
		switch {
		case nodes[0].subquery():
			inner, err := parseQuery(nodes[0].kids)
			if err != nil {
				return err
			}
			s.query, nodes = inner, nodes[1:]
		case nodes[0].is("UNNEST") && len(nodes) > 1 && nodes[1].brackets():
			s.unnest, nodes = nodes[1].kids, nodes[2:]
		case nodes[0].name:
			var segments []string
			segments, nodes = path(nodes)
			s.table = segments[len(segments)-1]
			s.alias = s.table
		default:
			return fmt.Errorf("read query: FROM does not begin with %s", nodes[0].text)
		}
		if len(nodes) > 1 && nodes[0].is("AS") {
			nodes = nodes[1:]
		}
		if len(nodes) > 0 && nodes[0].name && !nodes[0].is(append(joins, "ON", "USING")...) {
			s.alias, nodes = nodes[0].text, nodes[1:]
		}
		b.from = append(b.from, s)
	}
	return nil
}
