package bigquery

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	bq "google.golang.org/api/bigquery/v2"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

func newEtag() string { return `"` + rand.Text() + `"` }

func (s *Server) getTable(r *http.Request) (any, error) {
	t, err := s.catalogue.table(r.PathValue("dataset"), r.PathValue("table"))
	if err != nil || t.view() {
		return t, err
	}
	resource := *t.Table
	rows, err := s.count(r.Context(), t)
	resource.NumRows, resource.ForceSendFields = uint64(rows), []string{"NumRows"}
	return &resource, err
}

func (s *Server) count(ctx context.Context, t *table) (rows int64, err error) {
	err = s.db.QueryRowContext(ctx, "SELECT count(*) FROM "+t.sql()).Scan(&rows)
	return rows, err
}

// listTables tells more of each than the service does.
func (s *Server) listTables(r *http.Request) (any, error) {
	_, err := s.catalogue.dataset(r.PathValue("dataset"))
	tables := s.catalogue.listTables(r.PathValue("dataset"))
	return map[string]any{"kind": "bigquery#tableList", "tables": tables, "totalItems": len(tables)}, err
}

func (s *Server) insertTable(r *http.Request) (any, error) {
	resource := &bq.Table{}
	if err := decode(r, resource); err != nil {
		return nil, err
	}
	resource.TableReference = cmp.Or(resource.TableReference, &bq.TableReference{})
	resource.TableReference.DatasetId = r.PathValue("dataset")
	return resource, s.createTable(r.Context(), resource, "", false)
}

// createTable makes a table or a view of its resource, which it completes, and
// fills the table from a query if one is given.
func (s *Server) createTable(ctx context.Context, resource *bq.Table, query string, replace bool) error {
	return s.db.change(ctx, func(tx *sql.Tx) (func(), error) {
		old, err := s.catalogue.namesake(resource.TableReference)
		if err == nil && old != nil && !replace {
			err = duplicate("Table %s", old.Id)
		}
		if err != nil {
			return nil, err
		}
		resource.CreationTime = 0
		if err := s.complete(ctx, resource, old); err != nil {
			return nil, err
		}
		t := &table{resource}
		return s.catalogue.put(ctx, tx, t.build(query), t.name(), t)
	})
}

// build writes the statements that make a table. Until it is filled it has
// another name: the query may read what it replaces.
func (t *table) build(query string) string {
	if t.view() {
		return ""
	}
	name := t.id() + " " + rand.Text()
	statements := t.create(name)
	if query != "" {
		statements += "INSERT INTO " + sqlName(t.dataset(), name) + " " + query + ";"
	}
	return statements + t.takePlace(name)
}

// create writes the statement that makes the table under a name that no other has.
func (t *table) create(name string) string {
	return "CREATE TABLE " + sqlName(t.dataset(), name) + " (" + columnList(t.Schema.Fields, constraint) + ");"
}

// takePlace writes the statements that give the table its own name.
func (t *table) takePlace(name string) string {
	return "DROP TABLE IF EXISTS " + t.sql() + ";" +
		"ALTER TABLE " + sqlName(t.dataset(), name) + " RENAME TO " + googlesql.Quote(t.id())
}

// tableMembers are what a client may set of a table, and what the service adds.
var tableMembers = []string{
	"tableReference", "schema", "view", "description", "friendlyName", "labels",
	"timePartitioning", "clustering", "tableConstraints",
	"kind", "id", "etag", "type", "location", "creationTime", "lastModifiedTime", "numRows",
}

// complete checks the resource of a table that is new, or takes the place of an
// old one, and fills in what the service sets.
func (s *Server) complete(ctx context.Context, resource *bq.Table, old *table) error {
	reference := *resource.TableReference // which others may read of an old version
	if !resourceName.MatchString(reference.TableId) {
		return invalid("Invalid table ID %q: table IDs are letters, digits and underscores", reference.TableId)
	}
	if err := only(resource, tableMembers...); err != nil {
		return err
	}
	reference.ProjectId, resource.TableReference = s.options.Project, &reference
	resource.Kind, resource.Type, resource.Location = "bigquery#table", "TABLE", s.options.Location
	resource.Id = fmt.Sprintf("%s:%s.%s", reference.ProjectId, reference.DatasetId, reference.TableId)
	now := time.Now().UnixMilli()
	resource.CreationTime, resource.LastModifiedTime = cmp.Or(resource.CreationTime, now), uint64(now)
	resource.Etag, resource.NumRows = newEtag(), 0
	if resource.View != nil {
		resource.Type = "VIEW"
	}
	switch {
	case old != nil && old.Type != resource.Type:
		return invalid("%s is a %s: a %s does not replace it", old.Id, old.Type, resource.Type)
	case resource.View != nil:
		return s.describeView(ctx, resource)
	case resource.Schema == nil || len(resource.Schema.Fields) == 0:
		return invalid("Table %s must have a schema", resource.Id)
	}
	if err := normalise(resource.Schema.Fields); err != nil {
		return err
	}
	return checkLayout(resource)
}

