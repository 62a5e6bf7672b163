package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"

	"nightwire.dev/infra/feed"
	"nightwire.dev/infra/local/stack"
	"nightwire.dev/infra/source"
	"nightwire.dev/shared/certificate"
	"nightwire.dev/shared/names"
)

// benchCommand measures the whole system.
type benchCommand struct {
	Rate   float64        `help:"Alerts a second; 0 is as fast as Kafka takes them." default:"256"`
	Alerts int            `help:"Number of alerts of the synthetic night." default:"50000"`
	Seed   uint64         `help:"Seed of the synthetic night." default:"1"`
	JSON   bool           `help:"As JSON." name:"json"`
	Dir    string         `help:"Empty folder for the state, which stays there. Without it, a temporary one that is deleted in the end." type:"path" placeholder:"DIR"`
	Port   int            `help:"First of nine consecutive ports; 0 takes any that are free." default:"0"`
	Kafka  stack.Security `help:"What the local Kafka asks of its clients: none, tls, scram or tls+scram." name:"kafka-security" default:"none" enum:"none,tls,scram,tls+scram" placeholder:"WHAT"`
	Models string         `help:"Folder of the SALT model to fit supernovae with, which make models fetches. Without it, a demonstration model." type:"path" placeholder:"DIR"`
}

// Help is what --help shows besides the flags.
func (benchCommand) Help() string {
	return `Draws a synthetic night into a file, starts a stack of its own, sends the night to its Kafka at the given rate,
waits until the last alert has been archived, has its row, has been judged by the filters and fitted, and tells
alerts a second, latency by stage, processor time an alert and memory by process. The drawing is over before the
clock starts. Nothing may be missing in the end, or the exit status is 1.

It takes 0.3 MB of disk an alert while it runs: 50,000 want 15 GB where temporary files are, or in --dir.

Examples:
  nightwire bench
  nightwire bench --rate 154 --alerts 10000
  nightwire bench --rate 0 --json > bench.json`
}

// Run measures, and prints what was found.
func (c *benchCommand) Run(ctx context.Context, out io.Writer) (err error) {
	if c.Rate < 0 || c.Alerts < 1 {
		return errors.New("want --rate 0 or above, and --alerts 1 or above")
	}
	dir, forget, err := c.folder()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, forget()) }()
	night := &alerts{Synthetic: c.Alerts, Seed: c.Seed}
	sky, err := night.source(names.ZTF)
	if err != nil {
		return err
	}
	from, err := draw(ctx, sky, filepath.Join(dir, "alerts.tar"))
	if err != nil {
		return err
	}
	found, err := c.measure(ctx, dir, from)
	if err != nil {
		return err
	}
	if c.JSON {
		err = writeJSON(out, found)
	} else {
		err = found.print(out)
	}
	if err == nil && found.Missing > 0 {
		err = fmt.Errorf("%d alerts are missing", found.Missing)
	}
	return err
}

// folder is where the state goes, and what to do with it in the end.
func (c *benchCommand) folder() (dir string, forget func() error, err error) {
	if c.Dir == "" {
		dir, err = os.MkdirTemp("", "nightwire-bench-")
		return dir, func() error { return os.RemoveAll(dir) }, err
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return "", nil, fmt.Errorf("--dir: %w", err)
	}
	there, err := os.ReadDir(c.Dir)
	if err != nil {
		return "", nil, fmt.Errorf("--dir: %w", err)
	}
	if len(there) > 0 {
		return "", nil, fmt.Errorf("--dir %s: want an empty folder, since alerts that are stored already cost less", c.Dir)
	}
	return c.Dir, func() error { return nil }, nil
}

// measure passes the alerts through a stack of its own.
func (c *benchCommand) measure(ctx context.Context, dir string, from *source.Source) (_ *benchmark, err error) {
	l := local{state: state{Dir: dir}, Stream: names.ZTF, Port: c.Port, Kafka: c.Kafka, Models: c.Models}
	s, err := l.start(ctx, os.Stderr)
	if err != nil {
		return nil, err
	}
	found, run, err := c.pass(ctx, s, from)
	if err := errors.Join(err, s.Stop()); err != nil {
		return nil, err
	}
	run.finish(s.Usage())
	found.add(run.Run)
	return found, nil
}

func (c *benchCommand) pass(ctx context.Context, s *stack.Stack, from *source.Source) (*benchmark, *measured, error) {
	run, err := measure(ctx, s, from, feed.Options{Topic: feed.NightlyTopics(names.ZTF), Pace: feed.Pace{Rate: c.Rate}})
	if err == nil {
		err = run.stuck
	}
	if err != nil {
		return nil, nil, err
	}
	found := &benchmark{Rate: c.Rate, Processors: runtime.NumCPU(), Go: runtime.Version()}
	if found.Latency, err = latencies(ctx, s.Endpoints, slog.Default()); err != nil {
		return nil, nil, err
	}
	var account *certificate.Certificate
	if account, err = certify(ctx, s.Endpoints); err != nil {
		return nil, nil, err
	}
	account.CheckSent(run.sent.Topics)
	found.Missing = account.Missing
	return found, run, nil
}
