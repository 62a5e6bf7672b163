package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

// counter shows on a terminal how many rows of an answer are written.
type counter struct {
	terminal io.Writer
	total    uint64
	last     time.Time
	shown    bool
}

// noProgress shows nothing.
type noProgress struct{}

func (noProgress) Set(int) error { return nil }
func (noProgress) Finish() error { return nil }

// counter counts on the terminal of standard error, unless the answer itself
// goes to a terminal or there is none.
func (c *queryCommand) counter(out io.Writer, total uint64) progress {
	if isTerminal(out) || !isTerminal(os.Stderr) {
		return noProgress{}
	}
	return &counter{terminal: os.Stderr, total: total}
}

const betweenCounts = 200 * time.Millisecond

func (c *counter) Set(done int) error {
	if time.Since(c.last) < betweenCounts {
		return nil
	}
	c.last, c.shown = time.Now(), true
	_, err := fmt.Fprintf(c.terminal, "\r%d of %d rows", done, c.total)
	return err
}

func (c *counter) Finish() error {
	if !c.shown {
		return nil
	}
	_, err := fmt.Fprint(c.terminal, "\r\033[K")
	return err
}
