package warehouse

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/bigquery/storage/managedwriter"
	"google.golang.org/api/googleapi"
	"nightwire.dev/schemas"
)

// Table is a table to which rows are appended. It is safe for concurrent use.
type Table struct {
	warehouse  *Warehouse
	ref        *bigquery.Table
	definition schemas.Table

	layout   atomic.Pointer[layout] // of the columns that the table has now
	covered  sync.Map               // *packet.Schema: coverage
	changing sync.Mutex             // held while the table's columns change
	appender *appender
}

func (t *Table) open(ctx context.Context) error {
	columns, err := t.ensure(ctx, t.definition.Columns)
	if err != nil {
		return err
	}
	t.layout.Store(newLayout(columns))
	stream, err := t.warehouse.writer.NewManagedStream(context.WithoutCancel(ctx),
		managedwriter.WithType(managedwriter.DefaultStream),
		managedwriter.WithDestinationTable(managedwriter.TableParentFromParts(t.ref.ProjectID, t.ref.DatasetID, t.ref.TableID)),
		managedwriter.WithSchemaDescriptor(t.layout.Load().descriptor),
		managedwriter.EnableWriteRetries(true),
	)
	if err != nil {
		return fmt.Errorf("open its write stream: %w", err)
	}
	t.appender = newAppender(stream, t.layout.Load())
	return nil
}

func (t *Table) close() { t.appender.close() }

func (t *Table) metadata(columns []schemas.Column) *bigquery.TableMetadata {
	m := &bigquery.TableMetadata{Description: t.definition.Description, Schema: toBigQuery(columns)}
	if t.definition.PartitionBy != "" {
		m.TimePartitioning = &bigquery.TimePartitioning{Type: bigquery.DayPartitioningType, Field: t.definition.PartitionBy}
	}
	if len(t.definition.ClusterBy) > 0 {
		m.Clustering = &bigquery.Clustering{Fields: t.definition.ClusterBy}
	}
	return m
}

func isStatus(err error, code int) bool {
	var api *googleapi.Error
	return errors.As(err, &api) && api.Code == code
}

func toBigQuery(columns []schemas.Column) bigquery.Schema {
	fields := make(bigquery.Schema, len(columns))
	for i, c := range columns {
		fields[i] = &bigquery.FieldSchema{
			Name: c.Name, Type: bigquery.FieldType(c.Type), Description: c.Description,
			Required: c.Mode == schemas.Required, Repeated: c.Mode == schemas.Repeated, Schema: toBigQuery(c.Fields),
		}
	}
	return fields
}

func fromBigQuery(fields bigquery.Schema) []schemas.Column {
	columns := make([]schemas.Column, len(fields))
	for i, f := range fields {
		mode := schemas.Nullable
		switch {
		case f.Required:
			mode = schemas.Required
		case f.Repeated:
			mode = schemas.Repeated
		}
		columns[i] = schemas.Column{
			Name: f.Name, Type: string(f.Type), Mode: mode, Description: f.Description, Fields: fromBigQuery(f.Schema),
		}
	}
	return columns
}
