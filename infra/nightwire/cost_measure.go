package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"nightwire.dev/infra/queries/scan"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

type costMeasure struct {
	state
	Stream names.Stream `help:"${stream} Default: the local stack's, or ztf." placeholder:"STREAM"`
	Night  string       `help:"Night whose rows are measured; without it, all rows." placeholder:"YYYY-MM-DD"`
	Alerts float64      `help:"Alerts of the night for which the queries are said." default:"100000"`
	Format string       `help:"How to write it: table or json." default:"table" enum:"table,json"`
}

// Help is what --help shows besides the flags.
func (costMeasure) Help() string {
	return `Sizes are logical, by BigQuery's published rules, which is what it bills for storing, appending and reading. Each
query is said for one night: one that looks at more nights reads as much of each.

Examples:
  nightwire run --synthetic 20000
  nightwire cost measure
  nightwire cost measure --format json`
}

// Run measures the tables of the local stack, whether it runs or not.
func (c *costMeasure) Run(ctx context.Context, out io.Writer) error {
	if _, err := time.Parse(time.DateOnly, c.Night); c.Night != "" && err != nil {
		return fmt.Errorf("--night %s: want a date, YYYY-MM-DD", c.Night)
	}
	d := deployment{state: c.state, Stream: c.Stream}
	if err := d.chooseLast(); err != nil {
		return err
	}
	tables, done, err := d.openTables(ctx)
	defer done()
	if err != nil {
		return err
	}
	return c.tell(ctx, tables, d.Stream.Survey(), out)
}

func (c *costMeasure) tell(ctx context.Context, tables *warehouse.Warehouse, survey string, out io.Writer) error {
	report, err := scan.Library(ctx, tables.Visit, survey, c.Night)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		return writeJSON(out, report)
	}
	c.print(out, report)
	return nil
}

func (c *costMeasure) print(out io.Writer, r *scan.Report) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "table\trows\tbytes a row\tbytes an alert\t\n")
	for _, s := range r.Tables {
		fmt.Fprintf(t, "%s\t%d\t%.0f\t%.0f\t\n", s.Table, s.Rows, s.PerRow(), float64(s.Bytes)/float64(r.Alerts))
	}
	_ = t.Flush()
	fmt.Fprintf(out, "\nOne night of %.0f alerts:\n\n", c.Alerts)
	t = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "query\tcolumns\tbytes an alert\tMB read\tMB billed\tof\n")
	for _, s := range r.Queries {
		fmt.Fprintf(t, "%s\t%d\t%.0f\t%.1f\t%.1f\t%s\n", s.Query, s.Columns, s.PerAlert, s.PerAlert*c.Alerts/1e6, s.Billed(c.Alerts)/1e6, strings.Join(s.Tables, ", "))
	}
	_ = t.Flush()
}
