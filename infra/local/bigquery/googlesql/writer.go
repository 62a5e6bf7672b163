package googlesql

import "strings"

// writer writes the DuckDB text of one statement.
type writer struct {
	source  string
	scope   Scope
	tokens  []token
	defined map[string]int      // names of WITH, in lower case: the token behind which each stands for its query
	hidden  map[string][]string // by alias, in lower case: columns that UNNEST has added to the block's tables
	aliases map[string]bool     // of the FROM clauses in reach, in lower case
	changes bool                // whether the statement changes rows
	changed Relation            // the table that UPDATE or MERGE changes, by its alias if it has one
	inserts int                 // where the query ends whose rows INSERT takes
	err     error               // the first refusal
}

// refuse keeps the first refusal. What is written after it is of no use.
func (w *writer) refuse(format string, args ...any) string {
	if w.err == nil {
		w.err = refuse(format, args...)
	}
	return ""
}

// at is token i, or an empty one where there is none.
func (w *writer) at(i int) token {
	if i >= 0 && i < len(w.tokens) {
		return w.tokens[i]
	}
	return token{}
}

// phrase says that these words stand at token i.
func (w *writer) phrase(i int, words string) bool {
	for k, s := range strings.Fields(words) {
		if !w.at(i + k).is(s) {
			return false
		}
	}
	return true
}

// skip passes over the given words, if they stand at token i.
func (w *writer) skip(i *int, words string) bool {
	found := w.phrase(*i, words)
	if found {
		*i += len(strings.Fields(words))
	}
	return found
}

// next is the token behind token i and all that it opens.
func (w *writer) next(i int) int { return max(i, w.at(i).close) + 1 }

// find gives the first of the words that stands in no bracket, or to.
func (w *writer) find(from, to int, words ...string) int {
	for from < to && !w.at(from).any(words...) {
		from = w.next(from)
	}
	return min(from, to)
}

// span is a run of tokens.
type span struct{ from, to int }

// split cuts a run at the commas that stand in no bracket.
func (w *writer) split(from, to int) []span {
	var parts []span
	for from < to {
		comma := w.find(from, to, ",")
		parts = append(parts, span{from, comma})
		from = comma + 1
	}
	return parts
}

// describe shows a token in a message.
func (w *writer) describe(i int) string {
	if w.at(i).kind == none {
		return "end of statement"
	}
	return strings.ToUpper(w.at(i).text)
}

// query says that a query begins at token i, in brackets or not.
func (w *writer) query(i int) bool {
	for w.at(i).is("(") {
		i++
	}
	return w.at(i).any("SELECT", "WITH")
}

// name reads what must be one name.
func (w *writer) name(from, to int) string {
	if to != from+1 || !w.at(from).name() {
		return w.refuse("Syntax error: Expected one name at %s", w.describe(from))
	}
	return w.at(from).text
}

// path reads a table's path. A bare project may hold hyphens; a name in
// backticks may hold the whole path.
func (w *writer) path(i int) (parts []string, next int) {
	for w.at(i).name() {
		name := w.at(i)
		for w.at(i+1).is("-") && w.at(i+1).start == w.at(i).end && w.at(i+2).start == w.at(i+1).end &&
			w.at(i+2).kind != mark {
			name.text += "-" + w.at(i+2).text
			i += 2
		}
		parts = append(parts, strings.Split(name.text, ".")...)
		if i++; !w.skip(&i, ".") {
			break
		}
	}
	return parts, i
}

// relation finds a table in the scope.
func (w *writer) relation(path []string) (r Relation) {
	if w.err == nil {
		r, w.err = w.scope.Relation(path)
	}
	return r
}
