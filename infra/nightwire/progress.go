package main

import (
	"fmt"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how many of a number of alerts are done.
type progress interface {
	Set(done int) error
	Finish() error
}

// newProgress is a bar on a terminal, and a line now and then elsewhere. A total
// below 0 is one that nobody knows.
func newProgress(total int, what string) progress {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return &lines{total: total, what: what, began: time.Now(), last: time.Now()}
	}
	return progressbar.NewOptions(total,
		progressbar.OptionSetWriter(os.Stderr),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("alerts"),
		progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionOnCompletion(func() { fmt.Fprintln(os.Stderr) }),
	)
}

// lines is progress for a log. Its caller is one goroutine at a time.
type lines struct {
	total       int
	what        string
	began, last time.Time
}

const betweenLines = 10 * time.Second

func (l *lines) Set(done int) error {
	if time.Since(l.last) < betweenLines {
		return nil
	}
	l.last = time.Now()
	of := ""
	if l.total >= 0 {
		of = fmt.Sprintf(" of %d", l.total)
	}
	_, err := fmt.Fprintf(os.Stderr, "%s: %d%s, %.0f alerts/s\n", l.what, done, of, float64(done)/time.Since(l.began).Seconds())
	return err
}

func (l *lines) Finish() error { return nil }
