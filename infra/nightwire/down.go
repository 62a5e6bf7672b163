package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"nightwire.dev/infra/local/stack"
)

// downCommand stops the local stack.
type downCommand struct{ state }

// Help is what --help shows besides the flags.
func (downCommand) Help() string {
	return `Ends the stack that nightwire up or run has started, in order, as Ctrl-C does there. The state stays.`
}

// Run stops the stack.
func (c *downCommand) Run(ctx context.Context, out io.Writer) error {
	if err := stack.Down(ctx, c.Dir); err != nil {
		return err
	}
	fmt.Fprintf(out, "stopped; the state is in %s\n", c.Dir)
	return nil
}

// resetCommand forgets the local stack's state.
type resetCommand struct {
	state
	Yes bool `help:"Really delete: there is no way back." short:"y"`
}

// Help is what --help shows besides the flags.
func (resetCommand) Help() string {
	return `Deletes what the local stack has stored: Kafka's records, files, tables, messages, logs and
certificates. It refuses while a stack runs.`
}

// Run deletes the state.
func (c *resetCommand) Run(ctx context.Context, out io.Writer) error {
	if _, err := os.Stat(c.Dir); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(out, "there is nothing in %s\n", c.Dir)
		return nil
	}
	if !c.Yes {
		return fmt.Errorf("this deletes all that is stored in %s: say --yes", c.Dir)
	}
	if err := stack.Forget(ctx, c.Dir); err != nil {
		return err
	}
	fmt.Fprintf(out, "forgot what was in %s\n", c.Dir)
	return nil
}
