// Package rows makes every archived alert a row of the table alerts_stream.
//
// The bucket's notification of a new file enters; the file is read, and its
// record goes into the table as the survey named and nested it, without the
// stamps, beside its night, its place on the sky and where it came from.
//
// A new version of the survey's schema adds its columns to the table by itself.
// A field whose type the table cannot take makes its alert's event a dead
// letter, which names the field; the archive has the alert.
//
// Idempotency key: candid. An event that comes twice makes two rows; the view
// alerts shows one.
package rows

import (
	"context"
	"fmt"
	"time"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/archived"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/logging"
	"nightwire.dev/shared/origin"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/survey"
	"nightwire.dev/shared/warehouse"
)

// Name is the function's name: its entry point, and its subscription.
const Name = "rows"

// table takes rows, and the schemas that they have; *warehouse.Table is one.
type table interface {
	Cover(ctx context.Context, schema *packet.Schema, survey string, skip ...string) error
	Append(ctx context.Context, row warehouse.Row) error
}

// Rows is the function.
type Rows struct {
	Archive *archived.Reader
	Alerts  table
}

// Handle writes the row of one archived alert.
func (f *Rows) Handle(ctx context.Context, m *event.Message) error {
	o, isNew, err := m.Object()
	if err != nil || !isNew {
		return err
	}
	logging.About(ctx, string(f.Archive.Stream), o.Metadata["objectId"], o.Metadata["candid"])
	if err := f.write(ctx, o); err != nil {
		return fmt.Errorf("row of %s: %w", o.Name, err)
	}
	return nil
}

func (f *Rows) write(ctx context.Context, o event.Object) error {
	row, schema, err := f.read(ctx, o)
	if err != nil {
		return err
	}
	if err := f.Alerts.Cover(ctx, schema, f.Archive.Stream.Survey(), schemas.Cutouts()...); err != nil {
		return err
	}
	return f.Alerts.Append(ctx, row)
}

func (f *Rows) read(ctx context.Context, o event.Object) (warehouse.Row, *packet.Schema, error) {
	p, a, err := f.Archive.Read(ctx, o)
	if err != nil {
		return warehouse.Row{}, nil, err
	}
	from, err := origin.Parse(o.Metadata)
	if err != nil {
		return warehouse.Row{}, nil, err
	}
	return warehouse.Row{Record: p.Record, Values: columns(&a, o, from, time.Now())}, p.Schema, nil
}

// columns are what the table has besides the survey's own record.
func columns(a *alert.Alert, o event.Object, from origin.Origin, now time.Time) warehouse.Values {
	return warehouse.Values{
		"night":       survey.Night(a),
		"observed_at": a.ObservedAt,
		"position":    warehouse.Point(a.RADeg, a.DecDeg),
		"nightwire": warehouse.Values{
			"object":      o.Name,
			"generation":  o.Generation,
			"kafka":       warehouse.Values(from.Columns()),
			"archived_at": o.TimeCreated,
			"ingested_at": now,
			"schema":      a.Schema,
			"sha256":      o.Metadata["sha256"],
		},
	}
}
