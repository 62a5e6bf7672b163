package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/user"
	"time"

	"nightwire.dev/infra/workbench/catalogue"
)

type filterPause struct {
	deployment
	Name   string `arg:"" help:"The filter."`
	Reason string `help:"Why, for its readers." required:""`
}

// Help is what --help shows besides the flags.
func (filterPause) Help() string {
	return `Example:
  nightwire filter pause young --reason "the reference images are being remade"

Nothing is lost: resume --backfill sends the filter what it missed.`
}

// Run pauses the filter.
func (c *filterPause) Run(ctx context.Context, out io.Writer) error {
	filters, done, err := c.open(ctx)
	defer done()
	if err != nil {
		return err
	}
	if err := filters.Pause(ctx, c.Name, catalogue.Paused{Reason: c.Reason, By: userName(), At: time.Now().UTC()}); err != nil {
		return err
	}
	fmt.Fprintf(out, "%[2]s is paused within seconds. It runs again after:\n  %[1]s filter resume %[2]s --backfill%[3]s\n", os.Args[0], c.Name, c.again())
	return nil
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return "nightwire filter pause"
}

type filterResume struct {
	deployment
	Name     string `arg:"" help:"The filter."`
	Backfill bool   `help:"Send it the alerts that it missed while it was paused or failed."`
	Since    string `help:"With --backfill: only alerts of this night and later." placeholder:"YYYY-MM-DD" default:"1990-01-01"`
}

// Help is what --help shows besides the flags.
func (filterResume) Help() string {
	return `Examples:
  nightwire filter resume young
  nightwire filter resume young --backfill --since 2026-09-01

With --backfill, each alert for which the filter was paused, or on which it
failed, is sent to it again, and to no other filter. It can be interrupted and
repeated: no match is notified twice.`
}

// Run resumes the filter.
func (c *filterResume) Run(ctx context.Context, out io.Writer) error {
	if _, err := time.Parse(time.DateOnly, c.Since); err != nil {
		return fmt.Errorf("--since %q: want YYYY-MM-DD", c.Since)
	}
	filters, done, err := c.open(ctx)
	defer done()
	if err != nil {
		return err
	}
	was, err := filters.Resume(ctx, c.Name)
	switch {
	case err != nil:
		return err
	case was == nil:
		fmt.Fprintf(out, "%s was not paused\n", c.Name)
	default:
		fmt.Fprintf(out, "%s runs again within seconds; it was paused %s\n", c.Name, was)
	}
	missed, err := filters.Missed(ctx, c.Name, c.Since)
	if err != nil {
		return err
	}
	switch {
	case len(missed) == 0:
		fmt.Fprintln(out, "it has missed no alerts")
		return nil
	case !c.Backfill:
		fmt.Fprintf(out, "it has missed %[3]d alerts; to send it these:\n  %[1]s filter resume %[2]s --backfill%[4]s\n", os.Args[0], c.Name, len(missed), c.again())
		return nil
	}
	return c.backfill(ctx, out, filters, missed)
}

func (c *filterResume) backfill(ctx context.Context, out io.Writer, filters *catalogue.Catalogue, missed []catalogue.Missed) error {
	fmt.Fprintf(out, "it has missed %d alerts, which are sent to it again\n", len(missed))
	bar := newProgress(len(missed), "sent")
	sent := 0
	gone, err := filters.Backfill(ctx, c.Name, missed, func(n int) { sent = n; _ = bar.Set(n) })
	_ = bar.Finish()
	if err != nil {
		return fmt.Errorf("%d of %d alerts were sent; the same command sends the rest: %w", sent, len(missed), err)
	}
	if gone > 0 {
		fmt.Fprintf(out, "the files of %d alerts are no longer in the archive\n", gone)
	}
	fmt.Fprintln(out, "all are sent; what matches is notified in the next moments")
	return nil
}
