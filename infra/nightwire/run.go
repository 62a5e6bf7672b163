package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"nightwire.dev/infra/dawn"
	"nightwire.dev/infra/feed"
	"nightwire.dev/infra/local/stack"
	"nightwire.dev/infra/source"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/certificate"
)

type runCommand struct {
	local
	alerts
	Fresh bool `help:"Forget the state of earlier runs first."`
}

// Help is what --help shows besides the flags.
func (runCommand) Help() string {
	return `Starts the stack, sends the alerts to Kafka, waits until each has passed through
the connector, archive, the bucket and rows, compares what Kafka holds with the
ledger, the files, the rows and the evaluations, closes each night as at dawn, and
stops the stack. The exit status is 0 only if nothing is missing.

The state stays: a second run of the same alerts counts duplicates and changes
neither files nor rows, and a run that was killed goes on where it stopped.

Examples:
  nightwire run
  nightwire run --synthetic 20000 --rate 256
  nightwire run ztf_public_20260901.tar.gz --fresh`
}

// Run passes alerts through a stack of its own.
func (c *runCommand) Run(ctx context.Context) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	if e := (stack.Endpoints{Stream: c.Stream}); c.Topic != "" && !e.IsSurveyTopic(c.Topic) {
		return fmt.Errorf("--topic %s: the connector of stream %s does not read it; it reads %s", c.Topic, c.Stream, e.SurveyTopics())
	}
	from, err := c.source(c.Stream)
	if err != nil {
		return err
	}
	if c.Fresh {
		if err := stack.Forget(ctx, c.Dir); err != nil {
			return err
		}
	}
	fmt.Printf("starting the stack; state and logs in %s\n", c.Dir)
	s, err := c.start(ctx, os.Stdout)
	if err != nil {
		return err
	}
	run, err := c.pass(ctx, s, from)
	if serr := s.Stop(); err == nil {
		err = serr
	}
	if err != nil {
		return err
	}
	run.finish(s.Usage())
	run.account.Run = &run.Run
	run.account.Run.Nights = run.nights
	run.Print(os.Stdout)
	page, err := dawn.Save(run.account, c.certificatePath())
	if err != nil {
		return err
	}
	fmt.Printf("\nthe certificate as a page: %s, as JSON: %s\nask the tables: %s query%s \"SELECT ...\"\n", page, c.certificatePath(), os.Args[0], c.again())
	if run.stuck != nil {
		return run.stuck
	}
	if run.open != nil {
		return run.open
	}
	if run.account.Missing > 0 {
		return fmt.Errorf("%d missing: see %s", run.account.Missing, c.certificatePath())
	}
	if run.account.Records > 0 && run.account.Rejected == run.account.Records {
		return errors.New("no record is an alert of the stream: all were rejected")
	}
	return nil
}

// outcome is a run of alerts and what it came to.
type outcome struct {
	*measured
	account *certificate.Certificate
	open    error // which night is not clean, if one is not
	nights  []certificate.Closed
}

// pass sends the alerts, waits for them at the other end, and takes account.
func (c *runCommand) pass(ctx context.Context, s *stack.Stack, from *source.Source) (*outcome, error) {
	fmt.Printf("sending %s: %d alerts\n", from.Name, from.Count*c.Repeat)
	run, err := measure(ctx, s, from, feed.Options{Topic: c.topic(c.Stream), Repeat: c.Repeat, Pace: c.pace()})
	if err != nil {
		return nil, err
	}
	// A stack that is stuck gets its certificate too: it names what is missing.
	account, err := certify(ctx, s.Endpoints)
	if err != nil {
		return nil, err
	}
	account.CheckSent(run.sent.Topics)
	account.Print(os.Stdout)
	o := &outcome{measured: run, account: account}
	if run.stuck == nil {
		fmt.Println()
		nights := nightsOf(run.sent.Topics, run.sent.Began, time.Now())
		if o.nights, o.open = c.closeNights(ctx, nights, os.Stdout); ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return o, showQueries(ctx, s.Endpoints)
}

// exampleQueries show what a person may ask of each survey's alerts.
var exampleQueries = map[string]string{
	schemas.ZTF: `SELECT candidate.fid AS fid, COUNT(*) AS alerts, COUNTIF(candidate.drb > 0.9) AS likely_real,
       ROUND(MIN(candidate.magpsf), 2) AS brightest, ROUND(AVG(ARRAY_LENGTH(prv_candidates)), 1) AS history
FROM alerts
GROUP BY fid
ORDER BY fid`,
	schemas.LSST: `SELECT diaSource.band AS band, COUNT(*) AS alerts, ROUND(MAX(diaSource.psfFlux), 1) AS brightest_nJy
FROM alerts
GROUP BY band
ORDER BY band`,
}

// foundQueries show what the filters and the fits made of the alerts.
var foundQueries = []string{
	`SELECT filter, COUNT(*) AS alerts
FROM matches
GROUP BY filter
ORDER BY alerts DESC`,
	`SELECT model, COUNT(*) AS light_curves, COUNTIF(reason IS NULL) AS fitted, COUNTIF(plausible_ia) AS plausible_ia
FROM fits
GROUP BY model`,
}

// showQueries asks some questions, and prints them with their answers.
func showQueries(ctx context.Context, e stack.Endpoints) error {
	for _, sql := range append([]string{exampleQueries[e.Stream.Survey()]}, foundQueries...) {
		fmt.Printf("\n%s\n\n", sql)
		if err := printAnswer(ctx, e, sql, os.Stdout); err != nil {
			return err
		}
	}
	fmt.Println()
	return nil
}
