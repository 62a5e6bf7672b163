package scan

import (
	"fmt"
	"slices"
	"strings"
)

// words are those of GoogleSQL that stand in an expression and are no columns.
var words = strings.Fields(`ALL AND AS ASC BETWEEN BY CASE CAST DAY DESC DISTINCT ELSE END FALSE FIRST FOLLOWING FROM GROUP
	HAVING HOUR IGNORE IN INTERVAL IS LAST LIKE LIMIT MAX MICROSECOND MILLISECOND MIN MINUTE MONTH NOT NULL NULLS OFFSET ON
	OR ORDER OVER PARTITION PRECEDING QUALIFY RANGE RESPECT ROW ROWS SAFE SECOND THEN TRUE UNBOUNDED USING WEEK WHEN WINDOW YEAR
	WHERE DATE TIMESTAMP`)

// expression reads every column that an expression names. Its names may also be
// those of the select list's items, where those are given.
func (r *reader) expression(nodes []node, here *scope, items []item) error {
	for len(nodes) > 0 {
		n := nodes[0]
		switch {
		case n.subquery():
			q, err := parseQuery(n.kids)
			if err != nil {
				return err
			}
			if err := r.query(q, everything(), here); err != nil {
				return err
			}
			nodes = nodes[1:]
		case len(n.kids) > 0:
			if err := r.expression(n.kids, here, items); err != nil {
				return err
			}
			nodes = nodes[1:]
			if len(nodes) > 1 && nodes[0].text == "." { // a field of what came out
				_, nodes = path(nodes[1:])
			}
		case n.is("AS") && len(nodes) > 1: // a type, or the name of a field
			nodes = nodes[2:]
		case !n.name:
			nodes = nodes[1:]
		default:
			segments, rest := path(nodes)
			if len(rest) == 0 || !rest[0].brackets() {
				if err := r.column(segments, here, items); err != nil {
					return err
				}
			} else if len(segments) == 1 && isWord(segments[0]) {
				rest = nodes[1:] // IN (...), OVER (...)
			}
			nodes = rest
		}
	}
	return nil
}

func isWord(text string) bool { return slices.Contains(words, strings.ToUpper(text)) }

func (r *reader) column(segments []string, here *scope, items []item) error {
	for _, it := range items {
		if it.alias && strings.EqualFold(it.name, segments[0]) {
			return r.item(it, []string{strings.Join(segments[1:], ".")}, here)
		}
	}
	if rel, path, ok := here.find(segments); ok {
		rel.need(path)
		return nil
	}
	answered := slices.ContainsFunc(items, func(i item) bool { return strings.EqualFold(i.name, segments[0]) })
	if answered || len(segments) == 1 && isWord(segments[0]) {
		return nil
	}
	return fmt.Errorf("read query: no column %s is known", strings.Join(segments, "."))
}

// source adds a source of a FROM clause to the scope.
func (r *reader) source(s source, here *scope) error {
	rel := &relation{alias: s.alias, want: &wanted{}}
	switch {
	case s.unnest != nil:
		if err := r.items(s, rel, here); err != nil {
			return err
		}
	case s.query != nil:
		rel.query, rel.within = s.query, here.outer
	default:
		if q, at := here.named(s.table); q != nil {
			rel.query, rel.within = q, at
		} else if table, ok := r.catalogue.tables[s.table]; ok {
			rel.table = s.table
			for _, c := range table.Columns {
				rel.columns = append(rel.columns, c.Name)
			}
		} else if view := r.catalogue.views[s.table]; view != nil {
			rel.query = view
		} else {
			return fmt.Errorf("read query: no table or view %s is known", s.table)
		}
	}
	if rel.query != nil {
		var err error
		if rel.columns, err = r.columns(rel.query, rel.within); err != nil {
			return err
		}
	}
	here.relations = append(here.relations, rel)
	return nil
}

// items makes a relation of an array's items.
func (r *reader) items(s source, rel *relation, here *scope) error {
	segments, rest := path(s.unnest)
	if len(rest) == 0 && len(segments) > 0 {
		if of, at, ok := here.find(segments); ok {
			rel.array, rel.path = of, at
			return nil
		}
	}
	return r.expression(s.unnest, here, nil)
}

// columns are the names of what a query answers, at the top level.
func (r *reader) columns(q *query, outer *scope) ([]string, error) {
	if err := r.step(); err != nil {
		return nil, err
	}
	here := &scope{with: q.with, outer: outer}
	b := q.blocks[0]
	inner := &scope{outer: here}
	var names []string
	for _, it := range b.items {
		if !it.star {
			names = append(names, it.name)
			continue
		}
		if len(inner.relations) == 0 {
			for _, s := range b.from {
				if err := r.source(s, inner); err != nil {
					return nil, err
				}
			}
		}
		for _, rel := range inner.relations {
			if it.of != "" && !strings.EqualFold(rel.alias, it.of) {
				continue
			}
			for _, c := range rel.columns {
				if !slices.ContainsFunc(it.except, func(e string) bool { return strings.EqualFold(e, c) }) {
					names = append(names, c)
				}
			}
		}
	}
	return names, nil
}
