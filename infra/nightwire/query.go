package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"time"

	"nightwire.dev/infra/local/stack"
	"nightwire.dev/infra/queries"
	"nightwire.dev/shared/config"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

type queryCommand struct {
	state
	Stream  names.Stream      `help:"Stream whose tables are asked: ztf, ztf-partnership or lsst; without it, the last that ran."`
	Project string            `help:"Google Cloud project, with the machine's credentials. Without it, the local stack."`
	Suffix  string            `help:"Suffix of a test deployment, with --project."`
	SQL     string            `arg:"" optional:"" help:"The query, in GoogleSQL; - reads it from standard input. Tables: alerts, detections, limits, light_curves, objects, records, matches, evaluated, fits, rises, certificates; behind them alerts_stream, ledger, watermarks, filter_matches, evaluations, supernova_fits, transient_fits, nights."`
	File    string            `help:"A file with the query, or the name of one of the library, which --list shows." placeholder:"QUERY" xor:"question"`
	Param   map[string]string `help:"Value of a parameter; may come again." placeholder:"NAME=VALUE" mapsep:"none"`
	Cone    string            `help:"Ask of the alerts within a circle, in degrees, degrees and arcseconds. The query has them under the name cone." placeholder:"RA,DEC,RADIUS" xor:"list"`
	Format  string            `help:"How to write the answer: table, csv, jsonl or parquet." default:"table" enum:"table,csv,jsonl,parquet"`
	Output  string            `help:"File to write the answer to; without it, standard output." short:"o" type:"path" placeholder:"FILE"`
	List    bool              `help:"List the library's queries and their parameters." xor:"list,question"`
}

// Help is what --help shows besides the flags.
func (queryCommand) Help() string {
	return `Examples:
  nightwire query "SELECT objectId, candidate.magpsf FROM alerts ORDER BY candidate.magpsf LIMIT 5"
  nightwire query --file light-curve --param object=ZTF18abcdefg --format csv
  nightwire query --cone 150.1,2.2,5
  nightwire query --cone 150.1,2.2,5 "SELECT objectId, COUNT(*) AS n FROM cone GROUP BY objectId"
  nightwire query --format parquet -o curves.parquet "SELECT * FROM light_curves"

In JSON lines an integer is a string of its digits, since a candid is larger than what many readers keep.`
}

// Run answers from the running stack, or starts its BigQuery alone for the one
// question.
func (c *queryCommand) Run(ctx context.Context, out io.Writer) error {
	if err := c.chooseStream(); err != nil {
		return err
	}
	if c.List {
		return c.list(out)
	}
	q, err := c.question()
	if err != nil {
		return err
	}
	values, err := q.Values(c.Param, time.Now())
	if err != nil {
		return err
	}
	tables, done, err := c.open(ctx)
	defer done()
	if err != nil {
		return err
	}
	result, err := tables.Query(ctx, q.SQL, values)
	if err != nil {
		return err
	}
	return c.write(result, out)
}

// chooseStream fills in the stream that is meant where none is named.
func (c *queryCommand) chooseStream() error {
	if c.Stream == "" && c.Project != "" {
		return errors.New("say which stream of the project: --stream ztf, ztf-partnership or lsst")
	}
	if c.Suffix != "" && c.Project == "" {
		return errors.New("--suffix is of a project's test deployment: name the project with --project")
	}
	if c.Stream == "" {
		last, _ := stack.Last(c.Dir)
		c.Stream = cmp.Or(last.Stream, names.ZTF)
	}
	if err := c.Stream.Validate(); err != nil {
		return fmt.Errorf("--stream: %w", err)
	}
	return nil
}

// question begins a statement that only reads, after comments and brackets.
var question = regexp.MustCompile(`(?is)^(\s|\(|(--|#)[^\n]*\n|/\*.*?\*/)*(SELECT|WITH)\b`)

// asks says whether a statement only reads.
func asks(sql string) bool { return question.MatchString(sql) }

// open connects to the tables. done has to be called in the end.
func (c *queryCommand) open(ctx context.Context) (tables *warehouse.Warehouse, done func(), err error) {
	stop := func() {}
	if c.Project != "" {
		tables, err = c.openProject(ctx)
	} else {
		tables, stop, err = c.openLocal(ctx)
	}
	if err != nil {
		return nil, stop, err
	}
	return tables, func() { _ = tables.Close(); stop() }, nil
}

func (c *queryCommand) openProject(ctx context.Context) (*warehouse.Warehouse, error) {
	r := names.Resources{Project: c.Project, Stream: c.Stream, Suffix: c.Suffix}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	at, err := config.Load[warehouse.Config](ctx)
	if err != nil {
		return nil, err
	}
	return warehouse.Open(ctx, *at, r.Project, r.Dataset(), slog.Default())
}

func (c *queryCommand) openLocal(ctx context.Context) (tables *warehouse.Warehouse, done func(), err error) {
	done = func() {}
	e, running := stack.Running(c.Dir)
	if !running {
		alone, err := stack.StartBigQuery(ctx, stack.Options{Dir: c.Dir, Stream: c.Stream, Log: slog.Default()})
		if err != nil {
			return nil, done, err
		}
		done = func() { _ = alone.Stop() }
		e = alone.Endpoints
	}
	e.Stream = c.Stream
	tables, err = e.Warehouse(ctx, slog.Default())
	return tables, done, err
}

// printAnswer shows the answer of a stack to a query.
func printAnswer(ctx context.Context, e stack.Endpoints, sql string, out io.Writer) error {
	tables, err := e.Warehouse(ctx, slog.Default())
	if err != nil {
		return err
	}
	defer tables.Close()
	result, err := tables.Query(ctx, sql, nil)
	if err != nil {
		return err
	}
	return export(result, "table", out, noProgress{})
}

// list shows the library.
func (c *queryCommand) list(out io.Writer) error {
	all, err := queries.All(c.Stream.Survey())
	if err != nil {
		return err
	}
	for _, q := range all {
		fmt.Fprintf(out, "%s\n  %s\n", q.Name, q.Question)
		for _, p := range q.Parameters {
			fmt.Fprintf(out, "  %s\n", p)
		}
	}
	return nil
}
