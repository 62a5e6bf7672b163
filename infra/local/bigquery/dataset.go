package bigquery

import (
	"cmp"
	"context"
	"database/sql"
	"net/http"
	"regexp"
	"strings"
	"time"

	bq "google.golang.org/api/bigquery/v2"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

var resourceName = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

// internalSchemas are DuckDB's and this server's own: no dataset has their name.
var internalSchemas = map[string]bool{
	"main": true, "temp": true, "memory": true, "system": true, "googlesql": true,
	"pg_catalog": true, "information_schema": true, "nightwire_catalogue": true,
}

func (s *Server) insertDataset(r *http.Request) (any, error) {
	d := &bq.Dataset{}
	if err := decode(r, d); err != nil {
		return nil, err
	}
	d.DatasetReference = cmp.Or(d.DatasetReference, &bq.DatasetReference{})
	return d, s.createDataset(r.Context(), d)
}

// createDataset makes a dataset of its resource, which it completes.
func (s *Server) createDataset(ctx context.Context, d *bq.Dataset) error {
	id := d.DatasetReference.DatasetId
	if !resourceName.MatchString(id) || internalSchemas[strings.ToLower(id)] {
		return invalid("Invalid dataset ID %q: use letters, digits and underscores, and no name of the database's own", id)
	}
	if err := only(d, "datasetReference", "description", "friendlyName", "id", "kind", "labels", "location"); err != nil {
		return err
	}
	d.Kind, d.Id, d.DatasetReference.ProjectId = "bigquery#dataset", s.options.Project+":"+id, s.options.Project
	d.Location = cmp.Or(d.Location, s.options.Location)
	d.CreationTime, d.Etag = time.Now().UnixMilli(), newEtag()
	d.LastModifiedTime = d.CreationTime
	return s.db.change(ctx, func(tx *sql.Tx) (func(), error) {
		switch other, _ := s.catalogue.find(id).(*bq.Dataset); {
		case other == nil:
			return s.catalogue.put(ctx, tx, "CREATE SCHEMA "+googlesql.Quote(id), id, d)
		case other.Id == d.Id:
			return nil, duplicate("Dataset %s", d.Id)
		default:
			return nil, notImplemented("datasets whose names differ in capitals only, as %s and %s", other.Id, d.Id)
		}
	})
}

func (s *Server) getDataset(r *http.Request) (any, error) {
	return s.catalogue.dataset(r.PathValue("dataset"))
}

// listDatasets tells more of each than the service does.
func (s *Server) listDatasets(*http.Request) (any, error) {
	return map[string]any{"kind": "bigquery#datasetList", "datasets": s.catalogue.listDatasets()}, nil
}

func (s *Server) deleteDataset(r *http.Request) (any, error) {
	return nil, s.removeDataset(r.Context(), r.PathValue("dataset"), r.URL.Query().Get("deleteContents") == "true")
}

// removeDataset removes a dataset, and its tables if they are to go with it.
func (s *Server) removeDataset(ctx context.Context, id string, contents bool) error {
	return s.db.change(ctx, func(tx *sql.Tx) (func(), error) {
		d, err := s.catalogue.dataset(id)
		if err != nil {
			return nil, err
		}
		if !contents && len(s.catalogue.listTables(id)) > 0 {
			return nil, fail(http.StatusBadRequest, "resourceInUse", "Dataset %s is still in use", d.Id)
		}
		return s.catalogue.drop(ctx, tx, "DROP SCHEMA "+googlesql.Quote(id)+" CASCADE", id)
	})
}
