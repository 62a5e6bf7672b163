package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// logsCommand shows what the processes of the local stack have said.
type logsCommand struct {
	state
	Process string `arg:"" optional:"" help:"Only this one: connector, functions, pubsub, storage, bigquery or kafka."`
	Lines   int    `help:"So many of each, the last." short:"n" default:"20"`
	Faults  bool   `help:"Only warnings and errors."`
	Follow  bool   `help:"Go on with what comes, until Ctrl-C." short:"f"`
}

// Help is what --help shows besides the flags.
func (logsCommand) Help() string {
	return `Examples:
  nightwire logs
  nightwire logs functions --faults -f`
}

// logLook is how often the logs are looked at for more.
const logLook = 250 * time.Millisecond

// Run prints the logs.
func (c *logsCommand) Run(ctx context.Context, out io.Writer) error {
	if c.Lines < 0 {
		return fmt.Errorf("--lines %d: want 0 or more", c.Lines)
	}
	logs, err := c.open()
	if err != nil {
		return err
	}
	for _, l := range logs {
		defer l.file.Close()
		if err := l.skip(c.Lines, c.Faults); err != nil {
			return fmt.Errorf("read the log of %s: %w", l.name, err)
		}
	}
	for {
		for _, l := range logs {
			if err := l.print(out, c.Faults); err != nil {
				return fmt.Errorf("read the log of %s: %w", l.name, err)
			}
		}
		if !c.Follow {
			return nil
		}
		select {
		case <-time.After(logLook):
		case <-ctx.Done():
			return nil
		}
	}
}

// processLog is the log of one process, and the beginning of a line of which
// the end has not been written yet.
type processLog struct {
	name string
	file *os.File
	tail []byte
}

func (c *logsCommand) open() ([]*processLog, error) {
	folder := filepath.Join(c.Dir, "log")
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look for logs: %w", err)
	}
	var logs []*processLog
	var names []string
	for _, entry := range entries {
		name := strings.TrimSuffix(entry.Name(), ".log")
		if names = append(names, name); c.Process != "" && c.Process != name {
			continue
		}
		file, err := os.Open(filepath.Join(folder, entry.Name()))
		if err != nil {
			return nil, fmt.Errorf("open a log: %w", err)
		}
		logs = append(logs, &processLog{name: name, file: file})
	}
	switch {
	case len(names) == 0:
		return nil, fmt.Errorf("there are no logs in %s: nightwire up or run makes some", folder)
	case len(logs) == 0:
		return nil, fmt.Errorf("no process is called %s: want %s", c.Process, strings.Join(names, ", "))
	}
	return logs, nil
}

// skip goes to the last lines: the offsets of the latest so many are kept, and
// the log is read on from the first of them.
func (l *processLog) skip(lines int, faults bool) error {
	var starts []int64
	var at int64
	for reader := bufio.NewReader(l.file); ; {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if !faults || isFault(line) {
			starts = append(starts, at)
			starts = slices.Delete(starts, 0, max(len(starts)-lines, 0))
		}
		at += int64(len(line))
	}
	if len(starts) > 0 {
		at = starts[0]
	}
	_, err := l.file.Seek(at, io.SeekStart)
	return err
}

// print writes the whole lines that there are from here on.
func (l *processLog) print(out io.Writer, faults bool) error {
	text, err := io.ReadAll(l.file)
	if err != nil {
		return err
	}
	text = append(l.tail, text...)
	end := bytes.LastIndexByte(text, '\n') + 1
	l.tail = slices.Clone(text[end:])
	for line := range bytes.Lines(text[:end]) {
		if !faults || isFault(line) {
			fmt.Fprintf(out, "%-9s  %s", l.name, line)
		}
	}
	return nil
}

// greeting begins the lines with which the functions framework, which does not
// log as we do, names each function that it serves.
const greeting = "Serving function: "

// isFault says whether a line warns, or tells of an error. One that is not
// ours, such as the end of a crash, may well do.
func isFault(line []byte) bool {
	if bytes.HasPrefix(line, []byte(greeting)) {
		return false
	}
	var entry struct {
		Severity string `json:"severity"`
	}
	if json.Unmarshal(line, &entry) != nil {
		return true
	}
	return entry.Severity != "INFO" && entry.Severity != "DEBUG"
}
