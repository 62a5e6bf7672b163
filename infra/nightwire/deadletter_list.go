package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"nightwire.dev/infra/deadletter"
)

type deadletterList struct {
	letterBox
	choice
	Limit int `help:"Stop at so many letters." default:"10000"`
	Rows  int `help:"Show so many letters one by one, the newest first; the groups have all." default:"50"`
}

// Help is what --help shows besides the flags.
func (deadletterList) Help() string {
	return `Examples:
  nightwire deadletter list
  nightwire deadletter list --function archive --since 2h
  nightwire deadletter list --reason programid --rows 1000

Groups by cause come first, the largest on top. Nothing is changed: letters are
held while they are read, for some seconds, and given back.

Pub/Sub does not tell how many messages it holds. The list is complete when
nothing has come for the time of --wait; letters that another such command holds
at that moment are not in it.`
}

// Run lists the letters.
func (c *deadletterList) Run(ctx context.Context, out io.Writer) error {
	if c.Limit < 1 || c.Rows < 0 {
		return fmt.Errorf("--limit %d, --rows %d: want 1 or more, and 0 or more", c.Limit, c.Rows)
	}
	chosen, err := c.parse()
	if err != nil {
		return err
	}
	box, done, err := c.open(ctx)
	defer done()
	if err != nil {
		return err
	}
	list, err := box.List(ctx, chosen, c.Limit)
	if err != nil {
		return err
	}
	return c.print(out, list, time.Now())
}

func (c *deadletterList) print(out io.Writer, list *deadletter.Listing, now time.Time) error {
	if list.Walked.Seen == 0 {
		fmt.Fprintln(out, "there are no dead letters")
		tellWalk(out, list.Walked)
		return nil
	}
	more := ""
	if list.Full {
		more = ", and there may be more: --limit takes more in"
	}
	fmt.Fprintf(out, "%d of %d letters%s\n", len(list.Letters), list.Walked.Seen, more)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\ncount\tfunction\toldest\tnewest\tbytes\treason")
	for _, g := range deadletter.Groups(list.Letters) {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%d\t%s\n", g.Count, g.Function, age(now, g.Oldest), age(now, g.Newest), g.Bytes, short(g.Reason, 100))
	}
	if c.Rows > 0 {
		fmt.Fprintln(w, "\nletter\tage\tfunction\tfrom\tbytes\treason")
	}
	for i, l := range list.Letters {
		if i == c.Rows {
			break
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\n", l.ID, age(now, l.At), l.Function, l.From(), l.Bytes, short(l.Reason, 60))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if n := len(list.Letters) - c.Rows; n > 0 {
		fmt.Fprintf(out, "... and %d more: --rows shows them\n", n)
	}
	tellWalk(out, list.Walked)
	return nil
}

// age is how long ago something was, in the one unit that matters.
func age(now, then time.Time) string {
	switch d := now.Sub(then); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(0, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}

// short is the beginning of a text, on one line.
func short(text string, most int) string {
	letters := []rune(text)
	if len(letters) <= most {
		return text
	}
	return string(letters[:most-1]) + "…"
}
