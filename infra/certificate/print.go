package certificate

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
)

// mostNamed bounds how many missing things are printed; the JSON names all.
const mostNamed = 20

// Print writes the certificate for people.
func (c *Certificate) Print(w io.Writer) {
	verdict := "nothing is missing"
	switch {
	case c.Missing > 0:
		verdict = fmt.Sprintf("%d MISSING", c.Missing)
	case c.Records > 0 && c.Rejected == c.Records:
		verdict = "nothing is missing, but ALL ARE REJECTED"
	}
	fmt.Fprintf(w, "\nCertificate of stream %s: %s\n\n", c.Stream, verdict)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(name string, n int, meaning string) { fmt.Fprintf(t, "%s\t%d\t  %s\n", name, n, meaning) }
	line("records", c.Records, "in Kafka")
	line("stored", c.Stored, "became a file")
	line("duplicates", c.Duplicates, "were in the archive already")
	line("conflicts", c.Conflicts, "have the identity of another and other bytes; both are kept")
	line("rejected", c.Rejected, "are no alerts of this stream; kept as dead letters")
	line("files", c.Files, "in the archive")
	line("rows", c.Rows, "alerts in the table")
	if c.filters {
		line("evaluated", c.Evaluated, "of the files, by the filters")
	}
	line("missing", c.Missing, "")
	_ = t.Flush()
	for _, r := range c.Rejections {
		fmt.Fprintf(w, "  rejected: %d, %s\n", r.Records, r.Reason)
	}
	c.printMissing(w)
	l := c.Latency
	if l == (Latency{}) {
		return
	}
	fmt.Fprintf(w, "\nall alerts in the table, from Kafka's timestamp to the making of the row: median %.2f s, 90 %% %.2f s, 99 %% %.2f s, longest %.2f s\n", l.P50, l.P90, l.P99, l.Max)
}

func (c *Certificate) printMissing(w io.Writer) {
	var lines []string
	for _, s := range c.MissingRecords {
		lines = append(lines, fmt.Sprintf("record of %s/%d, offsets %d to %d, has no outcome", s.Topic, s.Partition, s.First, s.Last))
	}
	for _, s := range c.MissingSent {
		lines = append(lines, fmt.Sprintf("%d records that were sent to %s", s.Records, s.Topic))
	}
	for _, name := range c.MissingFiles {
		lines = append(lines, "file "+name)
	}
	for _, name := range c.MissingRows {
		lines = append(lines, "row of "+name)
	}
	for _, name := range c.Unevaluated {
		lines = append(lines, "evaluation of "+name)
	}
	for i, line := range lines {
		if i == mostNamed {
			fmt.Fprintf(w, "  missing: and %d more, named in the JSON\n", len(lines)-i)
			return
		}
		fmt.Fprintf(w, "  missing: %s\n", line)
	}
}

// PrintRun writes what the run took, by process.
func (r *Run) PrintRun(w io.Writer) {
	fmt.Fprintf(w, "%d alerts in %.1f s: %.0f alerts/s, from the first record to the last row\n\n", r.Records, r.Seconds, r.AlertsPerSecond)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "process\tCPU ms/alert\tMB halfway\tMB at the end\tMB peak\trestarts\t\n")
	total := 0.0
	for _, p := range r.Processes {
		total += p.CPUMsPerAlert
		fmt.Fprintf(t, "%s\t%.2f\t%s\t%s\t%s\t%d\t\n", p.Name, p.CPUMsPerAlert,
			megabytes(p.HalfwayMB), megabytes(p.EndMB), megabytes(p.PeakMB), p.Restarts)
	}
	fmt.Fprintf(t, "all\t%.2f\t\t\t\t\t\n", total)
	_ = t.Flush()
}

// megabytes is a size that may be unknown.
func megabytes(mb float64) string {
	if mb == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f", mb)
}

// Save writes the certificate as JSON.
func (c *Certificate) Save(path string) error {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("write the certificate: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write the certificate: %w", err)
	}
	return nil
}
