package bigquery

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
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
	if resource.TableReference == nil {
		return nil, invalid("Required parameter is missing: tableReference")
	}
	resource.TableReference.DatasetId = r.PathValue("dataset")
	return resource, s.createTable(r.Context(), resource, "", false)
}

// createTable makes a table or a view of its resource, which it completes, and
// fills the table from a query if one is given.
func (s *Server) createTable(ctx context.Context, resource *bq.Table, query string, replace bool) error {
	resource.CreationTime = 0
	if err := s.complete(ctx, resource); err != nil {
		return err
	}
	t := &table{resource}
	return s.db.change(ctx, func(tx *sql.Tx) (func(), error) {
		old, err := s.catalogue.namesake(t.TableReference)
		switch {
		case err != nil:
			return nil, err
		case old != nil && !replace:
			return nil, duplicate("Table %s", t.Id)
		case old != nil && old.Type != t.Type:
			return nil, invalid("%s is a %s: a %s does not replace it", t.Id, old.Type, t.Type)
		}
		if t.view() {
			return func() { s.catalogue.putTable(t) }, t.save(ctx, tx)
		}
		name := t.id() + " " + rand.Text() // until it is filled: the query may read what it replaces
		if err := t.create(ctx, tx, name); err != nil {
			return nil, err
		}
		if query != "" {
			if _, err := tx.ExecContext(ctx, "INSERT INTO "+sqlName(t.dataset(), name)+" "+query); err != nil {
				return nil, err
			}
		}
		return func() { s.catalogue.putTable(t) }, t.takePlace(ctx, tx, name)
	})
}

// create makes the table, under a name that no table has, until it takes its place.
func (t *table) create(ctx context.Context, tx *sql.Tx, name string) error {
	_, err := tx.ExecContext(ctx, "CREATE TABLE "+sqlName(t.dataset(), name)+" ("+columnList(t.Schema.Fields, constraint)+")")
	return err
}

// tableMembers are what a client may set of a table, and what the service adds.
var tableMembers = []string{
	"tableReference", "schema", "view", "description", "friendlyName", "labels",
	"timePartitioning", "clustering", "tableConstraints",
	"kind", "id", "etag", "type", "location", "creationTime", "lastModifiedTime", "numRows",
}

// complete checks the resource of a table that is new or has changed, and fills
// in what the service sets.
func (s *Server) complete(ctx context.Context, resource *bq.Table) error {
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
		return s.describeView(ctx, resource)
	}
	if resource.Schema == nil || len(resource.Schema.Fields) == 0 {
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
	statement, err := googlesql.Rewrite(resource.View.Query, &scope{server: s, making: resource.Id})
	if err != nil {
		return err
	}
	fields, err := describe(ctx, s.db, statement.SQL)
	resource.Schema = &bq.TableSchema{Fields: fields}
	return err
}

// checkLayout refuses to partition or to cluster a table by what it does not have.
func checkLayout(resource *bq.Table) error {
	var by []string
	if p := resource.TimePartitioning; p != nil {
		by = append(by, p.Field)
	}
	if c := resource.Clustering; c != nil {
		by = append(by, c.Fields...)
	}
	for _, name := range by {
		if name != "" && named(resource.Schema.Fields, name) == nil {
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
		if _, err := tx.ExecContext(ctx, "DROP TABLE IF EXISTS "+t.sql()); err != nil {
			return nil, err
		}
		return func() { s.catalogue.dropTable(t) }, t.forget(ctx, tx)
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
		old, err := json.Marshal(t)
		if err != nil {
			return err
		}
		var merged string
		const merge = "SELECT CAST(json_merge_patch(CAST(? AS JSON), CAST(? AS JSON)) AS VARCHAR)"
		if err := s.db.QueryRowContext(r.Context(), merge, string(old), string(patch)).Scan(&merged); err != nil {
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
		t.Schema.Fields, err = widen(t.Id, "", was.Fields, t.Schema.Fields)
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
		if err := s.complete(ctx, next.Table); err != nil {
			return nil, err
		}
		if next.Type != old.Type {
			return nil, invalid("Cannot make a %s of %s, which is a %s", next.Type, old.Id, old.Type)
		}
		if err := next.alter(ctx, tx, old); err != nil {
			return nil, err
		}
		return func() { s.catalogue.putTable(next) }, next.save(ctx, tx)
	})
}
