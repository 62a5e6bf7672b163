package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"nightwire.dev/infra/local/stack"
	"nightwire.dev/shared/config"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

// chooseLast fills in the stream that is meant where none is named.
func (d *deployment) chooseLast() error {
	if d.Stream == "" && d.Project != "" {
		return errors.New("say which stream of the project: --stream ztf, ztf-partnership or lsst")
	}
	if d.Suffix != "" && d.Project == "" {
		return errors.New("--suffix is of a project's test deployment: name the project with --project")
	}
	if d.Stream == "" {
		last, _ := stack.Last(d.Dir)
		d.Stream = cmp.Or(last.Stream, names.ZTF)
	}
	if err := d.Stream.Validate(); err != nil {
		return fmt.Errorf("--stream: %w", err)
	}
	return nil
}

// openTables connects to the stream's tables, whether the local stack runs or
// not. done has to be called in the end.
func (d *deployment) openTables(ctx context.Context) (tables *warehouse.Warehouse, done func(), err error) {
	stop := func() {}
	if d.Project != "" {
		tables, err = d.openProjectTables(ctx)
	} else {
		tables, stop, err = d.openLocalTables(ctx)
	}
	if err != nil {
		return nil, stop, err
	}
	return tables, func() { _ = tables.Close(); stop() }, nil
}

func (d *deployment) openProjectTables(ctx context.Context) (*warehouse.Warehouse, error) {
	r := names.Resources{Project: d.Project, Stream: d.Stream, Suffix: d.Suffix}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	at, err := config.Load[warehouse.Config](ctx)
	if err != nil {
		return nil, err
	}
	return warehouse.Open(ctx, *at, r.Project, r.Dataset(), slog.Default())
}

func (d *deployment) openLocalTables(ctx context.Context) (tables *warehouse.Warehouse, done func(), err error) {
	done = func() {}
	e, running := stack.Running(d.Dir)
	if !running {
		alone, err := stack.StartBigQuery(ctx, stack.Options{Dir: d.Dir, Stream: d.Stream, Log: slog.Default()})
		if err != nil {
			return nil, done, err
		}
		done = func() { _ = alone.Stop() }
		e = alone.Endpoints
	}
	e.Stream = d.Stream
	tables, err = e.Warehouse(ctx, slog.Default())
	return tables, done, err
}
