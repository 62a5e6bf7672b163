package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"nightwire.dev/infra/deadletter"
	"nightwire.dev/infra/replay"
)

// deadletterCommand are the commands for what no function could process.
type deadletterCommand struct {
	List    deadletterList    `cmd:"" help:"List the dead letters, grouped by cause."`
	Show    deadletterShow    `cmd:"" help:"Show one dead letter, and the alert in it."`
	Redrive deadletterRedrive `cmd:"" help:"Send the messages of dead letters to where they came from."`
	Export  deadletterExport  `cmd:"" help:"Write dead letters into files."`
}

// Help is what --help shows besides the flags.
func (deadletterCommand) Help() string {
	return `What a function can never process becomes a dead letter: the message's own bytes,
where it came from, the function, the reason and the time. Letters stay where
they are until one of these commands ends them: redrive, or export --remove.`
}

// letterBox are the flags that say whose dead letters are meant.
type letterBox struct {
	deployment
	Wait time.Duration `help:"How long nothing may come before all letters count as seen; 1s for the local stack, else 10s." placeholder:"TIME"`
}

func (b *letterBox) open(ctx context.Context) (*deadletter.Box, func(), error) {
	at, done, err := b.deployment.open(ctx)
	if err != nil {
		return nil, done, err
	}
	wait := b.Wait
	switch {
	case wait < 0:
		return nil, done, fmt.Errorf("--wait %s: want a time above zero", wait)
	case wait == 0 && b.Project == "":
		wait = time.Second
	case wait == 0:
		wait = 10 * time.Second
	}
	return &deadletter.Box{Client: at.Topics, Resources: at.Resources, Wait: wait}, done, nil
}

// choice are the flags that say which letters are meant.
type choice struct {
	Reason   string `help:"Letters with this in their reason." placeholder:"TEXT"`
	Function string `help:"Letters of this function." placeholder:"NAME"`
	Since    string `help:"Letters of the last so long, or of this time, UTC, and later." placeholder:"2h|TIME"`
}

func (c choice) parse() (deadletter.Choice, error) {
	chosen := deadletter.Choice{Reason: c.Reason, Function: c.Function}
	if c.Since == "" {
		return chosen, nil
	}
	if ago, err := time.ParseDuration(c.Since); err == nil {
		chosen.Since = time.Now().Add(-ago)
		return chosen, nil
	}
	var err error
	if chosen.Since, err = replay.ParseTime(c.Since); err != nil {
		return chosen, fmt.Errorf("--since %q: want a time ago as in 2h, or a time as in 2026-09-01T05:00:00Z", c.Since)
	}
	return chosen, nil
}

// tellWalk says what a person has to know of a look at the letters.
func tellWalk(out io.Writer, w deadletter.Walked) {
	if w.Newer > 0 {
		fmt.Fprintf(out, "%d letters came meanwhile, and are left as they are\n", w.Newer)
	}
}

type deadletterShow struct {
	letterBox
	ID string `arg:"" help:"The letter, as list names it."`
}

// Help is what --help shows besides the flags.
func (deadletterShow) Help() string {
	return `Example:
  nightwire deadletter show 1217`
}

// Run shows the letter.
func (c *deadletterShow) Run(ctx context.Context, out io.Writer) error {
	box, done, err := c.open(ctx)
	defer done()
	if err != nil {
		return err
	}
	letter, err := box.Find(ctx, c.ID)
	if err != nil {
		return err
	}
	return letter.Print(ctx, box.Resources.Stream, out)
}

type deadletterRedrive struct {
	letterBox
	choice
	ID     []string `arg:"" optional:"" help:"Letters, as list names them; without any, all that the flags choose."`
	DryRun bool     `help:"Say what would be sent, and send nothing."`
}

// Help is what --help shows besides the flags.
func (deadletterRedrive) Help() string {
	return `Examples:
  nightwire deadletter redrive --dry-run
  nightwire deadletter redrive --function rows --reason "no such field"

Raw packets go to the archive again, a bucket's notifications to the functions
behind it. A letter ends only when Pub/Sub has confirmed its message, so it can be
interrupted and repeated; what fails again becomes a letter again.`
}

// Run sends the messages.
func (c *deadletterRedrive) Run(ctx context.Context, out io.Writer) error {
	chosen, err := c.parse()
	if err != nil {
		return err
	}
	chosen.IDs = c.ID
	box, done, err := c.open(ctx)
	defer done()
	if err != nil {
		return err
	}
	bar := newProgress(-1, "sent")
	redriven, err := box.Redrive(ctx, chosen, c.DryRun, func(n int) { _ = bar.Set(n) })
	_ = bar.Finish()
	if redriven != nil && (err == nil || len(redriven.Sent)+len(redriven.Stay) > 0) {
		c.tell(out, redriven)
	}
	return err
}

func (c *deadletterRedrive) tell(out io.Writer, r *deadletter.Redriven) {
	verb := "sent"
	if c.DryRun {
		verb = "would send"
	}
	for _, topic := range slices.Sorted(maps.Keys(r.Sent)) {
		fmt.Fprintf(out, "%s %d to %s\n", verb, r.Sent[topic], topic)
	}
	for _, why := range slices.Sorted(maps.Keys(r.Stay)) {
		fmt.Fprintf(out, "%d stay: %s\n", r.Stay[why], why)
	}
	if len(r.Sent)+len(r.Stay) == 0 {
		fmt.Fprintf(out, "none of %d letters is chosen, and nothing is sent\n", r.Walked.Seen)
	}
	tellWalk(out, r.Walked)
}

type deadletterExport struct {
	letterBox
	choice
	Dir    string `arg:"" help:"Folder to write into; made if absent." type:"path"`
	Remove bool   `help:"End each letter once the disk has its files."`
}

// Help is what --help shows besides the flags.
func (deadletterExport) Help() string {
	return `Examples:
  nightwire deadletter export ./letters
  nightwire deadletter export ./letters --function archive --remove

A letter becomes two files: <id>.bin has its message's content as it was, <id>.json
where it came from, the function, the reason, the time and all attributes.`
}

// Run writes the files.
func (c *deadletterExport) Run(ctx context.Context, out io.Writer) error {
	chosen, err := c.parse()
	if err != nil {
		return err
	}
	box, done, err := c.open(ctx)
	defer done()
	if err != nil {
		return err
	}
	bar := newProgress(-1, "written")
	written, walked, err := box.Export(ctx, chosen, c.Dir, c.Remove, func(n int) { _ = bar.Set(n) })
	_ = bar.Finish()
	if err == nil || written > 0 {
		fmt.Fprintf(out, "wrote %d letters of %d into %s\n", written, walked.Seen, c.Dir)
		tellWalk(out, walked)
	}
	return err
}
