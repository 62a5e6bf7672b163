package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"nightwire.dev/infra/local/stack"
	"nightwire.dev/infra/workbench/catalogue"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
)

type filterPublish struct {
	deployment
	File     string `arg:"" help:"The filter's file."`
	TakeOver bool   `help:"Publish it though the filter of this name has another owner."`
}

// Help is what --help shows besides the flags.
func (filterPublish) Help() string {
	return `Examples:
  nightwire filter publish young.yaml
  nightwire filter publish young.yaml --project my-project

The filter goes to the local stack that runs, or to the streams of a project. Its
output topic is made where there is none. To change a filter, raise its version.`
}

// Run publishes the filter.
func (c *filterPublish) Run(ctx context.Context, out io.Writer) error {
	f, content, _, err := readFilter(c.File)
	if err != nil {
		return err
	}
	streams, err := c.streams(f)
	if err != nil {
		return err
	}
	for _, stream := range streams {
		one := c.deployment
		one.Stream = stream
		if err := c.publish(ctx, out, one, f, content); err != nil {
			return err
		}
	}
	return nil
}

// streams are those to which the filter goes: all its own in a project, the
// one of a local stack.
func (c *filterPublish) streams(f *filter.Filter) ([]names.Stream, error) {
	only := c.Stream
	if e, running := stack.Running(c.Dir); c.Project == "" && running && only == "" {
		only = e.Stream
	}
	switch {
	case only == "":
		return f.Streams, nil
	case !f.For(only):
		return nil, fmt.Errorf("filter %s is not of stream %s: add it to streams in the file", f.Name, only)
	default:
		return []names.Stream{only}, nil
	}
}

func (c *filterPublish) publish(ctx context.Context, out io.Writer, to deployment, f *filter.Filter, content []byte) error {
	filters, done, err := to.open(ctx)
	defer done()
	if err != nil {
		return err
	}
	p, err := filters.Publish(ctx, f, content, c.TakeOver)
	if err != nil {
		return err
	}
	printPublished(out, filters.Resources, f, p, to.again())
	return nil
}

// printPublished says what has happened, and what to type next, with the flags
// that find the same deployment.
func printPublished(out io.Writer, r names.Resources, f *filter.Filter, p catalogue.Published, flags string) {
	switch {
	case p.Unchanged:
		fmt.Fprintf(out, "%s is published on %s already, with this very content\n", f.ID(), r.Stream)
	case p.Before > 0:
		fmt.Fprintf(out, "%s is published on %s, in place of version %d\n", f.ID(), r.Stream, p.Before)
	default:
		fmt.Fprintf(out, "%s is published on %s\n", f.ID(), r.Stream)
	}
	made := "there already"
	if p.NewTopic {
		made = "made now"
	}
	fmt.Fprintf(out, "  topic    %s, %s\n", r.TopicPath(p.Topic), made)
	if p.Paused != nil {
		fmt.Fprintf(out, "It is paused %s. It runs again after:\n  %s filter resume %s%s\n", p.Paused, os.Args[0], f.Name, flags)
		return
	}
	if !f.Enabled {
		fmt.Fprintln(out, "It is not enabled, and does not run.")
		return
	}
	fmt.Fprintln(out, strings.TrimSpace(fmt.Sprintf(`
The function takes it up within seconds, from the next alerts on. Then:
  %[1]s filter list%[3]s
  %[1]s query%[3]s "SELECT objectId, candid, computed FROM matches WHERE filter = '%[2]s' LIMIT 10"
  %[1]s filter watch %[2]s%[3]s`, os.Args[0], f.Name, flags)))
}
