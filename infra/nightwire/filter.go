package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/filter/expression"
	"nightwire.dev/shared/names"
)

// filterCommand is what the owners of filters do.
type filterCommand struct {
	Check     filterCheck     `cmd:"" help:"Say what is wrong with filters' files, what they cost, and where their matches go."`
	Test      filterTest      `cmd:"" set:"stream_default=Default: the filter's first; with --night, the local stack's." help:"Try a filter on alerts: how many match, which, and of what kind."`
	Diff      filterDiff      `cmd:"" set:"stream_default=Default: the first that both filters have; with --night, the local stack's." help:"Compare two filters on the same alerts."`
	Publish   filterPublish   `cmd:"" set:"stream_default=Default: the local stack's; of a project, all that the filter names." help:"Put a filter into force."`
	List      filterList      `cmd:"" help:"List the published filters, and what they match."`
	Pause     filterPause     `cmd:"" help:"Stop a filter until it is resumed."`
	Resume    filterResume    `cmd:"" help:"Let a paused filter run again, and send it what it missed."`
	Watch     filterWatch     `cmd:"" help:"Show a filter's matches as they come."`
	Functions filterFunctions `cmd:"" help:"Explain the functions that a filter may use."`
	Fields    filterFields    `cmd:"" help:"List the fields of a survey's alerts that a filter may read."`
}

// Help is what --help shows besides the commands.
func (filterCommand) Help() string {
	return `A filter is a small YAML file that says which alerts somebody wants. From the
question to the matches:
  nightwire filter check young.yaml
  nightwire filter test young.yaml --synthetic 5000
  nightwire filter publish young.yaml
docs/filters.md teaches it in five minutes.`
}

type filterCheck struct {
	Files []string `arg:"" help:"The filters' files."`
}

// Help is what --help shows besides the flags.
func (filterCheck) Help() string {
	return `Example:
  nightwire filter check young.yaml

Each fault is printed as file:line:column. The exit status is 0 only if all files
are right.`
}

// Run checks the files.
func (c *filterCheck) Run(out io.Writer) error {
	wrong := 0
	for _, file := range c.Files {
		f, _, advice, err := readFilter(file)
		var faults filter.Faults
		if err != nil && !errors.As(err, &faults) {
			return err
		}
		if err != nil {
			wrong++
			fmt.Fprintln(out, err)
			continue
		}
		printChecked(out, file, f, advice)
	}
	if wrong > 0 {
		return fmt.Errorf("%d of %d files are wrong: mend what is named above", wrong, len(c.Files))
	}
	return nil
}

// readFilter reads and checks a file.
func readFilter(file string) (f *filter.Filter, content []byte, advice filter.Faults, err error) {
	if content, err = os.ReadFile(file); err != nil {
		return nil, nil, nil, fmt.Errorf("read the filter: %w", err)
	}
	f, advice, err = filter.Parse(file, content)
	return f, content, advice, explainColons(err, content)
}

func printChecked(w io.Writer, file string, f *filter.Filter, advice filter.Faults) {
	var topics, streams, columns []string
	for _, s := range f.Streams {
		streams = append(streams, string(s))
		topics = append(topics, names.Resources{Stream: s}.Topic(f.Topic))
	}
	types := f.ColumnTypes()
	for i, column := range f.Columns {
		columns = append(columns, column+" "+types[i])
	}
	fmt.Fprintf(w, "%s is right\n", file)
	fmt.Fprintf(w, "  filter   %s of %s; streams %s%s\n", f.ID(), f.Owner, strings.Join(streams, ", "), unless(f.Enabled, "; not enabled"))
	fmt.Fprintf(w, "  topic    %s\n", strings.Join(topics, ", "))
	fmt.Fprintf(w, "  columns  %s\n", cmp.Or(strings.Join(columns, ", "), "none"))
	fmt.Fprintf(w, "  cost     %d steps foretold, of %d that an alert may take%s\n", f.Cost(), expression.MaxCost,
		unless(f.Cost() <= expression.MaxCost, ": with long histories it will fail, so make it simpler"))
	fmt.Fprintf(w, "  cap      %s\n", capOf(f))
	for _, a := range advice {
		fmt.Fprintf(w, "  advice   %v\n", a)
	}
}

func unless(condition bool, text string) string {
	if condition {
		return ""
	}
	return text
}

func capOf(f *filter.Filter) string {
	if f.MaxMatchesAnHour == 0 {
		return "none"
	}
	return fmt.Sprintf("%d matches an hour; over it the filter is paused", f.MaxMatchesAnHour)
}
