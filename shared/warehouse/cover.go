package warehouse

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"cloud.google.com/go/bigquery"
	"github.com/googleapis/gax-go/v2"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/packet"
)

// SchemaError is a packet's schema that the table cannot take: a field changed
// its type. The alert is archived all the same; its row waits in the
// dead-letter topic for a decision.
type SchemaError struct {
	Conflicts []schemas.Conflict
	Cause     error // why a column cannot be widened, or no columns derived
}

func (e *SchemaError) Error() string {
	var says []string
	for _, c := range e.Conflicts {
		says = append(says, fmt.Sprintf("column %s is %s in the table and %s in the packet", c.Path, c.Have, c.Want))
	}
	if e.Cause != nil {
		says = append(says, e.Cause.Error())
	}
	return strings.Join(says, "; ")
}

// Permanent tells that trying again cannot help.
func (e *SchemaError) Permanent() bool { return true }

// coverage is what Cover found of a packet's schema.
type coverage struct {
	refused error // nil if the table has its columns
	at      time.Time
}

// refusalStands is how long a refused schema is not looked at again. Once a
// person has changed the table, instances that run see it after that time.
const refusalStands = time.Minute

// Cover sees to it that the table has a column for each field of a packet's
// schema but those named in skip, of a type that takes the field's values.
func (t *Table) Cover(ctx context.Context, schema *packet.Schema, survey string, skip ...string) error {
	if c, ok := t.known(schema); ok {
		return c.refused
	}
	t.changing.Lock()
	defer t.changing.Unlock()
	if c, ok := t.known(schema); ok {
		return c.refused
	}
	err := t.cover(ctx, schema, survey, skip)
	var refused *SchemaError
	if err == nil || errors.As(err, &refused) {
		t.covered.Store(schema, coverage{refused: err, at: time.Now()})
	}
	return err
}

func (t *Table) known(schema *packet.Schema) (coverage, bool) {
	found, ok := t.covered.Load(schema)
	if !ok {
		return coverage{}, false
	}
	c, _ := found.(coverage)
	return c, c.refused == nil || time.Since(c.at) < refusalStands
}

func (t *Table) cover(ctx context.Context, schema *packet.Schema, survey string, skip []string) error {
	want, err := schemas.Columns(schema.Text, survey, skip...)
	if err != nil {
		return &SchemaError{Cause: fmt.Errorf("schema %s: %w", schema.Name, err)}
	}
	have := t.layout.Load().columns
	if merged, conflicts := schemas.Merge(have, want); len(conflicts) == 0 && sameShapes(merged, have) {
		return nil
	}
	columns, err := t.ensure(ctx, want)
	if err != nil {
		return fmt.Errorf("fit table %s to schema %s: %w", t.ref.TableID, schema.Name, err)
	}
	if !sameShapes(columns, have) {
		t.layout.Store(newLayout(columns))
		t.warehouse.log.InfoContext(ctx, "table has new columns", "table", t.ref.TableID, "schema", schema.Name)
	}
	return nil
}

// refresh looks whether the table has other columns than a layout, which it
// refused rows of: another instance may have widened a column. It says whether
// the rows may be tried again at once. They may not where a column is gone,
// since Cover has to decide about it anew.
func (t *Table) refresh(ctx context.Context, old *layout) (bool, error) {
	t.changing.Lock()
	defer t.changing.Unlock()
	if t.layout.Load() != old {
		return true, nil
	}
	metadata, err := t.ref.Metadata(ctx)
	if err != nil {
		return false, fmt.Errorf("look at table %s again: %w", t.ref.TableID, err)
	}
	columns := fromBigQuery(metadata.Schema)
	if sameShapes(columns, old.columns) {
		return false, nil
	}
	t.layout.Store(newLayout(columns))
	merged, conflicts := schemas.Merge(columns, old.columns)
	if len(conflicts) == 0 && sameShapes(merged, columns) {
		return true, nil
	}
	t.covered.Clear()
	return false, nil
}

// refusals is how often BigQuery may refuse to widen a column before that
// counts: it refuses for a moment what others change at the same time.
const refusals = 3

// ensure makes the table with the columns, or adds to it those that it lacks
// and widens those that are too narrow, and returns the columns that it then
// has. Several instances may try at once: whoever was not first looks again.
func (t *Table) ensure(ctx context.Context, want []schemas.Column) ([]schemas.Column, error) {
	pause := gax.Backoff{Initial: 50 * time.Millisecond, Max: 5 * time.Second}
	for refused := 0; ; {
		have, err := t.tryEnsure(ctx, want)
		var cannot *refusedError
		switch {
		case errors.As(err, &cannot) && refused < refusals:
			refused++
		case !errors.Is(err, errWidened) && !isStatus(err, http.StatusConflict) && !isStatus(err, http.StatusPreconditionFailed):
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
		columns, _ := schemas.Merge(t.definition.Columns, want)
		return columns, t.ref.Create(ctx, t.metadata(columns))
	}
	if err != nil {
		return nil, err
	}
	have := fromBigQuery(metadata.Schema)
	merged, conflicts := schemas.Merge(have, want)
	if len(conflicts) > 0 {
		return nil, t.widen(ctx, have, conflicts)
	}
	if sameShapes(merged, have) {
		return have, nil
	}
	_, err = t.ref.Update(ctx, bigquery.TableMetadataToUpdate{Schema: toBigQuery(merged)}, metadata.ETag)
	return merged, err
}

// sameShapes tells whether two sets of columns, the one made from the other,
// take the same rows.
func sameShapes(a, b []schemas.Column) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name || a[i].Type != b[i].Type || a[i].Mode != b[i].Mode || !sameShapes(a[i].Fields, b[i].Fields) {
			return false
		}
	}
	return true
}