// describeView gives a view the schema of its query.
func (s *Server) describeView(ctx context.Context, resource *bq.Table) error {
	if err := only(resource.View, "query"); err != nil {
		return err
	}
	statement, err := googlesql.Rewrite(resource.View.Query, &scope{server: s, views: []string{resource.Id}})
	if err != nil {
		return err
	}
	fields, err := describe(ctx, s.db, statement.SQL)
	resource.Schema = &bq.TableSchema{Fields: fields}
	return err
}

// checkLayout refuses to partition or to cluster a table by what it does not have.
func checkLayout(resource *bq.Table) error {
	by := cmp.Or(resource.Clustering, &bq.Clustering{}).Fields
	if p := resource.TimePartitioning; p != nil && p.Field != "" {
		by = append(slices.Clip(by), p.Field)
	}
	for _, name := range by {
		if named(resource.Schema.Fields, name) == nil {
			return invalid("Table %s is partitioned or clustered by %s, which is not in its schema", resource.Id, name)
		}
	}
	return nil
}

func (s *Server) deleteTable(r *http.Request) (any, error) {
	return nil, s.removeTable(r.Context(), r.PathValue("dataset"), r.PathValue("table"), "")
}

// removeTable removes what has a name, if it is of the given type or none is
// given.
func (s *Server) removeTable(ctx context.Context, dataset, id, kind string) error {
	return s.db.change(ctx, func(tx *sql.Tx) (func(), error) {
		t, err := s.catalogue.table(dataset, id)
		if err != nil {
			return nil, err
		}
		if kind != "" && kind != t.Type {
			return nil, invalidQuery("%s is a %s: DROP %s does not remove it", t.Id, t.Type, kind)
		}
		return s.catalogue.drop(ctx, tx, "DROP TABLE IF EXISTS "+t.sql(), t.name())
	})
}

// patchTable merges the given members into the table's resource. New fields of
// the schema become columns, wherever in the nested records they stand.
func (s *Server) patchTable(r *http.Request) (any, error) {
	var patch json.RawMessage
	if err := decode(r, &patch); err != nil {
		return nil, err
	}
	return s.changeTable(r.Context(), r.PathValue("dataset"), r.PathValue("table"), func(t *table) error {
		if match := r.Header.Get("If-Match"); match != "" && match != t.Etag && match != "*" {
			return fail(http.StatusPreconditionFailed, "conditionNotMet", "Precondition Failed")
		}
		const merge = "SELECT CAST(json_merge_patch(resource, CAST($1 AS JSON)) AS VARCHAR) " +
			"FROM nightwire_catalogue.resources WHERE name = lower($2)"
		var merged string
		if err := s.db.QueryRowContext(r.Context(), merge, string(patch), t.name()).Scan(&merged); err != nil {
			return err
		}
		was := t.Schema
		t.Table = &bq.Table{}
		if err := decodeFrom(strings.NewReader(merged), t.Table); err != nil || t.view() || t.Schema == nil {
			return err
		}
		if err := normalise(t.Schema.Fields); err != nil {
			return err
		}
		var err error
		t.Schema.Fields, err = widen(t.Id, "", side{"the table", was.Fields}, side{"new schema", t.Schema.Fields})
		return err
	})
}

// changeTable gives a table the resource that a change makes of the present one.
func (s *Server) changeTable(ctx context.Context, dataset, id string, change func(*table) error) (*table, error) {
	next := &table{&bq.Table{}}
	return next, s.db.change(ctx, func(tx *sql.Tx) (func(), error) {
		old, err := s.catalogue.table(dataset, id)
		if err != nil {
			return nil, err
		}
		if err := convert(old.Table, next.Table); err != nil {
			return nil, err
		}
		if err := change(next); err != nil {
			return nil, err
		}
		next.TableReference, next.CreationTime = old.TableReference, old.CreationTime
		if err := s.complete(ctx, next.Table, old); err != nil {
			return nil, err
		}
		return s.catalogue.put(ctx, tx, next.alter(old), next.name(), next)
	})
}
