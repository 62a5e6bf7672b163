// Package warehouse keeps tables in BigQuery and appends rows to them. It is
// the only importer of the BigQuery clients.
//
// What enters are rows: a packet's record, in place, with a few columns of our
// own. What leaves is the promise that a row is stored: Append returns only
// once BigQuery has confirmed it. The functions archive (the ledger) and rows
// (the alerts) call it, and the command line for its queries.
//
// A table follows the packets: Cover gives it the columns that a packet's schema
// has and it lacks, and widens those that are too narrow, while other instances
// may be doing the same. What a table cannot take is an error that is permanent
// and names the field.
//
// An alert has 1,800 numbers in its history. They go from the Avro bytes to
// the protocol buffer that the Storage Write API takes in one walk, along a
// plan made once for each schema, with nothing unpacked between.
package warehouse

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/bigquery/storage/managedwriter"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"nightwire.dev/schemas"
)

// Config says where BigQuery is. The endpoints are empty for Google's own; a
// local server has both, and no credentials.
type Config struct {
	Endpoint      string `env:"NIGHTWIRE_BIGQUERY_ENDPOINT"`       // REST, http://host:port
	WriteEndpoint string `env:"NIGHTWIRE_BIGQUERY_WRITE_ENDPOINT"` // gRPC, host:port
}

// Warehouse is one dataset.
type Warehouse struct {
	client  *bigquery.Client
	dataset *bigquery.Dataset
	writer  *managedwriter.Client
	log     *slog.Logger

	mu     sync.Mutex
	tables map[string]*Table
}

// Open connects to a dataset, which must exist before a table is used.
func Open(ctx context.Context, c Config, project, dataset string, log *slog.Logger) (*Warehouse, error) {
	client, err := bigquery.NewClient(ctx, project, c.restOptions()...)
	if err != nil {
		return nil, fmt.Errorf("connect to BigQuery: %w", err)
	}
	writer, err := managedwriter.NewClient(ctx, project, c.writeOptions()...)
	if err != nil {
		_ = client.Close()
		return nil, fmt.Errorf("connect to the BigQuery Storage Write API: %w", err)
	}
	return &Warehouse{
		client: client, dataset: client.Dataset(dataset), writer: writer, log: log,
		tables: map[string]*Table{},
	}, nil
}

func (c Config) restOptions() []option.ClientOption {
	if c.Endpoint == "" {
		return []option.ClientOption{option.WithTelemetryDisabled()}
	}
	return []option.ClientOption{option.WithTelemetryDisabled(), option.WithEndpoint(c.Endpoint + "/bigquery/v2/"), option.WithoutAuthentication()}
}

func (c Config) writeOptions() []option.ClientOption {
	if c.WriteEndpoint == "" {
		return []option.ClientOption{option.WithTelemetryDisabled()}
	}
	return []option.ClientOption{
		option.WithTelemetryDisabled(),
		option.WithEndpoint(c.WriteEndpoint),
		option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
	}
}

// Table opens a table for appending, and makes it first where it is absent or
// lacks a column.
func (w *Warehouse) Table(ctx context.Context, definition schemas.Table) (*Table, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t, ok := w.tables[definition.Name]; ok {
		return t, nil
	}
	t := &Table{warehouse: w, ref: w.dataset.Table(definition.Name), definition: definition}
	if err := t.open(ctx); err != nil {
		return nil, fmt.Errorf("table %s: %w", definition.Name, err)
	}
	w.tables[definition.Name] = t
	return t, nil
}

// Close disconnects. An Append that still waits ends with an error, and does
// not know whether its row was stored.
func (w *Warehouse) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range w.tables {
		t.close()
	}
	err := w.writer.Close()
	if cerr := w.client.Close(); err == nil {
		err = cerr
	}
	return err
}
