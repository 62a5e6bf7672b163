package bigquery

import (
	"fmt"
	"strings"

	bq "google.golang.org/api/bigquery/v2"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

// scope is what one statement may refer to: the catalogue's tables, a default
// dataset, and the parameters of its query.
type scope struct {
	server     *Server
	dataset    *bq.DatasetReference
	location   string // where the query is to run, if it says so
	parameters map[string]string
	depth      int
}

// maxViews bounds views upon views, as the service does.
const maxViews = 16

func (s *Server) rewrite(q *queryRequest) (googlesql.Statement, *scope, error) {
	literals, err := parameterLiterals(q.Parameters)
	if err != nil {
		return googlesql.Statement{}, nil, err
	}
	c := &scope{server: s, dataset: q.DefaultDataset, location: q.Location, parameters: literals}
	statement, err := googlesql.Rewrite(q.Query, c)
	return statement, c, err
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
		path = []string{c.dataset.DatasetId, path[0]}
	}
	if len(path) < 2 {
		return "", nil, invalidQuery("Table \"%s\" must be qualified with a dataset (e.g. dataset.table).", strings.Join(path, "."))
	}
	d, err := c.server.catalogue.dataset(path[0])
	if err == nil && c.location != "" && !strings.EqualFold(d.Location, c.location) {
		return "", nil, notFound("Dataset %s was not found in location %s", d.Id, c.location)
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
		missing := strings.TrimPrefix(err.Error(), "Not found: ")
		return googlesql.Relation{}, notFound("%s was not found in location %s", missing, c.server.options.Location)
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

// informationViews are the select lists of the views of INFORMATION_SCHEMA.
var informationViews = map[string]string{
	"TABLES":  "table_name, table_type, make_timestamptz(number * 1000) AS creation_time",
	"COLUMNS": "table_name, column_name, number AS ordinal_position, is_nullable, data_type",
}

// information builds a dataset's INFORMATION_SCHEMA.TABLES or COLUMNS.
func (s *Server) information(dataset, name string) (googlesql.Relation, error) {
	list, ok := informationViews[strings.ToUpper(name)]
	if !ok {
		return googlesql.Relation{}, notImplemented("INFORMATION_SCHEMA.%s", name)
	}
	if _, err := s.catalogue.dataset(dataset); err != nil {
		return googlesql.Relation{}, err
	}
	q := googlesql.Literal
	rows := []string{"(NULL, NULL, NULL, NULL, NULL, NULL)"} // a VALUES has one row at least
	row := func(table, kind string, number int64, column, nullable, kindOfData string) {
		rows = append(rows, fmt.Sprintf("(%s, %s, %d, %s, %s, %s)", q(table), q(kind), number, q(column), q(nullable), q(kindOfData)))
	}
	for _, t := range s.catalogue.listTables(dataset) {
		if strings.EqualFold(name, "TABLES") {
			row(t.id(), map[bool]string{false: "BASE TABLE", true: "VIEW"}[t.view()], t.CreationTime, "", "", "")
			continue
		}
		for i, f := range t.Schema.Fields {
			row(t.id(), "", int64(i+1), f.Name, map[bool]string{false: "YES", true: "NO"}[f.Mode == "REQUIRED"], standardType(f))
		}
	}
	sql := "(SELECT " + q(s.options.Project) + " AS table_catalog, " + q(dataset) + " AS table_schema, " + list + " FROM (VALUES " +
		strings.Join(rows, ", ") + ") AS v(table_name, table_type, number, column_name, is_nullable, data_type) WHERE table_name IS NOT NULL)"
	return googlesql.Relation{SQL: sql, Name: name}, nil
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
