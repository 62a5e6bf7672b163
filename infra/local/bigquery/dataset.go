package bigquery

import (
	"database/sql"
	"encoding/json"
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
	"main": true, "temp": true, "pg_catalog": true, "information_schema": true, "nightwire_catalogue": true,
}

func (s *Server) insertDataset(r *http.Request) (any, error) {
	d := &bq.Dataset{}
	if err := decode(r, d); err != nil {
		return nil, err
	}
	if d.DatasetReference == nil || !resourceName.MatchString(d.DatasetReference.DatasetId) ||
		internalSchemas[strings.ToLower(d.DatasetReference.DatasetId)] {
		return nil, invalid("Invalid dataset ID: dataset IDs are letters, digits and underscores, and no name of the database's own")
	}
	err := only(d, "datasetReference", "description", "friendlyName", "id", "kind", "labels", "location")
	if err != nil {
		return nil, err
	}
	id := d.DatasetReference.DatasetId
	d.Kind, d.Id, d.DatasetReference.ProjectId = "bigquery#dataset", s.options.Project+":"+id, s.options.Project
	if d.Location == "" {
		d.Location = s.options.Location
	}
	d.CreationTime = time.Now().UnixMilli()
	d.LastModifiedTime, d.Etag = d.CreationTime, etag(1)
	return d, s.db.change(r.Context(), func(tx *sql.Tx) (func(), error) {
		if _, err := s.catalogue.dataset(id); err == nil {
			return nil, duplicate("Dataset %s:%s", s.options.Project, id)
		}
		resource, err := json.Marshal(d)
		if err != nil {
			return nil, err
		}
		if _, err := tx.ExecContext(r.Context(), "CREATE SCHEMA "+googlesql.Quote(id)); err != nil {
			return nil, err
		}
		_, err = tx.ExecContext(r.Context(), `INSERT INTO nightwire_catalogue.datasets VALUES (?, ?)`, id, string(resource))
		return func() { s.catalogue.putDataset(d) }, err
	})
}

func (s *Server) getDataset(r *http.Request) (any, error) {
	return s.catalogue.dataset(r.PathValue("dataset"))
}

func (s *Server) listDatasets(*http.Request) (any, error) {
	list := &bq.DatasetList{Kind: "bigquery#datasetList"}
	for _, d := range s.catalogue.listDatasets() {
		list.Datasets = append(list.Datasets, &bq.DatasetListDatasets{
			Kind: d.Kind, Id: d.Id, DatasetReference: d.DatasetReference, FriendlyName: d.FriendlyName,
			Labels: d.Labels, Location: d.Location,
		})
	}
	return list, nil
}

func (s *Server) deleteDataset(r *http.Request) (any, error) {
	id := r.PathValue("dataset")
	return nil, s.db.change(r.Context(), func(tx *sql.Tx) (func(), error) {
		if _, err := s.catalogue.dataset(id); err != nil {
			return nil, err
		}
		if len(s.catalogue.listTables(id)) > 0 && r.URL.Query().Get("deleteContents") != "true" {
			return nil, fail(http.StatusBadRequest, "resourceInUse", "Dataset %s:%s is still in use", s.options.Project, id)
		}
		if _, err := tx.ExecContext(r.Context(), "DROP SCHEMA "+googlesql.Quote(id)+" CASCADE"); err != nil {
			return nil, err
		}
		for _, from := range []string{"datasets", "tables"} {
			if _, err := tx.ExecContext(r.Context(), "DELETE FROM nightwire_catalogue."+from+" WHERE dataset = ?", id); err != nil {
				return nil, err
			}
		}
		return func() { s.catalogue.dropDataset(id) }, nil
	})
}
