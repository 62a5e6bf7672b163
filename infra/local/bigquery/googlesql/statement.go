package googlesql

import (
	"regexp"
	"slices"
	"strings"
)

// forms are the words with which statements begin, besides queries. Those in
// brackets may be left out. What stands behind the name of a table, a view or a
// dataset the function reads.
var forms = []struct {
	kind Kind
	head string
	rest func(w *writer, s *Statement, i, last int)
}{
	{CreateSchema, "CREATE SCHEMA [IF NOT EXISTS]", (*writer).create},
	{CreateEmpty, "CREATE [OR REPLACE] TABLE [IF NOT EXISTS]", (*writer).create},
	{CreateView, "CREATE [OR REPLACE] VIEW [IF NOT EXISTS]", (*writer).create},
	{DropSchema, "DROP SCHEMA [IF EXISTS]", (*writer).drop},
	{DropTable, "DROP TABLE [IF EXISTS]", (*writer).drop},
	{DropView, "DROP VIEW [IF EXISTS]", (*writer).drop},
	{AlterTable, "ALTER TABLE [IF EXISTS]", (*writer).alter},
	{Insert, "INSERT [INTO]", (*writer).change},
	{Update, "UPDATE", (*writer).change},
	{Delete, "DELETE [FROM]", (*writer).change},
	{Merge, "MERGE [INTO]", (*writer).merge},
	{Truncate, "TRUNCATE TABLE", (*writer).change},
}

var formParts = regexp.MustCompile(`\[[A-Z ]+\]|[A-Z]+`)

// head reads the words with which a form begins.
func (w *writer) head(form string) (next int, found bool) {
	for _, part := range formParts.FindAllString(form, -1) {
		words := strings.Trim(part, "[]")
		if !w.skip(&next, words) && words == part {
			return 0, false
		}
	}
	return next, true
}

func (w *writer) statement() (s Statement) {
	last := len(w.tokens)
	for last > 0 && w.at(last-1).is(";") {
		last--
	}
	if w.find(0, last, ";") < last {
		w.refuse("Scripts of several statements are not supported: send one statement a query")
		return s
	}
	if w.query(0) {
		return Statement{Kind: Query, SQL: w.write(0, last)}
	}
	for _, form := range forms {
		i, found := w.head(form.head)
		if !found {
			continue
		}
		s.Kind, s.OrReplace, s.IfExists = form.kind, w.at(1).is("OR"), w.at(i-1).is("EXISTS")
		if s.Target, i = w.path(i); len(s.Target) == 0 {
			w.refuse("Syntax error: Expected a name, got %s", w.describe(i))
		}
		form.rest(w, &s, i, last)
		return s
	}
	if last == 0 {
		w.refuse("Syntax error: Unexpected end of statement")
		return s
	}
	beginning := w.source[w.at(0).start:w.at(min(last, 4)-1).end]
	w.refuse("Statement not supported: %s", strings.Join(strings.Fields(beginning), " "))
	return s
}

// create reads the clauses that describe what is new.
func (w *writer) create(s *Statement, i, last int) {
	schema, table := s.Kind == CreateSchema, s.Kind == CreateEmpty
	s.Resource = map[string]any{}
	for i < last {
		end := w.find(w.next(i), last, "PARTITION", "CLUSTER", "OPTIONS", "AS")
		switch {
		case table && w.skip(&i, "("):
			s.SQL, s.Required = w.columns(i, end-1)
		case table && w.skip(&i, "PARTITION BY"):
			s.Resource["timePartitioning"] = map[string]any{"type": "DAY", "field": w.partition(i, end)}
		case table && w.skip(&i, "CLUSTER BY"):
			var columns []string
			for _, column := range w.split(i, end) {
				columns = append(columns, w.name(column.from, column.to))
			}
			s.Resource["clustering"] = map[string]any{"fields": columns}
		case w.skip(&i, "OPTIONS ("):
			for _, option := range w.split(i, end-1) {
				name, value := w.at(option.from).text, w.at(option.from+2)
				known := w.phrase(option.from, "description =") || schema && w.phrase(option.from, "location =")
				if !known || value.kind != text || option.to != option.from+3 {
					w.refuse("Option not supported: %s", name)
				}
				s.Resource[strings.ToLower(name)] = value.text
			}
		case !schema && s.SQL == "" && w.skip(&i, "AS") && w.query(i):
			s.SQL, end = w.write(i, last), last
			if table {
				s.Kind = CreateTable
			} else {
				s.Resource["view"] = map[string]any{"query": w.source[w.at(i).start:w.at(last-1).end]}
			}
		default:
			w.refuse("Not supported in %s: %s", s.Kind, w.describe(i))
		}
		i = end
	}
	if !schema && s.SQL == "" {
		w.refuse("CREATE is supported only for a SCHEMA, a TABLE with (column type, ...) or AS query, and a VIEW AS query")
	}
}

// columns writes the columns of a table as a query without rows, and names
// those that must not be NULL.
func (w *writer) columns(from, to int) (query string, required []string) {
	var columns []string
	for _, column := range w.split(from, to) {
		name := w.name(column.from, column.from+1)
		if w.phrase(column.to-2, "NOT NULL") {
			required = append(required, name)
		}
		columns = append(columns, "CAST(NULL AS "+w.typeOf(column.from+1, column.to)+") AS "+Quote(name))
	}
	return "SELECT " + strings.Join(columns, ", ") + " WHERE FALSE", required
}

// partition reads the column whose days make partitions: bare, or as DATE(column).
func (w *writer) partition(from, to int) string {
	if w.skip(&from, "DATE (") {
		to--
	}
	return w.name(from, to)
}

// drop reads what stands behind a dataset's name, if anything does.
func (w *writer) drop(s *Statement, i, last int) {
	if s.Kind == DropSchema && !w.skip(&i, "RESTRICT") {
		s.Cascade = w.skip(&i, "CASCADE")
	}
	if i != last {
		w.refuse("Syntax error: Unexpected %s", w.describe(i))
	}
}

// alter reads the changes of a table's columns.
func (w *writer) alter(s *Statement, i, last int) {
	for _, part := range w.split(i, last) {
		var c Change
		i := part.from
		switch {
		case w.skip(&i, "ADD COLUMN"):
			c.Add, c.IfExists = true, w.skip(&i, "IF NOT EXISTS")
			if c.SQL, s.Required = w.columns(i, part.to); s.Required != nil {
				w.refuse("Cannot add required columns to an existing schema")
			}
		case w.skip(&i, "DROP COLUMN"):
			c.IfExists = w.skip(&i, "IF EXISTS")
			w.name(i, part.to)
		case w.skip(&i, "ALTER COLUMN") && w.phrase(i+1, "SET DATA TYPE"):
			c.SQL = "SELECT CAST(NULL AS " + w.typeOf(i+4, part.to) + ")"
		default:
			w.refuse("ALTER TABLE is supported only with ADD COLUMN, DROP COLUMN and ALTER COLUMN name SET DATA TYPE type")
		}
		c.Column = w.at(i).text
		if slices.ContainsFunc(s.Changes, func(other Change) bool { return strings.EqualFold(other.Column, c.Column) }) {
			w.refuse("ALTER TABLE is supported only with one change of a column: %s", c.Column)
		}
		s.Changes = append(s.Changes, c)
	}
	if len(s.Changes) == 0 {
		w.refuse("Syntax error: Unexpected end of statement")
	}
}
