package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"nightwire.dev/infra/workbench/catalogue"
)

type filterList struct{ deployment }

// Help is what --help shows besides the flags.
func (filterList) Help() string {
	return `Examples:
  nightwire filter list
  nightwire filter list --project my-project --stream ztf`
}

// Run lists the filters.
func (c *filterList) Run(ctx context.Context, out io.Writer) error {
	filters, done, err := c.open(ctx)
	defer done()
	if err != nil {
		return err
	}
	list, night, err := filters.List(ctx, time.Now())
	if err != nil {
		return err
	}
	if len(list) == 0 {
		fmt.Fprintf(out, "no filter is published on %s: nightwire filter publish does it\n", filters.Resources.Stream)
		return nil
	}
	printList(out, list, night)
	return nil
}

func printList(w io.Writer, list []catalogue.Entry, night string) {
	if night == "" {
		night = "the night"
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "filter\tversion\tstreams\towner\tstate\tlast hour\t%s\tfailed\tmissed\n", night)
	var remarks []string
	for _, e := range list {
		version, streams, owner := "-", "-", "-"
		if e.Filter != nil {
			var all []string
			for _, s := range e.Filter.Streams {
				all = append(all, string(s))
			}
			version, streams, owner = fmt.Sprint(e.Filter.Version), strings.Join(all, ","), e.Filter.Owner
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%d\t%d\t%d\n", e.Name, version, streams, owner, stateOf(e), e.LastHour, e.Night, e.Failed, e.Held)
		if e.Paused != nil {
			remarks = append(remarks, fmt.Sprintf("%s is paused %s", e.Name, e.Paused))
		}
		if e.Fault != nil {
			remarks = append(remarks, fmt.Sprintf("%s: its published file is refused, and version %s stays in force:\n  %s",
				e.Name, version, strings.ReplaceAll(e.Fault.Error(), "\n", "\n  ")))
		}
	}
	_ = t.Flush()
	for _, remark := range remarks {
		fmt.Fprintln(w, remark)
	}
}

// stateOf says in a word whether a filter runs.
func stateOf(e catalogue.Entry) string {
	switch {
	case e.Filter == nil:
		return "refused"
	case e.Paused != nil:
		return "paused"
	case !e.Filter.Enabled:
		return "disabled"
	default:
		return "enabled"
	}
}
