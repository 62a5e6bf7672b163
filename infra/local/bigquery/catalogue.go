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

	"nightwire.dev/infra/local/bigquery/googlesql"
)

// table is one version of a table or view. It never changes: a change makes
// another version.
type table struct{ *bq.Table }

func (t *table) dataset() string { return t.TableReference.DatasetId }
func (t *table) id() string      { return t.TableReference.TableId }
func (t *table) name() string    { return t.dataset() + "." + t.id() }
func (t *table) view() bool      { return t.View != nil }
func (t *table) sql() string     { return sqlName(t.dataset(), t.id()) }

func sqlName(dataset, table string) string {
	return googlesql.Quote(dataset) + "." + googlesql.Quote(table)
}

// catalogue knows every dataset, as *bq.Dataset, and every table, as *table. The
// database keeps it; memory answers from it. Only a committed change reaches it.
//
// A resource is found by its name in small letters, "ztf" or "ztf.alerts", since
// DuckDB does not tell names apart that differ in capitals only.
type catalogue struct {
	project   string
	mu        sync.RWMutex
	resources map[string]any
}

const makeCatalogue = `CREATE SCHEMA IF NOT EXISTS nightwire_catalogue;
CREATE TABLE IF NOT EXISTS nightwire_catalogue.resources (name VARCHAR, resource JSON);`

func loadCatalogue(ctx context.Context, db *database, project string) (*catalogue, error) {
	c := &catalogue{project: project, resources: map[string]any{}}
	if _, err := db.ExecContext(ctx, makeCatalogue); err != nil {
		return nil, fmt.Errorf("make catalogue: %w", err)
	}
	var object string
	var all map[string]json.RawMessage
	const query = "SELECT CAST(coalesce(json_group_object(name, resource), '{}') AS VARCHAR) " +
		"FROM nightwire_catalogue.resources"
	err := db.QueryRowContext(ctx, query).Scan(&object)
	if err == nil {
		err = json.Unmarshal([]byte(object), &all)
	}
	for name, text := range all {
		var resource any = &bq.Dataset{}
		if strings.Contains(name, ".") {
			resource = &table{}
		}
		err = errors.Join(err, json.Unmarshal(text, resource))
		c.resources[name] = resource
	}
	if err != nil {
		return nil, fmt.Errorf("load catalogue: %w", err)
	}
	return c, nil
}

func (c *catalogue) find(name string) any {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.resources[strings.ToLower(name)]
}

func (c *catalogue) dataset(id string) (*bq.Dataset, error) {
	if d, _ := c.find(id).(*bq.Dataset); d != nil && d.DatasetReference.DatasetId == id {
		return d, nil
	}
	return nil, notFound("Dataset %s:%s", c.project, id)
}

func (c *catalogue) table(dataset, id string) (*table, error) {
	if _, err := c.dataset(dataset); err != nil {
		return nil, err
	}
	if t, _ := c.find(dataset + "." + id).(*table); t != nil && t.id() == id {
		return t, nil
	}
	return nil, notFound("Table %s:%s.%s", c.project, dataset, id)
}

// namesake is the table of this name, if its dataset has one. Another in other
// capitals is in its way.
func (c *catalogue) namesake(r *bq.TableReference) (*table, error) {
	if _, err := c.dataset(r.DatasetId); err != nil {
		return nil, err
	}
	t, _ := c.find(r.DatasetId + "." + r.TableId).(*table)
	if t != nil && t.id() != r.TableId {
		return nil, notImplemented("tables whose names differ in capitals only, as %s and %s", t.id(), r.TableId)
	}
	return t, nil
}

func (c *catalogue) listDatasets() []*bq.Dataset        { return list[*bq.Dataset](c, "") }
func (c *catalogue) listTables(dataset string) []*table { return list[*table](c, dataset+".") }

// list gives the resources of a type whose names begin with a prefix, in order.
// The list is never nil, which is null to a client.
func list[T any](c *catalogue, prefix string) []T {
	c.mu.RLock()
	defer c.mu.RUnlock()
	found := []T{}
	for _, name := range slices.Sorted(maps.Keys(c.resources)) {
		if r, ok := c.resources[name].(T); ok && strings.HasPrefix(name, strings.ToLower(prefix)) {
			found = append(found, r)
		}
	}
	return found
}

// put runs statements, and keeps the resource of what they made or changed. What
// it returns has memory follow, once the transaction is committed.
func (c *catalogue) put(
	ctx context.Context, tx *sql.Tx, statements, name string, resource any,
) (committed func(), err error) {
	text, err := json.Marshal(resource)
	if err != nil {
		return nil, err
	}
	if _, err := c.drop(ctx, tx, statements, name); err != nil {
		return nil, err
	}
	name = strings.ToLower(name)
	_, err = tx.ExecContext(ctx, "INSERT INTO nightwire_catalogue.resources VALUES (?, ?)", name, string(text))
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.resources[name] = resource
	}, err
}

// drop runs statements, and forgets what they removed: a table, or a dataset with
// its tables. Memory follows as with put.
func (c *catalogue) drop(ctx context.Context, tx *sql.Tx, statements, name string) (committed func(), err error) {
	name = strings.ToLower(name)
	const forget = ";DELETE FROM nightwire_catalogue.resources WHERE name = $1 OR starts_with(name, $1 || '.')"
	_, err = tx.ExecContext(ctx, statements+forget, name)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		maps.DeleteFunc(c.resources, func(other string, _ any) bool {
			return other == name || strings.HasPrefix(other, name+".")
		})
	}, err
}
