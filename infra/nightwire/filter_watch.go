package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"nightwire.dev/infra/local/stack"
)

type filterWatch struct {
	deployment
	Name  string `arg:"" help:"The filter."`
	Only  string `help:"Only matches with these attributes, in Pub/Sub's own language." placeholder:"'attributes.band = \"r\"'"`
	Count int    `help:"End after so many matches; 0 goes on until Ctrl-C." default:"0"`
	JSON  bool   `help:"Print each message whole, one a line."`
}

// Help is what --help shows besides the flags.
func (filterWatch) Help() string {
	return `Examples:
  nightwire filter watch young
  nightwire filter watch young --only 'attributes.band = "r" AND attributes.version = "2"'
  nightwire filter watch young --json --count 100 > matches.jsonl

It shows matches as they come, through a subscription of its own that ends with
it. What counts every match has a subscription that stays. Where the local stack
ends, so does it, within some seconds and with the exit status 1.`
}

// Run prints the matches that come.
func (c *filterWatch) Run(ctx context.Context, out io.Writer) error {
	filters, done, err := c.open(ctx)
	defer done()
	if err != nil {
		return err
	}
	ctx, give := context.WithCancelCause(ctx)
	defer give(nil)
	if c.Project == "" {
		running := func() bool { _, ok := stack.Running(c.Dir); return ok }
		go awaitEnd(ctx, stackLook, running, func() { give(fmt.Errorf("the stack in %s runs no more", c.Dir)) })
	}
	seen := 0
	err = filters.Watch(ctx, c.Name, c.Only, func(m *pubsub.Message) bool {
		seen++
		c.print(out, m)
		return c.Count == 0 || seen < c.Count
	})
	if gone := context.Cause(ctx); gone != nil && !errors.Is(gone, context.Canceled) {
		return gone
	}
	return err
}

// How often a stack is looked at, and how often in a row it has to be silent
// before it counts as gone: one of its servers may be starting again.
const (
	stackLook    = time.Second / 2
	stackSilence = 3
)

// awaitEnd calls gone once a stack no longer runs. Pub/Sub's client would try
// for a long time to reach it again.
func awaitEnd(ctx context.Context, look time.Duration, running func() bool, gone func()) {
	tick := time.NewTicker(look)
	defer tick.Stop()
	for silent := 0; silent < stackSilence; silent++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if running() {
			silent = -1
		}
	}
	gone()
}

func (c *filterWatch) print(out io.Writer, m *pubsub.Message) {
	if c.JSON {
		fmt.Fprintf(out, "%s\n", m.Data)
		return
	}
	var message struct {
		Nightwire struct {
			ObjectID   string          `json:"objectId"`
			Candid     string          `json:"candid"`
			ObservedAt string          `json:"observed_at"`
			Columns    json.RawMessage `json:"columns"`
		} `json:"nightwire"`
	}
	if notice := m.Attributes["nightwire.notice"]; notice != "" || json.Unmarshal(m.Data, &message) != nil {
		fmt.Fprintf(out, "%s: %s\n", notice, m.Data)
		return
	}
	match := message.Nightwire
	fmt.Fprintf(out, "%s  %s  %s  %s  %s\n", match.ObservedAt, match.ObjectID, match.Candid, m.Attributes["band"], match.Columns)
}
