package main

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"nightwire.dev/infra/cost"
	"nightwire.dev/infra/workbench"
	"nightwire.dev/shared/filter"
)

type filterTest struct {
	sample
	File         string `arg:"" help:"The filter's file."`
	AlertsANight int    `help:"How many alerts a usual night has. Default: 100,000 of ZTF, 10 million of LSST." placeholder:"N"`
}

// Help is what --help shows besides the flags.
func (filterTest) Help() string {
	return `Examples:
  nightwire filter test young.yaml --synthetic 5000
  nightwire filter test young.yaml --alerts night.tar.gz --examples 30
  nightwire filter test young.yaml --night 2026-09-01
  nightwire filter test young.yaml --night 2026-09-01 --project my-project`
}

// Run tries the filter.
func (c *filterTest) Run(ctx context.Context, out io.Writer) error {
	f, err := rightFilter(c.File)
	if err != nil {
		return err
	}
	of, done, err := c.open(ctx, f)
	defer done()
	if err != nil {
		return err
	}
	bar := newProgress(of.Source.Count, "tried")
	trial, err := workbench.Try(ctx, of, f, c.options(bar))
	_ = bar.Finish()
	if err != nil {
		return err
	}
	trial.Print(out, cmp.Or(c.AlertsANight, cost.AlertsANight(of.Stream.Survey())))
	return nil
}

func (s *sample) options(bar progress) workbench.Options {
	return workbench.Options{Examples: s.Examples, Progress: func(done int) { _ = bar.Set(done) }}
}

// rightFilter reads a file that has to be right.
func rightFilter(file string) (*filter.Filter, error) {
	f, _, _, err := readFilter(file)
	return f, err
}

type filterDiff struct {
	sample
	A string `arg:"" help:"A filter's file."`
	B string `arg:"" help:"Another's, or another version."`
}

// Help is what --help shows besides the flags.
func (filterDiff) Help() string {
	return `Example:
  nightwire filter diff young.yaml younger.yaml --synthetic 5000`
}

// Run compares the filters.
func (c *filterDiff) Run(ctx context.Context, out io.Writer) error {
	a, err := rightFilter(c.A)
	if err != nil {
		return err
	}
	b, err := rightFilter(c.B)
	if err != nil {
		return err
	}
	of, done, err := c.open(ctx, a, b)
	defer done()
	if err != nil {
		return err
	}
	bar := newProgress(of.Source.Count, "compared")
	comparison, err := workbench.Compare(ctx, of, a, b, c.options(bar))
	_ = bar.Finish()
	if err != nil {
		return fmt.Errorf("compare: %w", err)
	}
	comparison.Print(out)
	return nil
}
