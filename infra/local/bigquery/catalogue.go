package bigquery

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	bq "google.golang.org/api/bigquery/v2"
)

// table is one version of a table or view. It never changes: a change makes
// another version.
type table struct{ *bq.Table }

func (t *table) dataset() string { return t.TableReference.DatasetId }
func (t *table) id() string      { return t.TableReference.TableId }
func (t *table) view() bool      { return t.View != nil }
func (t *table) sql() string     { return sqlName(t.dataset(), t.id()) }

// catalogue knows every dataset and table. The database keeps it; memory
// answers from it. Only a committed change reaches it.
type catalogue struct {
	project  string
	mu       sync.RWMutex
	datasets map[string]*bq.Dataset
	tables   map[string]*table // by their Id, project:dataset.table
}

const catalogueTables = `
CREATE SCHEMA IF NOT EXISTS nightwire_catalogue;
CREATE TABLE IF NOT EXISTS nightwire_catalogue.datasets (dataset VARCHAR, resource VARCHAR);
CREATE TABLE IF NOT EXISTS nightwire_catalogue.tables (dataset VARCHAR, name VARCHAR, resource VARCHAR);`

func loadCatalogue(ctx context.Context, db *database, project string) (*catalogue, error) {
	c := &catalogue{project: project, datasets: map[string]*bq.Dataset{}, tables: map[string]*table{}}
	if _, err := db.ExecContext(ctx, catalogueTables); err != nil {
		return nil, fmt.Errorf("make catalogue: %w", err)
	}
	var datasets []*bq.Dataset
	var tables []*bq.Table
	for from, into := range map[string]any{"datasets": &datasets, "tables": &tables} {
		var resources string
		query := "SELECT coalesce(string_agg(resource, ','), '') FROM nightwire_catalogue." + from
		err := db.QueryRowContext(ctx, query).Scan(&resources)
		if err == nil {
			err = json.Unmarshal([]byte("["+resources+"]"), into)
		}
		if err != nil {
			return nil, fmt.Errorf("load catalogue: %w", err)
		}
	}
	for _, d := range datasets {
		c.putDataset(d)
	}
	for _, t := range tables {
		c.putTable(&table{t})
	}
	return c, nil
}

func (c *catalogue) dataset(id string) (*bq.Dataset, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if d := c.datasets[id]; d != nil {
		return d, nil
	}
	return nil, notFound("Dataset %s:%s", c.project, id)
}

func (c *catalogue) table(dataset, name string) (*table, error) {
	if _, err := c.dataset(dataset); err != nil {
		return nil, err
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	id := fmt.Sprintf("%s:%s.%s", c.project, dataset, name)
	if t := c.tables[id]; t != nil {
		return t, nil
	}
	return nil, notFound("Table %s", id)
}

// inOrder gives a map's values in the order of their keys. The list is never
// nil, which is null to a client.
func inOrder[T any](values map[string]T) []T {
	list := []T{}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		list = append(list, values[key])
	}
	return list
}

// namesake is the table of this name, if its dataset has one. Names that differ in
// capitals only are one to DuckDB, and refused.
func (c *catalogue) namesake(r *bq.TableReference) (*table, error) {
	if _, err := c.dataset(r.DatasetId); err != nil {
		return nil, err
	}
	for _, t := range c.listTables(r.DatasetId) {
		if t.id() == r.TableId {
			return t, nil
		}
		if strings.EqualFold(t.id(), r.TableId) {
			return nil, notImplemented("tables whose names differ in capitals only, as %s and %s", t.id(), r.TableId)
		}
	}
	return nil, nil
}

func (c *catalogue) listDatasets() []*bq.Dataset {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return inOrder(c.datasets)
}

func (c *catalogue) listTables(dataset string) []*table {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.DeleteFunc(inOrder(c.tables), func(t *table) bool { return t.dataset() != dataset })
}

func (c *catalogue) putDataset(d *bq.Dataset) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.datasets[d.DatasetReference.DatasetId] = d
}

func (c *catalogue) dropDataset(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.datasets, id)
	maps.DeleteFunc(c.tables, func(_ string, t *table) bool { return t.dataset() == id })
}

func (c *catalogue) putTable(t *table) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tables[t.Id] = t
}

func (c *catalogue) dropTable(t *table) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.tables, t.Id)
}

// save writes a table's resource in the transaction that changes it.
func (t *table) save(ctx context.Context, tx *sql.Tx) error {
	resource, err := json.Marshal(t)
	if err := errors.Join(err, t.forget(ctx, tx)); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO nightwire_catalogue.tables (dataset, name, resource) VALUES (?, ?, ?)",
		t.dataset(), t.id(), string(resource))
	return err
}

func (t *table) forget(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM nightwire_catalogue.tables WHERE dataset = ? AND name = ?", t.dataset(), t.id())
	return err
}
