package bigquery

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"sort"
	"sync"

	bq "google.golang.org/api/bigquery/v2"

	"nightwire.dev/infra/local/bigquery/googlesql"
)

// table is one version of a table or view. It never changes: a change makes
// another version.
type table struct {
	*bq.Table
	version int64
}

func (t *table) dataset() string { return t.TableReference.DatasetId }
func (t *table) id() string      { return t.TableReference.TableId }
func (t *table) view() bool      { return t.View != nil }
func (t *table) sql() string     { return googlesql.Quote(t.dataset()) + "." + googlesql.Quote(t.id()) }

// catalogue knows every dataset and table. The database keeps it; memory
// answers from it. Only a committed change reaches it.
type catalogue struct {
	mu       sync.RWMutex
	datasets map[string]*bq.Dataset
	tables   map[string]map[string]*table
}

const catalogueTables = `
CREATE SCHEMA IF NOT EXISTS nightwire_catalogue;
CREATE TABLE IF NOT EXISTS nightwire_catalogue.datasets (dataset VARCHAR, resource VARCHAR);
CREATE TABLE IF NOT EXISTS nightwire_catalogue.tables (dataset VARCHAR, name VARCHAR, version BIGINT, resource VARCHAR);`

func loadCatalogue(ctx context.Context, db *database) (*catalogue, error) {
	c := &catalogue{datasets: map[string]*bq.Dataset{}, tables: map[string]map[string]*table{}}
	if _, err := db.ExecContext(ctx, catalogueTables); err != nil {
		return nil, fmt.Errorf("make catalogue: %w", err)
	}
	err := eachRow(ctx, db, `SELECT 0, resource FROM nightwire_catalogue.datasets`, func(_ int64, resource []byte) error {
		d := &bq.Dataset{}
		if err := json.Unmarshal(resource, d); err != nil {
			return err
		}
		c.putDataset(d)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load datasets: %w", err)
	}
	err = eachRow(ctx, db, `SELECT version, resource FROM nightwire_catalogue.tables`, func(version int64, resource []byte) error {
		t := &table{Table: &bq.Table{}, version: version}
		if err := json.Unmarshal(resource, t.Table); err != nil {
			return err
		}
		c.putTable(t)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load tables: %w", err)
	}
	return c, nil
}

func eachRow(ctx context.Context, db *database, query string, f func(version int64, resource []byte) error) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var version int64
		var resource []byte
		if err := rows.Scan(&version, &resource); err != nil {
			return err
		}
		if err := f(version, resource); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (c *catalogue) dataset(id string) (*bq.Dataset, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if d := c.datasets[id]; d != nil {
		return d, nil
	}
	return nil, notFound("Dataset %s", id)
}

func (c *catalogue) table(dataset, id string) (*table, error) {
	if _, err := c.dataset(dataset); err != nil {
		return nil, err
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if t := c.tables[dataset][id]; t != nil {
		return t, nil
	}
	return nil, notFound("Table %s.%s", dataset, id)
}

func (c *catalogue) listDatasets() []*bq.Dataset {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var list []*bq.Dataset
	for _, d := range c.datasets {
		list = append(list, d)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].DatasetReference.DatasetId < list[j].DatasetReference.DatasetId })
	return list
}

func (c *catalogue) listTables(dataset string) []*table {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var list []*table
	for _, t := range c.tables[dataset] {
		list = append(list, t)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].id() < list[j].id() })
	return list
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
	delete(c.tables, id)
}

func (c *catalogue) putTable(t *table) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tables[t.dataset()] == nil {
		c.tables[t.dataset()] = map[string]*table{}
	}
	c.tables[t.dataset()][t.id()] = t
}

func (c *catalogue) dropTable(dataset, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.tables[dataset], id)
}

// saveTable writes a table's resource in the transaction that changes it.
func saveTable(ctx context.Context, tx *sql.Tx, t *table) error {
	resource, err := json.Marshal(t.Table)
	if err != nil {
		return err
	}
	if err := forgetTable(ctx, tx, t.dataset(), t.id()); err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO nightwire_catalogue.tables VALUES (?, ?, ?, ?)`,
		t.dataset(), t.id(), t.version, string(resource))
	return err
}

func forgetTable(ctx context.Context, tx *sql.Tx, dataset, id string) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM nightwire_catalogue.tables WHERE dataset = ? AND name = ?`, dataset, id)
	return err
}
