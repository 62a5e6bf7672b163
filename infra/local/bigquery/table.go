package bigquery

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	bq "google.golang.org/api/bigquery/v2"
)

func etag(version int64) string { return fmt.Sprintf("%q", fmt.Sprintf("v%d", version)) }

func (s *Server) getTable(r *http.Request) (any, error) {
	t, err := s.catalogue.table(r.PathValue("dataset"), r.PathValue("table"))
	if err != nil {
		return nil, err
	}
	if t.view() {
		return t.Table, nil
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

func (s *Server) listTables(r *http.Request) (any, error) {
	if _, err := s.catalogue.dataset(r.PathValue("dataset")); err != nil {
		return nil, err
	}
	list := &bq.TableList{Kind: "bigquery#tableList"}
	for _, t := range s.catalogue.listTables(r.PathValue("dataset")) {
		list.Tables = append(list.Tables, &bq.TableListTables{
			Kind: "bigquery#table", Id: t.Id, TableReference: t.TableReference, Type: t.Type, Labels: t.Labels,
			CreationTime: t.CreationTime, TimePartitioning: t.TimePartitioning, Clustering: t.Clustering,
		})
	}
	list.TotalItems = int64(len(list.Tables))
	return list, nil
}

func (s *Server) insertTable(r *http.Request) (any, error) {
	resource := &bq.Table{}
	if err := decode(r, resource); err != nil {
		return nil, err
	}
	if resource.TableReference == nil || !resourceName.MatchString(resource.TableReference.TableId) {
		return nil, invalid("Invalid table ID: table IDs are letters, digits and underscores")
	}
	if resource.ExternalDataConfiguration != nil || resource.MaterializedView != nil || resource.CloneDefinition != nil ||
		resource.SnapshotDefinition != nil || resource.EncryptionConfiguration != nil || resource.RangePartitioning != nil {
		return nil, notImplemented("external tables, materialized views, clones, snapshots, encryption keys and range partitioning")
	}
	resource.TableReference.DatasetId = r.PathValue("dataset")
	t, err := s.createTable(r.Context(), resource, "", false)
	if err != nil {
		return nil, err
	}
	return t.Table, nil
}

// createTable makes a table or a view, and fills the table from a query if
// one is given.
func (s *Server) createTable(ctx context.Context, resource *bq.Table, query string, replace bool) (*table, error) {
	t := &table{Table: resource, version: 1}
	if err := s.complete(ctx, resource); err != nil {
		return nil, err
	}
	err := s.db.change(ctx, func(tx *sql.Tx) (func(), error) {
		if _, err := s.catalogue.dataset(t.dataset()); err != nil {
			return nil, err
		}
		old, err := s.catalogue.table(t.dataset(), t.id())
		if err == nil && !replace {
			return nil, duplicate("Table %s", t.Id)
		}
		if err := t.replace(ctx, tx, old); err != nil {
			return nil, err
		}
		if query != "" {
			if _, err := tx.ExecContext(ctx, "INSERT INTO "+t.sql()+" "+query); err != nil {
				return nil, err
			}
		}
		return func() { s.catalogue.putTable(t) }, nil
	})
	return t, err
}

// replace makes a table or a view in the place of another, if there is one.
func (t *table) replace(ctx context.Context, tx *sql.Tx, old *table) error {
	if old != nil {
		t.version = old.version + 1
		if err := dropTable(ctx, tx, old); err != nil {
			return err
		}
	}
	t.Etag = etag(t.version)
	if !t.view() {
		ddl := "CREATE TABLE " + t.sql() + " (" + columnList(t.Schema.Fields, constraint) + ")"
		if _, err := tx.ExecContext(ctx, ddl); err != nil {
			return err
		}
	}
	return saveTable(ctx, tx, t)
}

// complete checks a new table's resource and fills in what the service sets.
func (s *Server) complete(ctx context.Context, resource *bq.Table) error {
	reference := resource.TableReference
	reference.ProjectId = s.options.Project
	resource.Kind, resource.Type, resource.Location = "bigquery#table", "TABLE", s.options.Location
	resource.Id = fmt.Sprintf("%s:%s.%s", reference.ProjectId, reference.DatasetId, reference.TableId)
	resource.CreationTime = time.Now().UnixMilli()
	resource.LastModifiedTime = uint64(resource.CreationTime)
	if resource.View != nil {
		resource.Type = "VIEW"
		return s.describeView(ctx, resource)
	}
	if resource.Schema == nil || len(resource.Schema.Fields) == 0 {
		return invalid("Table %s must have a schema", resource.Id)
	}
	return normalise(resource.Schema.Fields)
}

// describeView gives a view the schema of its query.
func (s *Server) describeView(ctx context.Context, resource *bq.Table) error {
	if resource.View.UseLegacySql {
		return notImplemented("views in legacy SQL")
	}
	statement, _, err := s.rewrite(&queryRequest{Query: resource.View.Query})
	if err != nil {
		return err
	}
	fields, err := s.describe(ctx, statement.SQL)
	resource.Schema = &bq.TableSchema{Fields: fields}
	return err
}

// constraint is what a column's mode demands. A stored array is never NULL.
func constraint(f *field) string {
	return map[string]string{"REQUIRED": " NOT NULL", "REPEATED": " DEFAULT []"}[f.Mode]
}

func (s *Server) deleteTable(r *http.Request) (any, error) {
	return nil, s.removeTable(r.Context(), r.PathValue("dataset"), r.PathValue("table"))
}

func (s *Server) removeTable(ctx context.Context, dataset, id string) error {
	return s.db.change(ctx, func(tx *sql.Tx) (func(), error) {
		t, err := s.catalogue.table(dataset, id)
		if err != nil {
			return nil, err
		}
		return func() { s.catalogue.dropTable(dataset, id) }, dropTable(ctx, tx, t)
	})
}

func dropTable(ctx context.Context, tx *sql.Tx, t *table) error {
	if !t.view() {
		if _, err := tx.ExecContext(ctx, "DROP TABLE "+t.sql()); err != nil {
			return err
		}
	}
	return forgetTable(ctx, tx, t.dataset(), t.id())
}

// patchTable merges the given members into the table's resource. New fields of
// the schema become columns, wherever in the nested records they stand.
func (s *Server) patchTable(r *http.Request) (any, error) {
	var patch map[string]any
	if err := decode(r, &patch); err != nil {
		return nil, err
	}
	ctx := r.Context()
	var patched *table
	err := s.db.change(ctx, func(tx *sql.Tx) (func(), error) {
		old, err := s.catalogue.table(r.PathValue("dataset"), r.PathValue("table"))
		if err != nil {
			return nil, err
		}
		if match := r.Header.Get("If-Match"); match != "" && match != old.Etag && match != "*" {
			return nil, fail(http.StatusPreconditionFailed, "conditionNotMet", "Precondition Failed")
		}
		if patched, err = old.patched(patch); err != nil {
			return nil, err
		}
		if err := s.alter(ctx, tx, old, patched); err != nil {
			return nil, err
		}
		return func() { s.catalogue.putTable(patched) }, saveTable(ctx, tx, patched)
	})
	if err != nil {
		return nil, err
	}
	return patched.Table, nil
}

// fixed are the members of a table's resource that a patch does not change.
var fixed = []string{"kind", "id", "etag", "selfLink", "tableReference", "type", "creationTime", "lastModifiedTime",
	"location", "numRows", "numBytes"}

func (t *table) patched(patch map[string]any) (*table, error) {
	for _, name := range fixed {
		delete(patch, name)
	}
	members := map[string]any{}
	if err := convert(t.Table, &members); err != nil {
		return nil, err
	}
	merge(members, patch)
	next := &table{Table: &bq.Table{}, version: t.version + 1}
	if err := convert(members, next.Table); err != nil {
		return nil, invalid("Invalid table resource: %v", err)
	}
	next.Etag = etag(next.version)
	next.LastModifiedTime = uint64(time.Now().UnixMilli())
	return next, nil
}

// convert reads one form of a resource from another.
func convert(from, into any) error {
	text, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// merge puts the members of a patch into a resource; null takes one away.
func merge(into, patch map[string]any) {
	for name, value := range patch {
		inner, isObject := value.(map[string]any)
		old, wasObject := into[name].(map[string]any)
		switch {
		case value == nil:
			delete(into, name)
		case isObject && wasObject:
			merge(old, inner)
		default:
			into[name] = value
		}
	}
}
