// Package googlesql rewrites GoogleSQL, the dialect of BigQuery, to the SQL of
// DuckDB.
//
// A statement enters as text; a Statement leaves: what kind it is, the table
// that it changes, and the text that DuckDB runs. The local BigQuery server
// calls it for every query, and gives it a Scope that knows its tables and the
// query's parameters.
//
// The text is cut into tokens, the tokens into a tree of brackets, and the tree
// is written out again clause by clause. Names that mean the same in both
// dialects pass through; the others stand in the tables of function.go. What
// neither knows reaches DuckDB, whose message names it.
//
// Differences that remain, and that a query should not lean on: an integer
// literal is 32 bits wide until it meets a column; an array index out of range
// gives NULL and no error; a cast from FLOAT64 to INT64 rounds half to even.
package googlesql

import (
	"fmt"
	"strings"
)

// Kind says what a statement does.
type Kind int

// The kinds of statement.
const (
	Query       Kind = iota // SELECT: gives rows
	CreateTable             // CREATE TABLE ... AS SELECT: SQL is the SELECT
	CreateView              // CREATE VIEW ... AS SELECT: Source is the GoogleSQL text
	DropTable
	DropView
	AlterColumn // ALTER TABLE ... ALTER COLUMN ... SET DATA TYPE: SQL is a SELECT of the type's NULL
	Insert
	Update
	Delete
	Merge
	Truncate
)

var kindNames = map[Kind]string{
	Query: "SELECT", CreateTable: "CREATE_TABLE_AS_SELECT", CreateView: "CREATE_VIEW",
	DropTable: "DROP_TABLE", DropView: "DROP_VIEW", AlterColumn: "ALTER_TABLE", Insert: "INSERT", Update: "UPDATE",
	Delete: "DELETE", Merge: "MERGE", Truncate: "TRUNCATE_TABLE",
}

// String is the kind's name in a job's statistics.
func (k Kind) String() string { return kindNames[k] }

// Changes says whether the statement changes rows of an existing table.
func (k Kind) Changes() bool { return k >= Insert }

// Statement is one rewritten statement.
type Statement struct {
	Kind      Kind
	Target    []string // the table's path, for everything but a query
	SQL       string   // what DuckDB runs
	Source    string   // the GoogleSQL text of a view's query
	Column    string   // whose type ALTER COLUMN changes
	OrReplace bool
	IfExists  bool // IF EXISTS, or IF NOT EXISTS
}

// Relation is a table or a view as a FROM clause uses it.
type Relation struct {
	SQL     string   // a quoted name, or a query in brackets
	Name    string   // the name that qualifies its columns without an alias
	Columns []string // the columns' names
}

// Scope is what a statement may refer to.
type Scope interface {
	// Relation finds the table of a path: [dataset table] or
	// [project dataset table], or [table] where a default dataset is set.
	Relation(path []string) (Relation, error)
	// Parameter gives the literal for @name, or for the nth ? as "1", "2"...
	Parameter(name string) (string, error)
}

// Error is a statement that GoogleSQL, or this rewriter, does not accept.
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

func refuse(format string, args ...any) error {
	return &Error{Message: fmt.Sprintf(format, args...)}
}

// Rewrite turns one GoogleSQL statement into DuckDB SQL.
func Rewrite(source string, scope Scope) (Statement, error) {
	tokens, err := scan(source)
	if err != nil {
		return Statement{}, err
	}
	nodes, err := parse(tokens)
	if err != nil {
		return Statement{}, err
	}
	for len(nodes) > 0 && nodes[len(nodes)-1].is(";") {
		nodes = nodes[:len(nodes)-1]
	}
	for _, n := range nodes {
		if n.is(";") {
			return Statement{}, refuse("Scripts of several statements are not supported: send one statement a query")
		}
	}
	w := &writer{source: source, scope: scope, ctes: map[string]bool{}}
	return w.statement(nodes)
}

// Quote writes a name as a DuckDB identifier.
func Quote(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// Literal writes a string as a DuckDB literal.
func Literal(s string) string {
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
