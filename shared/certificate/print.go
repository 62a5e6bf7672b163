package certificate

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// mostPrinted bounds how many missing things of a cause are printed; the JSON
// names more.
const mostPrinted = 20

// Verdict is the certificate in one line.
func (c *Certificate) Verdict() string {
	switch {
	case c.Missing > 0 && c.State == Repairing:
		return fmt.Sprintf("%d MISSING, under repair", c.Missing)
	case c.Missing > 0:
		return fmt.Sprintf("%d MISSING", c.Missing)
	case c.State == Repairing:
		return "not yet proven"
	case c.State == Unproven && c.overRejected():
		return fmt.Sprintf("UNPROVEN: %d OF %d RECORDS ARE REJECTED", c.Rejected, c.Records)
	case c.State == Unproven:
		return "UNPROVEN: nobody has told how far Kafka went"
	case c.Records > 0 && c.Rejected == c.Records:
		return "nothing is missing, but ALL ARE REJECTED"
	case c.Records == 0 && c.Files == 0:
		return "no alerts, and nothing is missing" + c.reach()
	default:
		return "nothing is missing" + c.reach()
	}
}

// reach says how far the proof goes while the night does.
func (c *Certificate) reach() string {
	if c.Until.IsZero() {
		return ""
	}
	return c.Until.Format(" until 15:04 UTC")
}

// subject is what the certificate is about.
func (c *Certificate) subject() string {
	if c.Night == "" {
		return "stream " + c.Stream
	}
	return fmt.Sprintf("night %s of stream %s", c.Night, c.Stream)
}

// figure is a count, and what it means.
type figure struct {
	Name    string
	Count   int
	Meaning string
}

// figures are the counts of the certificate.
func (c *Certificate) figures() []figure {
	return []figure{
		{"records", c.Records, "in Kafka"},
		{"stored", c.Stored, "became a file"},
		{"duplicates", c.Duplicates, "were in the archive already"},
		{"conflicts", c.Conflicts, "have the identity of another and other bytes; both are kept"},
		{"rejected", c.Rejected, "are no alerts of this stream; kept as dead letters"},
		{"files", c.Files, "in the archive"},
		{"rows", c.Rows, "of the files, in the table"},
		{"evaluated", c.Evaluated, "of the files, by the filters"},
		{"missing", c.Missing, ""},
	}
}

// Print writes the certificate for people.
func (c *Certificate) Print(w io.Writer) {
	fmt.Fprintf(w, "\nCertificate of %s: %s\n\n", c.subject(), c.Verdict())
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, f := range c.figures() {
		fmt.Fprintf(t, "%s\t%d\t  %s\n", f.Name, f.Count, f.Meaning)
	}
	_ = t.Flush()
	for _, r := range c.Rejections[:min(len(c.Rejections), mostPrinted)] {
		fmt.Fprintf(w, "  rejected: %d, %s\n", r.Records, r.Reason)
	}
	for _, doubt := range c.Doubts {
		fmt.Fprintf(w, "  unproven: %s\n", doubt)
	}
	for _, l := range c.Losses {
		c.printLoss(w, l)
	}
	if c.Repair != nil && c.Repair.Sent > 0 {
		fmt.Fprintf(w, "\n%d notifications were sent again, and %d less is missing than at worst.\n%s\n",
			c.Repair.Sent, c.Repaired(), told)
	}
	if l := c.Latency; l != (Latency{}) {
		fmt.Fprintf(w, "\nfrom Kafka's timestamp to the making of the row: median %.2f s, 90 %% %.2f s, 99 %% %.2f s, longest %.2f s\n",
			l.P50, l.P90, l.P99, l.Max)
	}
}

func (c *Certificate) printLoss(w io.Writer, l Loss) {
	fmt.Fprintf(w, "\nmissing: %s: %d\n", l.Cause.Meaning(), l.Count)
	lines := l.Lines()
	for _, line := range lines[:min(len(lines), mostPrinted)] {
		fmt.Fprintf(w, "  missing: %s\n", line)
	}
	if len(lines) > mostPrinted {
		fmt.Fprintf(w, "  and more, named in the JSON\n")
	}
	fmt.Fprintf(w, "  %s\n", l.Remedy())
	for _, command := range c.Commands(l) {
		fmt.Fprintf(w, "    %s\n", command)
	}
}

// told is what a repair does for those who read the topics of filters.
const told = "Who should have been told of a match among them and had not been was told now, with a mark that it is late; nobody was told twice, and nobody of what was replayed in silence."

// Lines name what is missing: files, or else records.
func (l Loss) Lines() []string {
	if len(l.Names) > 0 {
		return l.Names
	}
	var lines []string
	for _, s := range l.Spans {
		if s.First == s.Last {
			lines = append(lines, fmt.Sprintf("%s/%d, offset %d", s.Topic, s.Partition, s.First))
			continue
		}
		lines = append(lines, fmt.Sprintf("%s/%d, offsets %d to %d", s.Topic, s.Partition, s.First, s.Last))
	}
	return lines
}
