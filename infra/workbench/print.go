package workbench

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"nightwire.dev/shared/filter"
)

// Print writes the trial for people. A usual night of the stream has so many
// alerts.
func (t *Trial) Print(w io.Writer, alertsANight int) {
	fmt.Fprintf(w, "%s on %s\n\n", t.Filter.ID(), t.Sample.Source.Name)
	line := func(name, format string, arguments ...any) {
		fmt.Fprintf(w, "%-11s %s\n", name, fmt.Sprintf(format, arguments...))
	}
	line("matches", "%d of %d alerts, %s", t.Matches, t.Alerts, percent(t.Matches, t.Alerts))
	if !t.Sample.Night {
		line("in a night", "%s, if it has %d alerts and they are like these", rate(t.Matches, t.Alerts, alertsANight), alertsANight)
	}
	line("time", "%s for an alert, once it is decoded (median)", t.Took.Round(100*time.Nanosecond))
	for _, f := range t.Failures {
		line("failed", "on %d alerts: %s", f.Alerts, f.Reason)
	}
	t.Passed.print(w, t.Sample)
	printExamples(w, "the first matches", t.Examples, t.Filter.Columns)
	if t.Alerts == 0 {
		return
	}
	fmt.Fprintln(w)
	t.Brightness.print(w)
	printShares(w, "near it", t.Counterparts, t.Alerts, t.Matches)
	printShares(w, "truth", t.Classes, t.Alerts, t.Matches)
}

// print says what else was in a sample.
func (p Passed) print(w io.Writer, s Sample) {
	if p.Repeated > 0 {
		fmt.Fprintf(w, "%-11s %d packets of alerts that had been there\n", "again", p.Repeated)
	}
	if p.NoAlerts.Count == 0 {
		return
	}
	fmt.Fprintf(w, "%-11s %d files are no alerts of stream %s:\n", "left out", p.NoAlerts.Count, s.Stream)
	for _, named := range p.NoAlerts.Named {
		fmt.Fprintf(w, "  %s\n", named)
	}
	if more := p.NoAlerts.Count - len(p.NoAlerts.Named); more > 0 {
		fmt.Fprintf(w, "  and %d more\n", more)
	}
}

// printExamples is a table: what everybody wants to see, and the computed
// columns.
func printExamples(w io.Writer, title string, examples []Example, columns []string) {
	if len(examples) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s:\n", title)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer t.Flush()
	names := append([]string{"objectId", "candid", "band", "mag", "observed (UTC)", "ra", "dec"}, columns...)
	if hasClass(examples) {
		names = append(names, "truth")
	}
	fmt.Fprintln(t, strings.Join(names, "\t"))
	for _, e := range examples {
		a := e.Alert
		mag := missing
		if a.Mag.Known {
			mag = fmt.Sprintf("%.2f", a.Mag.Value)
		}
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%.5f\t%.5f", a.ObjectID, a.Candid, a.Band, mag,
			a.ObservedAt.UTC().Format(time.DateTime), a.RADeg, a.DecDeg)
		for _, name := range columns {
			fmt.Fprint(t, "\t", cell(valueOf(e.Columns, name)))
		}
		if a.Class != "" {
			fmt.Fprint(t, "\t", a.Class)
		}
		fmt.Fprintln(t)
	}
}

func hasClass(examples []Example) bool {
	return slices.ContainsFunc(examples, func(e Example) bool { return e.Alert.Class != "" })
}

func valueOf(columns []filter.Column, name string) any {
	for _, c := range columns {
		if c.Name == name {
			return c.Value
		}
	}
	return nil
}

// missing stands for a value that is not there.
const missing = "-"

// cell is a computed value in few characters.
func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return missing
	case float64:
		return strconv.FormatFloat(v, 'g', 5, 64)
	default:
		return fmt.Sprint(v)
	}
}

func printShares(w io.Writer, title string, list []Share, all, matches int) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintln(w)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	defer t.Flush()
	fmt.Fprintf(t, "%s\tall\t\tmatches\t\n", title)
	for _, s := range list {
		fmt.Fprintf(t, "%s\t%d\t%s\t%d\t%s\n", s.Class, s.All, percent(s.All, all), s.Matches, percent(s.Matches, matches))
	}
}

// Print writes the comparison for people.
func (c *Comparison) Print(w io.Writer) {
	a, b := "A = "+c.A.ID(), "B = "+c.B.ID()
	fmt.Fprintf(w, "%s and %s on %s, %d alerts\n\n", a, b, c.Sample.Source.Name, c.Alerts)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, line := range []struct {
		name  string
		count int
	}{
		{"both match", c.Both.Count},
		{"only A", c.OnlyA.Count},
		{"only B", c.OnlyB.Count},
		{"A failed", c.FailedA},
		{"B failed", c.FailedB},
	} {
		fmt.Fprintf(t, "%s\t%d\t%s\n", line.name, line.count, percent(line.count, c.Alerts))
	}
	_ = t.Flush()
	c.Passed.print(w, c.Sample)
	for _, d := range c.Differing {
		fmt.Fprintf(w, "column %s differs in %d of the alerts that both match: in %s of %s it is %s in A, %s in B\n",
			d.Column, d.Count, strconv.FormatInt(d.Alert.Candid, 10), d.Alert.ObjectID, cell(d.A), cell(d.B))
	}
	for _, only := range [][2][]string{{c.A.Columns, c.B.Columns}, {c.B.Columns, c.A.Columns}} {
		for _, name := range only[0] {
			if !slices.Contains(only[1], name) {
				fmt.Fprintf(w, "column %s is in one of them only\n", name)
			}
		}
	}
	printExamples(w, "only A", c.OnlyA.Examples, c.A.Columns)
	printExamples(w, "only B", c.OnlyB.Examples, c.B.Columns)
	printExamples(w, "both, with the columns of A", c.Both.Examples, c.A.Columns)
}
