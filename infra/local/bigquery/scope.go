package bigquery

import (
	"context"
	"fmt"
	"strings"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

// scope is what one statement may refer to: the catalogue's tables, a default
// dataset, and the parameters of its query.
type scope struct {
	server     *Server
	dataset    *datasetReference
	parameters map[string]string
	depth      int
}

// maxViews bounds views upon views, as the service does.
const maxViews = 16

func (s *Server) rewrite(query string, dataset *datasetReference, parameters []queryParameter) (googlesql.Statement, error) {
	literals, err := parameterLiterals(parameters)
	if err != nil {
		return googlesql.Statement{}, err
	}
	return googlesql.Rewrite(query, &scope{server: s, dataset: dataset, parameters: literals})
}

func (c *scope) Parameter(name string) (string, error) {
	if literal, ok := c.parameters[strings.ToLower(name)]; ok {
		return literal, nil
	}
	return "", invalidQuery("Query parameter '%s' not found", name)
}

// split reads a path as dataset and table.
func (c *scope) split(path []string) (dataset string, rest []string, err error) {
	if len(path) > 1 && path[0] == c.server.options.Project {
		path = path[1:]
	} else if len(path) == 3 && !strings.EqualFold(path[1], "INFORMATION_SCHEMA") {
		return "", nil, notFound("Project %s", path[0])
	}
	if len(path) == 1 && c.dataset != nil {
		path = []string{c.dataset.DatasetID, path[0]}
	}
	if len(path) < 2 {
		return "", nil, invalidQuery("Table \"%s\" must be qualified with a dataset (e.g. dataset.table).", strings.Join(path, "."))
	}
	return path[0], path[1:], nil
}

// Relation resolves a table's name. A view stands as its query, rewritten
// afresh, so that it follows every change of the tables that it reads.
func (c *scope) Relation(path []string) (googlesql.Relation, error) {
	dataset, rest, err := c.split(path)
	if err != nil {
		return googlesql.Relation{}, err
	}
	if len(rest) == 2 && strings.EqualFold(rest[0], "INFORMATION_SCHEMA") {
		return c.server.information(dataset, rest[1])
	}
	t, err := c.server.catalogue.table(dataset, strings.Join(rest, "."))
	if err != nil {
		return googlesql.Relation{}, err
	}
	relation := googlesql.Relation{SQL: t.sql(), Name: t.id()}
	for _, f := range t.Schema.Fields {
		relation.Columns = append(relation.Columns, f.Name)
	}
	if !t.view() {
		return relation, nil
	}
	if c.depth == maxViews {
		return googlesql.Relation{}, invalidQuery("Views are nested more than %d deep at %s", maxViews, t.Id)
	}
	statement, err := googlesql.Rewrite(t.View.Query, &scope{server: c.server, depth: c.depth + 1})
	if err != nil {
		return googlesql.Relation{}, fmt.Errorf("view %s: %w", t.Id, err)
	}
	relation.SQL = "(" + statement.SQL + ")"
	return relation, nil
}

// information builds a dataset's INFORMATION_SCHEMA.TABLES or COLUMNS.
func (s *Server) information(dataset, name string) (googlesql.Relation, error) {
	if _, err := s.catalogue.dataset(dataset); err != nil {
		return googlesql.Relation{}, err
	}
	view := strings.ToUpper(name)
	columns, ok := informationColumns[view]
	if !ok {
		return googlesql.Relation{}, notImplemented("INFORMATION_SCHEMA.%s", name)
	}
	var rows []string
	q := googlesql.Literal
	for _, t := range s.catalogue.listTables(dataset) {
		if view == "TABLES" {
			kind := map[bool]string{false: "BASE TABLE", true: "VIEW"}[t.view()]
			rows = append(rows, fmt.Sprintf("(%s, %s, %s, %s, make_timestamptz(%d000))",
				q(s.options.Project), q(dataset), q(t.id()), q(kind), t.CreationTime))
			continue
		}
		for i, f := range t.Schema.Fields {
			nullable := map[bool]string{false: "YES", true: "NO"}[f.Mode == "REQUIRED"]
			rows = append(rows, fmt.Sprintf("(%s, %s, %s, %s, %d, %s, %s)",
				q(s.options.Project), q(dataset), q(t.id()), q(f.Name), i+1, q(nullable), q(standardType(f))))
		}
	}
	values := "VALUES " + strings.Join(rows, ", ")
	if len(rows) == 0 {
		values = "SELECT " + strings.Repeat("NULL, ", len(columns)-1) + "NULL WHERE FALSE"
	}
	sql := "(SELECT * FROM (" + values + ") AS t(" + strings.Join(columns, ", ") + "))"
	return googlesql.Relation{SQL: sql, Name: name, Columns: columns}, nil
}

// informationColumns are the columns of each view of INFORMATION_SCHEMA.
var informationColumns = map[string][]string{
	"TABLES":  {"table_catalog", "table_schema", "table_name", "table_type", "creation_time"},
	"COLUMNS": {"table_catalog", "table_schema", "table_name", "column_name", "ordinal_position", "is_nullable", "data_type"},
}

var standardNames = map[string]string{"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}

// standardType is a column's type as GoogleSQL writes it.
func standardType(f *field) string {
	t := f.Type
	if standard, ok := standardNames[t]; ok {
		t = standard
	}
	if t == "RECORD" {
		var fields []string
		for _, child := range f.Fields {
			fields = append(fields, child.Name+" "+standardType(child))
		}
		t = "STRUCT<" + strings.Join(fields, ", ") + ">"
	}
	if f.Mode == "REPEATED" {
		t = "ARRAY<" + t + ">"
	}
	return t
}

// describe analyses a DuckDB query and gives the fields of its result.
func (s *Server) describe(ctx context.Context, sql string) ([]*field, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE "+sql+")")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var fields []*field
	seen := map[string]bool{}
	anonymous := 0
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			return nil, err
		}
		text := &typeText{kind}
		f, err := text.field()
		if err != nil {
			return nil, err
		}
		if !columnName.MatchString(name) {
			name = fmt.Sprintf("f%d_", anonymous)
			anonymous++
		}
		if seen[strings.ToLower(name)] {
			return nil, invalidQuery("Duplicate column names in the result are not supported. Found duplicate(s): %s", name)
		}
		seen[strings.ToLower(name)] = true
		f.Name = name
		fields = append(fields, f)
	}
	return fields, rows.Err()
}
