package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"time"

	"nightwire.dev/infra/local/stack"
)

type queryCommand struct {
	deployment
	SQL    string            `arg:"" optional:"" help:"The query, in GoogleSQL; - reads it from standard input. Tables: ${tables}."`
	File   string            `help:"A file with the query, or the name of one of the library, which --list shows." placeholder:"QUERY" xor:"question"`
	Param  map[string]string `help:"Value of a parameter; may come again." placeholder:"NAME=VALUE" mapsep:"none"`
	Cone   string            `help:"Ask of the alerts within a circle, in degrees, degrees and arcseconds. The query has them under the name cone." placeholder:"RA,DEC,RADIUS" xor:"list"`
	Format string            `help:"How to write the answer: table, csv, jsonl or parquet." default:"table" enum:"table,csv,jsonl,parquet"`
	Output string            `help:"File to write the answer to; without it, standard output." short:"o" type:"path" placeholder:"FILE"`
	List   bool              `help:"List the library's queries with their parameters, and the tables; with --stream those of another survey." xor:"list,question"`
}

// Help is what --help shows besides the flags.
func (queryCommand) Help() string {
	return `Examples:
  nightwire query "SELECT objectId, candidate.magpsf FROM alerts ORDER BY candidate.magpsf LIMIT 5"
  nightwire query --file light-curve --param object=ZTF18abcdefg --format csv
  nightwire query --cone 150.1,2.2,5
  nightwire query --cone 150.1,2.2,5 "SELECT objectId, COUNT(*) AS n FROM cone GROUP BY objectId"
  nightwire query --list
  nightwire query --format parquet -o curves.parquet "SELECT * FROM light_curves"

In JSON lines an integer is a string of its digits, since a candid is larger than what many readers keep.`
}

// Run answers from the running stack, or starts its BigQuery alone for the one
// question.
func (c *queryCommand) Run(ctx context.Context, out io.Writer) error {
	if err := c.chooseLast(); err != nil {
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
	tables, done, err := c.openTables(ctx)
	defer done()
	if err != nil {
		return err
	}
	result, err := tables.Query(ctx, q.SQL, values)
	if err != nil {
		return err
	}
	return c.write(result, out, os.Stderr)
}

// question begins a statement that only reads, after comments and brackets.
var question = regexp.MustCompile(`(?is)^(\s|\(|(--|#)[^\n]*\n|/\*.*?\*/)*(SELECT|WITH)\b`)

// asks says whether a statement only reads.
func asks(sql string) bool { return question.MatchString(sql) }

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
	written, err := export(result, "table", out, noProgress{})
	if err == nil && written == 0 {
		fmt.Fprintln(out, "no rows")
	}
	return err
}
