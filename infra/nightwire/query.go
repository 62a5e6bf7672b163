package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/big"
	"os"
	"regexp"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"nightwire.dev/infra/local/stack"
	"nightwire.dev/shared/names"
)

type queryCommand struct {
	state
	Stream names.Stream `help:"Stream whose tables are asked: ztf, ztf-partnership or lsst; without it, the last that ran."`
	SQL    string       `arg:"" help:"The query, in GoogleSQL; - reads it from standard input. Tables: alerts, records, matches, evaluated; behind them alerts_stream, ledger, filter_matches, evaluations."`
}

// Help is what --help shows besides the flags.
func (queryCommand) Help() string {
	return `Examples:
  nightwire query "SELECT objectId, candidate.magpsf FROM alerts ORDER BY candidate.magpsf LIMIT 5"
  nightwire query "SELECT outcome, COUNT(*) AS records FROM records GROUP BY outcome"`
}

// Run answers from the running stack, or starts its BigQuery alone for the one
// question.
func (c *queryCommand) Run(ctx context.Context) error {
	sql := c.SQL
	if sql == "-" {
		text, err := io.ReadAll(os.Stdin)
		if err != nil {
			return fmt.Errorf("read the query: %w", err)
		}
		sql = string(text)
	}
	if !asks(sql) {
		return errors.New("this asks and changes nothing: want SELECT or WITH; to change a table, point a BigQuery client at nightwire up")
	}
	last, _ := stack.Last(c.Dir)
	if c.Stream == "" {
		c.Stream = cmp.Or(last.Stream, names.ZTF)
	}
	if err := c.Stream.Validate(); err != nil {
		return fmt.Errorf("--stream: %w", err)
	}
	e, running := stack.Running(c.Dir)
	e.Stream = c.Stream
	if !running {
		warehouse, err := stack.StartBigQuery(ctx, stack.Options{Dir: c.Dir, Stream: c.Stream, Log: slog.Default()})
		if err != nil {
			return err
		}
		defer func() { _ = warehouse.Stop() }()
		e = warehouse.Endpoints
	}
	return printAnswer(ctx, e, sql, os.Stdout)
}

// question is the beginning of a statement that only reads, after comments and
// brackets.
var question = regexp.MustCompile(`(?is)^(\s|\(|(--|#)[^\n]*\n|/\*.*?\*/)*(SELECT|WITH)\b`)

// asks says whether a statement only reads.
func asks(sql string) bool { return question.MatchString(sql) }

// printAnswer writes the answer as a table. Integers keep all their digits.
func printAnswer(ctx context.Context, e stack.Endpoints, sql string, w io.Writer) error {
	warehouse, err := e.Warehouse(ctx, slog.Default())
	if err != nil {
		return err
	}
	defer warehouse.Close()
	result, err := warehouse.Query(ctx, sql, nil)
	if err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer t.Flush()
	fmt.Fprintln(t, strings.Join(result.Columns, "\t"))
	for row, err := range result.Rows() {
		if err != nil {
			return err
		}
		cells := make([]string, len(row))
		for i, v := range row {
			cells[i] = cell(v)
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	return nil
}

// cell writes one value for a table.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05.999999")
	case *big.Rat:
		return strings.TrimRight(strings.TrimRight(v.FloatString(9), "0"), ".")
	case []byte:
		return fmt.Sprintf("%x", v)
	case float64:
		if size := math.Abs(v); size != 0 && (size < 1e-4 || size >= 1e15) {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
		return strconv.FormatFloat(v, 'f', -1, 64)
	case string, int64, bool:
		return fmt.Sprint(v)
	}
	if s, ok := v.(fmt.Stringer); ok {
		return s.String()
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(b.String())
}
