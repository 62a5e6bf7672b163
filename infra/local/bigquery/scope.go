package bigquery

import (
	"fmt"
	"slices"
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
	views      []string // the Ids of those that this is the query of, one within the other
}

// maxViews bounds views upon views, as the service does.
const maxViews = 16

func (c *scope) Parameter(name string) (string, error) {
	if literal, ok := c.parameters[strings.ToLower(name)]; ok {
		return literal, nil
	}
	return "", invalidQuery("Query parameter '%s' not found", name)
}

// split reads a path as a dataset and a name in it.
func (c *scope) split(path []string) (dataset, name string, err error) {
	if len(path) > 1 && path[0] == c.server.options.Project {
		path = path[1:]
	} else if len(path) == 3 && !strings.EqualFold(path[1], "INFORMATION_SCHEMA") {
		return "", "", notFound("Project %s", path[0])
	}
	if len(path) == 1 && c.dataset != nil {
		path = []string{c.dataset.DatasetId, path[0]}
	}
	if len(path) < 2 {
		return "", "", invalidQuery("Table \"%s\" must be qualified with a dataset (e.g. dataset.table).", strings.Join(path, "."))
	}
	d, err := c.server.catalogue.dataset(path[0])
	if err == nil && c.location != "" && !strings.EqualFold(d.Location, c.location) {
		return "", "", notFound("Dataset %s was not found in location %s", d.Id, c.location)
	}
	return path[0], strings.Join(path[1:], "."), nil
}

// target resolves the path of what a statement makes, changes or removes.
func (c *scope) target(path []string) (dataset, name string, err error) {
	dataset, name, err = c.split(path)
	if strings.Contains(name, ".") {
		err = invalidQuery("INFORMATION_SCHEMA cannot be changed")
	}
	return dataset, name, err
}

// Relation resolves a table's name. A view stands as its query, rewritten
// afresh, so that it follows every change of the tables that it reads.
func (c *scope) Relation(path []string) (googlesql.Relation, error) {
	dataset, name, err := c.split(path)
	if err != nil {
		return googlesql.Relation{}, err
	}
	if view, found := strings.CutPrefix(strings.ToUpper(name), "INFORMATION_SCHEMA."); found {
		return c.server.information(dataset, view)
	}
	t, err := c.server.catalogue.table(dataset, name)
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
	switch {
	case slices.Contains(c.views, t.Id):
		return googlesql.Relation{}, invalidQuery("View %s cannot be made of itself", t.Id)
	case len(c.views) >= maxViews:
		return googlesql.Relation{}, invalidQuery("Views are nested more than %d deep at %s", maxViews, t.Id)
	}
	statement, err := googlesql.Rewrite(t.View.Query, &scope{server: c.server, views: append(slices.Clip(c.views), t.Id)})
	if err != nil {
		return googlesql.Relation{}, fmt.Errorf("view %s: %w", t.Id, err)
	}
	relation.SQL = "(" + statement.SQL + ")"
	return relation, nil
}

// informationViews are the columns of INFORMATION_SCHEMA's views behind the first
// two, and informationColumns those of both.
var informationViews = map[string]string{
	"TABLES":  "table_name, table_type, make_timestamptz(created * 1000) AS creation_time",
	"COLUMNS": "table_name, column_name, ordinal_position, is_nullable, data_type",
}

const informationColumns = "table_name, table_type, created, column_name, ordinal_position, is_nullable, data_type"

// information builds a dataset's INFORMATION_SCHEMA.TABLES or COLUMNS.
func (s *Server) information(dataset, view string) (googlesql.Relation, error) {
	columns, known := informationViews[view]
	if !known {
		return googlesql.Relation{}, notImplemented("INFORMATION_SCHEMA.%s", view)
	}
	if _, err := s.catalogue.dataset(dataset); err != nil {
		return googlesql.Relation{}, err
	}
	q := googlesql.Literal
	rows := []string{"('', '', 0, '', 0, '', '')"} // since a VALUES has one row at least
	for _, t := range s.catalogue.listTables(dataset) {
		kind := strings.Replace(t.Type, "TABLE", "BASE TABLE", 1)
		fields := t.Schema.Fields
		if view == "TABLES" {
			fields = fields[:1] // one row
		}
		for i, f := range fields {
			nullable := map[bool]string{false: "YES", true: "NO"}[f.Mode == "REQUIRED"]
			rows = append(rows, fmt.Sprintf("(%s, %s, %d, %s, %d, %s, %s)",
				q(t.id()), q(kind), t.CreationTime, q(f.Name), i+1, q(nullable), q(standardType(f))))
		}
	}
	sql := fmt.Sprintf("(SELECT %s AS table_catalog, %s AS table_schema, %s FROM (VALUES %s) AS v(%s) WHERE table_name <> '')",
		q(s.options.Project), q(dataset), columns, strings.Join(rows, ", "), informationColumns)
	return googlesql.Relation{SQL: sql, Name: view}, nil
}
