package warehouse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"cloud.google.com/go/bigquery"
	"cloud.google.com/go/bigquery/storage/managedwriter"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/api/googleapi"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/packet"
)

// Table is a table to which rows are appended. It is safe for concurrent use.
type Table struct {
	warehouse  *Warehouse
	ref        *bigquery.Table
	definition schemas.Table

	layout   atomic.Pointer[layout] // of the columns that the table has now
	covered  sync.Map               // *packet.Schema: error, or nil if the table has its columns
	changing sync.Mutex             // held while the table's columns change
	appender *appender
}

// SchemaError is a packet's schema that the table cannot take: a field changed
// its type. The alert is archived all the same; its row waits in the
// dead-letter topic for a decision.
type SchemaError struct {
	Conflicts []schemas.Conflict
	Cause     error // where no columns can be derived at all
}

func (e *SchemaError) Error() string {
	if e.Cause != nil {
		return e.Cause.Error()
	}
	first := e.Conflicts[0]
	return fmt.Sprintf("column %s is %s in the table and %s in the packet (%d such columns)",
		first.Path, first.Have, first.Want, len(e.Conflicts))
}

// Permanent tells that trying again cannot help.
func (e *SchemaError) Permanent() bool { return true }

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

// Cover sees to it that the table has a column for each field of a packet's
// schema but those named in skip.
func (t *Table) Cover(ctx context.Context, schema *packet.Schema, survey string, skip ...string) error {
	if known, ok := t.covered.Load(schema); ok {
		err, _ := known.(error)
		return err
	}
	t.changing.Lock()
	defer t.changing.Unlock()
	columns, err := schemas.Columns(schema.Text, survey, skip...)
	if err != nil {
		return &SchemaError{Cause: fmt.Errorf("schema %s: %w", schema.Name, err)}
	}
	merged, conflicts := schemas.Merge(t.layout.Load().columns, columns)
	if len(conflicts) > 0 {
		err := &SchemaError{Conflicts: conflicts}
		t.covered.Store(schema, err)
		return err
	}
	if countColumns(merged) > countColumns(t.layout.Load().columns) {
		if merged, err = t.ensure(ctx, merged); err != nil {
			return fmt.Errorf("add columns to table %s: %w", t.ref.TableID, err)
		}
		t.layout.Store(newLayout(merged))
		t.warehouse.log.InfoContext(ctx, "table has new columns", "table", t.ref.TableID, "schema", schema.Name)
	}
	t.covered.Store(schema, nil)
	return nil
}

// ensure makes the table with the columns, or adds to it those that it lacks,
// and returns the columns that it then has. Several instances may try at once:
// whoever was not first looks again.
func (t *Table) ensure(ctx context.Context, want []schemas.Column) ([]schemas.Column, error) {
	pause := gax.Backoff{Initial: 50 * time.Millisecond, Max: 5 * time.Second}
	for {
		have, err := t.tryEnsure(ctx, want)
		if !isStatus(err, http.StatusConflict) && !isStatus(err, http.StatusPreconditionFailed) {
			return have, err
		}
		if err := gax.Sleep(ctx, pause.Pause()); err != nil {
			return nil, err
		}
	}
}

func (t *Table) tryEnsure(ctx context.Context, want []schemas.Column) ([]schemas.Column, error) {
	metadata, err := t.ref.Metadata(ctx)
	if isStatus(err, http.StatusNotFound) {
		return want, t.ref.Create(ctx, t.metadata(want))
	}
	if err != nil {
		return nil, err
	}
	have := fromBigQuery(metadata.Schema)
	merged, conflicts := schemas.Merge(have, want)
	if len(conflicts) > 0 {
		return nil, &SchemaError{Conflicts: conflicts}
	}
	if countColumns(merged) == countColumns(have) {
		return have, nil
	}
	_, err = t.ref.Update(ctx, bigquery.TableMetadataToUpdate{Schema: toBigQuery(merged)}, metadata.ETag)
	return merged, err
}

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

func countColumns(columns []schemas.Column) int {
	n := len(columns)
	for _, c := range columns {
		n += countColumns(c.Fields)
	}
	return n
}
