// Package googlesql rewrites GoogleSQL, the dialect of BigQuery, to the SQL of
// DuckDB.
//
// A statement enters as text; a Statement leaves: what kind it is, the table
// that it changes, and the text that DuckDB runs. The local BigQuery server
// calls it for every query, and gives it a Scope that knows its tables and the
// query's parameters.
//
// The text is cut into tokens, which are written out again from left to right.
// Most stay as they are. Tables are looked up, literals, types and array indices
// written as DuckDB has them, and an UNNEST goes into the table that it belongs
// to. Functions are no matter of the text: Functions holds them as macros. What
// neither knows reaches DuckDB, whose message names it.
//
// Differences that remain, and that a query should not lean on: an integer literal
// is 32 bits wide until it meets a column; and a record that is not written out
// where it is stored, as one of a subquery, goes into its column by the names of
// its fields, and not by their places.
package googlesql

import (
	_ "embed"
	"fmt"
	"strings"
)

// Functions makes GoogleSQL's functions in DuckDB, in the schema in use.
//
//go:embed functions.sql
var Functions string

// Kind says what a statement does, by its name in a job's statistics.
type Kind string

// The kinds of statement.
const (
	CreateSchema Kind = "CREATE_SCHEMA"
	DropSchema   Kind = "DROP_SCHEMA"

	Query       Kind = "SELECT"                 // gives rows
	CreateTable Kind = "CREATE_TABLE_AS_SELECT" // SQL is the SELECT
	CreateEmpty Kind = "CREATE_TABLE"           // SQL is a SELECT without rows
	CreateView  Kind = "CREATE_VIEW"            // SQL is its query
	AlterTable  Kind = "ALTER_TABLE"
	DropTable   Kind = "DROP_TABLE"
	DropView    Kind = "DROP_VIEW"
	Insert      Kind = "INSERT"
	Merge       Kind = "MERGE"
	Update      Kind = "UPDATE"
	Delete      Kind = "DELETE"
	Truncate    Kind = "TRUNCATE_TABLE"
)

// Changes says whether the statement changes rows of an existing table.
func (k Kind) Changes() bool {
	return k == Insert || k == Update || k == Delete || k == Merge || k == Truncate
}

// Statement is one rewritten statement.
type Statement struct {
	Kind      Kind
	Target    []string       // the path of what is made, changed or removed
	SQL       string         // what DuckDB runs
	Resource  map[string]any // what CREATE says, as members of the REST API's resource
	Twice     string         // a query with a row if UPDATE or MERGE would change one twice
	Required  []string       // columns of a new table that are NOT NULL
	Changes   []Change       // of ALTER TABLE
	OrReplace bool
	IfExists  bool // IF EXISTS, or IF NOT EXISTS
	Cascade   bool
}

// Change is what ALTER TABLE does to one column: add it, drop it, or change its type.
type Change struct {
	Column   string
	Add      bool
	IfExists bool   // IF EXISTS, or IF NOT EXISTS
	SQL      string // a SELECT of its new type's NULL; none if the column is dropped
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
	w := &writer{source: source, scope: scope, tokens: tokens}
	w.defined, w.hidden, w.aliases = map[string]int{}, map[string][]string{}, map[string]bool{}
	s := w.statement()
	return s, w.err
}

// Quote writes a name as a DuckDB identifier.
func Quote(name string) string {
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// Literal writes a string as a DuckDB literal.
func Literal(s string) string {
	return "'" + strings.ReplaceAll(s, "'", "''") + "'"
}
