package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"nightwire.dev/infra/local/stack"
)

type upCommand struct{ local }

// Help is what --help shows besides the flags.
func (upCommand) Help() string {
	return `The stack stays up until Ctrl-C, which ends it in order. Its state stays in the
folder given by --dir and is there again at the next start. It prints where each
service listens, and a page to look at. Then, in another terminal:

  nightwire feed --synthetic 1000 --rate 100
  nightwire status`
}

// Run keeps a stack running until it is interrupted.
func (c *upCommand) Run(ctx context.Context) error {
	fmt.Println("starting the stack ...")
	s, err := c.start(ctx, os.Stdout)
	if err != nil {
		return err
	}
	printEndpoints(s.Endpoints, c.again())
	if err := s.ServePage(ctx); err != nil {
		return errors.Join(err, s.Stop())
	}
	fmt.Println("\nstopping ...")
	return s.Stop()
}

func printEndpoints(e stack.Endpoints, dir string) {
	r := e.Resources()
	fmt.Printf(`
Nightwire is up, stream %s, state in %s

  Page       http://%s/    how it is doing; /metrics for Prometheus
  Kafka      %s    the survey's broker; it asks for %s
  Pub/Sub    %s    PUBSUB_EMULATOR_HOST=%s
  Storage    %s    STORAGE_EMULATOR_HOST=http://%s, bucket %s
  BigQuery   %s    dataset %s; Storage Write API at %s
  Functions  %s    POST an event to /archive, /rows or /filter
  Connector  %s    http://%s/metrics, /readyz, /offsets
  Logs       %s

Try, in another terminal:
  eval "$(%s env%s)"    # and Google's clients of Pub/Sub and Cloud Storage find the stack
  %s feed%s --synthetic 1000 --rate 100
  %s query%s "SELECT outcome, COUNT(*) AS records FROM records GROUP BY outcome"
  %s filter list%s

Ctrl-C stops everything; the state stays.
`, e.Stream, e.Dir, e.Page, e.Kafka, e.KafkaSecurity.Wants(), e.PubSub, e.PubSub, e.Storage, e.Storage, r.AlertsBucket(),
		e.BigQuery, r.Dataset(), e.BigQueryWrite, e.Functions, e.Connector, e.Connector,
		filepath.Join(e.Dir, "log"), os.Args[0], dir, os.Args[0], dir, os.Args[0], dir, os.Args[0], dir)
}
