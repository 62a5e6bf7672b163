package house

import (
	"context"
	"slices"
	"testing"

	"nightwire.dev/infra/local/bigquery"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

// Tables is a BigQuery with the dataset of a stream.
type Tables struct {
	Config    warehouse.Config // where it is
	Warehouse *warehouse.Warehouse
	survey    string
}

// BigQuery opens a BigQuery with the stream's dataset, which is empty.
func BigQuery(t testing.TB, r names.Resources) *Tables {
	t.Helper()
	server, err := bigquery.Open(bigquery.Options{Dir: t.TempDir(), Project: r.Project, Threads: 1, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	rest, write := Listen(t), Listen(t)
	served := make(chan error, 1)
	go func() { served <- server.Serve(rest, write) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	b := &Tables{
		Config: warehouse.Config{Endpoint: "http://" + rest.Addr().String(), WriteEndpoint: write.Addr().String()},
		survey: r.Stream.Survey(),
	}
	// The test's own context ends before its cleanup.
	b.Warehouse, err = warehouse.Open(context.Background(), b.Config, r.Project, r.Dataset(), quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Warehouse.Close() })
	if err := b.Warehouse.CreateDataset(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

// Create makes the tables and views of these names, or all of the survey's if
// none is named.
func (b *Tables) Create(t testing.TB, chosen ...string) {
	t.Helper()
	made := 0
	for _, table := range schemas.Tables(b.survey) {
		if len(chosen) > 0 && !slices.Contains(chosen, table.Name) {
			continue
		}
		if err := b.Warehouse.Create(t.Context(), table); err != nil {
			t.Fatal(err)
		}
		made++
	}
	for _, view := range schemas.Views(b.survey) {
		if len(chosen) > 0 && !slices.Contains(chosen, view.Name) {
			continue
		}
		if err := b.Warehouse.CreateView(t.Context(), view); err != nil {
			t.Fatal(err)
		}
		made++
	}
	if made < len(chosen) {
		t.Fatalf("%d tables and views were made of %q", made, chosen)
	}
}

// Definition is the shape of a table.
func (b *Tables) Definition(t testing.TB, table string) schemas.Table {
	t.Helper()
	for _, definition := range schemas.Tables(b.survey) {
		if definition.Name == table {
			return definition
		}
	}
	t.Fatalf("there is no table %s", table)
	return schemas.Table{}
}

// Table is a table to append to. It is made if it is not there.
func (b *Tables) Table(t testing.TB, name string) *warehouse.Table {
	t.Helper()
	table, err := b.Warehouse.Table(t.Context(), b.Definition(t, name))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// Append stores rows in a table, one after the other.
func (b *Tables) Append(t testing.TB, name string, rows ...warehouse.Values) {
	t.Helper()
	table := b.Table(t, name)
	for _, row := range rows {
		if err := table.Append(t.Context(), warehouse.Row{Values: row}); err != nil {
			t.Fatal(err)
		}
	}
}
