package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"nightwire.dev/infra/dawn"
	"nightwire.dev/shared/certificate"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/watermark"
)

type dawnCommand struct {
	deployment
	Night string        `arg:"" optional:"" help:"The night to close, YYYY-MM-DD; without it, the last one."`
	For   time.Duration `help:"How long to wait for the certificate." default:"30m"`
}

// Help is what --help shows besides the flags.
func (dawnCommand) Help() string {
	return `Has the function night compare what Kafka had of the night with the ledger, the
files, the rows and the evaluations, repair what it can, and make a certificate.
Prints it, and leaves the page that people read beside the state. The exit status
is 0 only if the night is clean. It may be asked at any time, and again.

A night of ZTF is a date in UTC; one of LSST lasts from noon to noon, UTC.

Examples:
  nightwire dawn 2026-09-01
  nightwire dawn 2026-09-01 --project my-project --stream lsst`
}

// Run calls the dawn and prints the certificate.
func (c *dawnCommand) Run(ctx context.Context, out io.Writer) error {
	if c.Night != "" {
		if _, err := time.Parse(time.DateOnly, c.Night); err != nil {
			return fmt.Errorf("night %q: want YYYY-MM-DD", c.Night)
		}
	}
	where, done, err := c.open(ctx)
	defer done()
	if err != nil {
		return err
	}
	caller := &dawn.Caller{Resources: where.Resources, Topics: where.Topics, Products: where.Products}
	if c.Night == "" {
		c.Night = watermark.Present(where.Resources.Stream, time.Now())
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.For, fmt.Errorf("there is none after %s; the function night goes on", c.For))
	defer cancel()
	call, err := caller.Send(ctx, c.Night)
	if err != nil {
		return err
	}
	found, err := caller.Await(ctx, call, func(look *certificate.Certificate) {
		fmt.Fprintf(os.Stderr, "%s: %s\n", look.Night, look.Verdict())
	})
	if err != nil {
		return err
	}
	found.Print(out)
	page, err := dawn.Save(found, c.savedCertificate(where.Resources, c.Night))
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nthe certificate as a page: %s\n", page)
	if found.State != certificate.Clean {
		return errors.New("night " + c.Night + ": " + found.Verdict())
	}
	return nil
}

// savedCertificate is where the certificate of a night is left.
func (s state) savedCertificate(r names.Resources, night string) string {
	return filepath.Join(s.Dir, "certificates", r.Dataset(), night+".json")
}
