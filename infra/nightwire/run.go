package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"nightwire.dev/infra/cluster"
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
neither files nor rows, and a run that was killed goes on where it stopped.`
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
	s, err := c.start(ctx)
	if err != nil {
		return err
	}
	account, run, err := c.pass(ctx, s, from)
	if serr := s.Stop(); err == nil {
		err = serr
	}
	if err != nil {
		return err
	}
	run.finish(s.Usage())
	account.Run = &run.Run
	run.Print(os.Stdout)
	page, err := dawn.Save(account, c.certificatePath())
	if err != nil {
		return err
	}
	fmt.Printf("\nthe certificate as a page: %s, as JSON: %s\nask the tables: %s query \"SELECT ...\"\n", page, c.certificatePath(), os.Args[0])
	if run.stuck != nil {
		return run.stuck
	}
	if run.open != nil {
		return run.open
	}
	if account.Missing > 0 {
		return fmt.Errorf("%d missing: see %s", account.Missing, c.certificatePath())
	}
	if account.Records > 0 && account.Rejected == account.Records {
		return errors.New("no record is an alert of the stream: all were rejected")
	}
	return nil
}

// pass sends the alerts, waits for them at the other end, and takes account.
func (c *runCommand) pass(ctx context.Context, s *stack.Stack, from *source.Source) (*certificate.Certificate, *measured, error) {
	fmt.Printf("sending %s: %d alerts\n", from.Name, from.Count*c.Repeat)
	run := &measured{before: s.Usage()}
	var sent atomic.Int64
	bar := newProgress(from.Count*c.Repeat, "passed")
	look := func(w stack.Waiting) { run.look(s, bar, from.Count*c.Repeat, int(sent.Load()), w) }
	watched, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		s.Watch(watched, look)
	}()
	report, err := feed.Send(ctx, from, feed.Options{
		Kafka: cluster.Kafka{Bootstrap: s.Kafka}, Topic: c.topic(c.Stream), Repeat: c.Repeat, Pace: c.pace(),
		Progress: func(n int) { sent.Store(int64(n)) },
	})
	if err != nil {
		return nil, nil, err
	}
	stopWatching()
	<-watching
	// A stack that is stuck gets its certificate too: it names what is missing.
	if run.stuck = s.Settle(ctx, look); ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	run.Records, run.Seconds = report.Records, time.Since(report.Began).Seconds()
	run.end = s.Usage()
	_ = bar.Finish()

	account, err := certify(ctx, s.Endpoints)
	if err != nil {
		return nil, nil, err
	}
	account.CheckSent(report.Topics)
	account.Print(os.Stdout)
	if run.stuck == nil {
		fmt.Println()
		if run.open = c.closeNights(ctx, nightsOf(report.Topics, report.Began, time.Now()), os.Stdout); ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
	}
	return account, run, showQueries(ctx, s.Endpoints)
}

// look notes how far the alerts have come.
func (m *measured) look(s *stack.Stack, bar progress, total, sent int, w stack.Waiting) {
	passed := max(sent-w.Total(), 0)
	_ = bar.Set(passed)
	if m.halfway == nil && passed > total/2 {
		m.halfway = s.Usage()
	}
}

// measured is a run and what its processes used, before and after.
type measured struct {
	certificate.Run
	before, halfway, end []stack.Usage
	stuck                error // why the alerts did not all pass, if they did not
	open                 error // which night is not clean, if one is not
}

// finish computes the figures from the processes' whole lives.
func (m *measured) finish(whole []stack.Usage) {
	m.AlertsPerSecond = float64(m.Run.Records) / m.Seconds
	const megabyte = 1 << 20
	for i, u := range whole {
		p := certificate.Process{
			Name: u.Name, PeakMB: float64(u.MaxRSS) / megabyte, EndMB: float64(m.end[i].RSS) / megabyte, Restarts: u.Restarts,
		}
		used := u.CPU
		if m.end[i].CPU > 0 { // the system told while the process ran: leave out start and end
			used = m.end[i].CPU - m.before[i].CPU
		}
		p.CPUMsPerAlert = used.Seconds() * 1000 / float64(m.Run.Records)
		if m.halfway != nil {
			p.HalfwayMB = float64(m.halfway[i].RSS) / megabyte
		}
		m.Processes = append(m.Processes, p)
	}
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
