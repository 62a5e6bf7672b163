package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"nightwire.dev/infra/local/stack"
)

// statusCommand tells how the local stack is doing.
type statusCommand struct {
	state
	JSON bool `help:"As JSON."`
}

// Help is what --help shows besides the flags.
func (statusCommand) Help() string {
	return `Shows each process of the local stack and how many alerts wait before each stage. The exit
status is 0 only if every process answers.`
}

// status is what the command tells.
type status struct {
	Stream   string          `json:"stream"`
	Dir      string          `json:"dir"`
	Services []stack.Service `json:"services"`
	Waiting  *stack.Waiting  `json:"waiting"` // null where nobody could tell
}

// Run prints the status.
func (c *statusCommand) Run(ctx context.Context, out io.Writer) error {
	e, ok := stack.Running(c.Dir)
	if !ok {
		return c.noStack()
	}
	s := status{Stream: string(e.Stream), Dir: e.Dir, Services: e.Services()}
	waiting, err := e.Waiting(ctx)
	if err == nil {
		s.Waiting = &waiting
	}
	if c.JSON {
		err = json.NewEncoder(out).Encode(s)
	} else {
		err = s.print(out)
	}
	silent := slices.IndexFunc(s.Services, func(s stack.Service) bool { return !s.Answers })
	if err == nil && silent >= 0 {
		return fmt.Errorf("%s does not answer: see nightwire logs %[1]s%[2]s", s.Services[silent].Name, c.again())
	}
	return err
}

func (s status) print(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "stream %s, state in %s\n\n", s.Stream, s.Dir)
	for _, service := range s.Services {
		word := "answers"
		if !service.Answers {
			word = "does not answer"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\n", service.Name, service.Address, word)
	}
	if s.Waiting == nil {
		fmt.Fprintf(t, "\nwaiting: not known, since a service does not answer\n")
	} else {
		fmt.Fprintf(t, "\nwaiting: %s\n", s.Waiting)
	}
	return t.Flush()
}
