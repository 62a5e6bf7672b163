package bigquery

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
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
	project  string
	mu       sync.RWMutex
	datasets map[string]*bq.Dataset
	tables   map[string]map[string]*table
}

const catalogueTables = `
CREATE SCHEMA IF NOT EXISTS nightwire_catalogue;
CREATE TABLE IF NOT EXISTS nightwire_catalogue.datasets (dataset VARCHAR, resource VARCHAR);
CREATE TABLE IF NOT EXISTS nightwire_catalogue.tables (dataset VARCHAR, name VARCHAR, version BIGINT, resource VARCHAR);`

func loadCatalogue(ctx context.Context, db *database, project string) (*catalogue, error) {
	c := &catalogue{project: project, datasets: map[string]*bq.Dataset{}, tables: map[string]map[string]*table{}}
	if _, err := db.ExecContext(ctx, catalogueTables); err != nil {
		return nil, fmt.Errorf("make catalogue: %w", err)
	}
	rows, err := db.QueryContext(ctx, `SELECT version, resource FROM nightwire_catalogue.tables
		UNION ALL SELECT NULL, resource FROM nightwire_catalogue.datasets`)
	if err != nil {
		return nil, fmt.Errorf("load catalogue: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var version sql.NullInt64
		var resource []byte
		if err := rows.Scan(&version, &resource); err != nil {
			return nil, fmt.Errorf("load catalogue: %w", err)
		}
		t, d := &table{&bq.Table{}, version.Int64}, &bq.Dataset{}
		if version.Valid {
			err = json.Unmarshal(resource, t.Table)
			c.putTable(t)
		} else {
			err = json.Unmarshal(resource, d)
			c.putDataset(d)
		}
		if err != nil {
			return nil, fmt.Errorf("load catalogue: %w", err)
		}
	}
	return c, rows.Err()
}

func (c *catalogue) dataset(id string) (*bq.Dataset, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if d := c.datasets[id]; d != nil {
		return d, nil
	}
	return nil, notFound("Dataset %s:%s", c.project, id)
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
	return nil, notFound("Table %s:%s.%s", c.project, dataset, id)
}

func (c *catalogue) listDatasets() []*bq.Dataset {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.SortedFunc(maps.Values(c.datasets), func(a, b *bq.Dataset) int { return strings.Compare(a.Id, b.Id) })
}

func (c *catalogue) listTables(dataset string) []*table {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return slices.SortedFunc(maps.Values(c.tables[dataset]), func(a, b *table) int { return strings.Compare(a.Id, b.Id) })
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
