package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"nightwire.dev/infra/queries"
	"nightwire.dev/schemas"
)

// list shows the library, and what else can be asked.
func (c *queryCommand) list(out io.Writer) error {
	survey := c.Stream.Survey()
	all, err := queries.All(survey)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "Queries of the library for %s, for --file NAME --param NAME=VALUE:\n\n", survey)
	for _, q := range all {
		asked, more, _ := strings.Cut(q.Question, "? ")
		if more != "" {
			asked += "?\n  " + strings.ReplaceAll(wrap(more, 100), "\n", "\n  ")
		}
		fmt.Fprintf(out, "%s\n  %s\n", q.Name, asked)
		for _, p := range q.Parameters {
			fmt.Fprintf(out, "  %s\n", p)
		}
	}
	fmt.Fprintf(out, "\nTables of %s, for queries of your own:\n\n", survey)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, view := range schemas.Views(survey) {
		fmt.Fprintf(t, "%s\t%s\n", view.Name, view.Description)
	}
	for _, table := range schemas.Tables(survey) {
		fmt.Fprintf(t, "%s\t%s\n", table.Name, table.Description)
	}
	return t.Flush()
}

// tables names what can be asked: the views, which are for people, and behind
// them the tables.
func tables() string {
	seen := map[string]bool{}
	fresh := func(names []string) string {
		var list []string
		for _, name := range names {
			if !seen[name] {
				seen[name], list = true, append(list, name)
			}
		}
		return strings.Join(list, ", ")
	}
	text := fresh(viewNames(schemas.ZTF))
	if more := fresh(viewNames(schemas.LSST)); more != "" {
		text += ", of LSST also " + more
	}
	return text + "; behind them " + fresh(append(tableNames(schemas.ZTF), tableNames(schemas.LSST)...))
}

func viewNames(survey string) (names []string) {
	for _, view := range schemas.Views(survey) {
		names = append(names, view.Name)
	}
	return names
}

func tableNames(survey string) (names []string) {
	for _, table := range schemas.Tables(survey) {
		names = append(names, table.Name)
	}
	return names
}
