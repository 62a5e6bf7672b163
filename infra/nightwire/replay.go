package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
	"nightwire.dev/infra/cluster"
	"nightwire.dev/infra/local/stack"
	"nightwire.dev/infra/queries"
	"nightwire.dev/infra/replay"
	"nightwire.dev/infra/source"
	"nightwire.dev/infra/workbench/catalogue"
)

type replayCommand struct {
	deployment
	Alerts string `arg:"" optional:"" help:"Alerts out of a folder, an .avro file, a .tar or a .tar.gz. Without it and --kafka, those of the archive." type:"path"`

	Night   string  `help:"From the archive: a night." placeholder:"YYYY-MM-DD" group:"Out of the archive"`
	Object  string  `help:"An object, by its objectId; LSST: a diaObjectId or sso-<ssObjectId>." placeholder:"ID" group:"Out of the archive"`
	Cone    string  `help:"A circle on the sky, in degrees, degrees and arcseconds." placeholder:"RA,DEC,RADIUS" group:"Out of the archive"`
	Candid  []int64 `help:"A candid, or LSST's diaSourceId; may come again." placeholder:"N" group:"Out of the archive"`
	Candids string  `help:"A file of candids, one a line; - is standard input." placeholder:"FILE" group:"Out of the archive"`

	Kafka     string        `help:"A topic of Kafka." placeholder:"TOPIC" group:"Out of Kafka"`
	Partition *int64        `help:"Its partition; without it all, with --since and --until." placeholder:"N" group:"Out of Kafka"`
	From      *int64        `help:"First offset." placeholder:"N" group:"Out of Kafka"`
	To        *int64        `help:"First offset that is left out." placeholder:"N" group:"Out of Kafka"`
	Since     string        `help:"What Kafka took at this time, UTC, and later." placeholder:"TIME" group:"Out of Kafka"`
	Until     string        `help:"What it took before this time." placeholder:"TIME" group:"Out of Kafka"`
	Group     string        `help:"The connector's consumer group, to tell what it has yet to read; it is not joined. Default: nightwire-<stream>." name:"kafka-group" env:"KAFKA_GROUP_ID" group:"Out of Kafka"`
	Brokers   cluster.Kafka `embed:"" prefix:"kafka-" group:"Out of Kafka"`

	Notify bool `help:"Notify the readers of the filters that choose the alerts."`
	DryRun bool `help:"Say what would be sent, and send nothing."`
	Yes    bool `help:"Do not ask before more than ${many} alerts are sent."`
}

// many is from how many alerts on a person is asked.
const many = 10_000

// Help is what --help shows besides the flags.
func (replayCommand) Help() string {
	return `Examples:
  nightwire replay --night 2026-09-01 --dry-run
  nightwire replay --object ZTF21abiuvdk --cone 150.1,2.2,30
  nightwire replay --candids missing.txt --notify
  nightwire replay --kafka ztf_20260901_programid1 --partition 3 --from 1200 --to 1300
  nightwire replay --kafka lsst-alerts --since 2026-09-01T05:00:00Z --until 2026-09-01T06:00:00Z
  nightwire replay ztf_public_20260901.tar.gz

Alerts of the archive, chosen by all that is given, are sent through the
functions behind it: the bucket's notification of each comes again. Records of
Kafka and packets of a folder are sent to the archive, as the connector does.

A replay is marked as one. Filters are asked, and record their answer, but tell
their readers nothing unless --notify is given; then each reader hears of a match
that he was not told of before.

It can be interrupted and repeated at any time. A message is either with Pub/Sub
or it is not, so nothing is left half; and what comes twice changes nothing: a
file is created only where none is, tables show each alert once, and filters
remember whom they have told.`
}

// Run plans the replay, shows the plan, asks where it is large, and sends.
func (c *replayCommand) Run(ctx context.Context, out io.Writer) error {
	if err := c.check(); err != nil {
		return err
	}
	at, done, err := c.open(ctx)
	defer done()
	if err != nil {
		return err
	}
	plan, err := c.plan(ctx, at)
	if err != nil {
		return err
	}
	if plan.Count == 0 {
		return nothing(plan)
	}
	if err := plan.Print(out); err != nil {
		return err
	}
	if c.DryRun {
		fmt.Fprintln(out, "nothing is sent: this is a dry run")
		return nil
	}
	if err := c.confirm(ctx, plan.Count, os.Stdin, out); err != nil {
		return err
	}
	return send(ctx, plan, out)
}

// nothing says what a plan is empty of, and what else is known of it.
func nothing(plan *replay.Plan) error {
	return fmt.Errorf("there is nothing to send from %s", strings.Join(append([]string{plan.From}, plan.Notes...), "; "))
}

// check refuses flags that do not go together.
func (c *replayCommand) check() error {
	ofArchive := c.Night != "" || c.Object != "" || c.Cone != "" || len(c.Candid) > 0 || c.Candids != ""
	ofRange := c.Partition != nil || c.From != nil || c.To != nil || c.Since != "" || c.Until != ""
	switch {
	case c.Alerts != "" && (c.Kafka != "" || ofArchive || ofRange):
		return fmt.Errorf("all alerts of %s are sent: it goes with no flag that chooses among others", c.Alerts)
	case c.Kafka != "" && ofArchive:
		return errors.New("the night, object, circle and candids choose from the archive, and --kafka sends a topic's records: give one")
	case c.Kafka == "" && ofRange:
		return errors.New("partition, offsets and times are of a topic of Kafka: name it with --kafka")
	case c.Alerts == "" && c.Kafka == "" && !ofArchive:
		return errors.New("say which alerts: --night, --object, --cone or --candid, --kafka, or a folder or tarball")
	}
	return nil
}

func (c *replayCommand) plan(ctx context.Context, at *catalogue.Catalogue) (*replay.Plan, error) {
	target := replay.Target{Resources: at.Resources, Topics: at.Topics, Notify: c.Notify}
	switch {
	case c.Alerts != "":
		alerts, err := source.Open(c.Alerts)
		if err != nil {
			return nil, err
		}
		return replay.Files(target, alerts)
	case c.Kafka != "":
		return c.planKafka(ctx, target)
	}
	chosen, err := c.selection()
	if err != nil {
		return nil, err
	}
	return replay.Archive(ctx, target, at.Archive, at.Tables, chosen)
}

func (c *replayCommand) planKafka(ctx context.Context, target replay.Target) (*replay.Plan, error) {
	r := replay.Range{Topic: c.Kafka, Partition: c.Partition, From: c.From, To: c.To}
	var err error
	if c.Since != "" {
		if r.Since, err = replay.ParseTime(c.Since); err != nil {
			return nil, fmt.Errorf("--since: %w", err)
		}
	}
	if c.Until != "" {
		if r.Until, err = replay.ParseTime(c.Until); err != nil {
			return nil, fmt.Errorf("--until: %w", err)
		}
	}
	if c.Brokers.Bootstrap == "" {
		if c.Project != "" {
			return nil, errors.New("say where Kafka is: --kafka-bootstrap, or KAFKA_BOOTSTRAP_SERVERS")
		}
		running, ok := stack.Running(c.Dir)
		if !ok {
			return nil, errors.New("no stack runs here any more: name a Kafka with --kafka-bootstrap")
		}
		c.Brokers = running.Cluster()
	}
	group := c.Group
	if group == "" {
		group = target.Resources.ConsumerGroup()
	}
	return replay.Kafka(ctx, target, c.Brokers, group, r)
}

func (c *replayCommand) selection() (s replay.Selection, err error) {
	s = replay.Selection{Night: c.Night, Object: c.Object, Candids: c.Candid}
	if c.Cone != "" {
		cone, err := queries.ParseCone(c.Cone)
		if err != nil {
			return s, err
		}
		s.Cone = &cone
	}
	if c.Candids == "" {
		return s, nil
	}
	file := os.Stdin
	if c.Candids != "-" {
		if file, err = os.Open(c.Candids); err != nil {
			return s, fmt.Errorf("candids: %w", err)
		}
		defer file.Close()
	}
	more, err := replay.ParseCandids(file)
	if err != nil {
		return s, fmt.Errorf("candids of %s: %w", c.Candids, err)
	}
	s.Candids = append(s.Candids, more...)
	return s, nil
}

// confirm asks a person before many alerts are sent. Where there is nobody to
// ask, --yes has to be given.
func (c *replayCommand) confirm(ctx context.Context, count int, in *os.File, out io.Writer) error {
	if count <= many || c.Yes {
		return nil
	}
	if !term.IsTerminal(int(in.Fd())) {
		return fmt.Errorf("%d alerts are more than %d, and there is no terminal to ask on: give --yes", count, many)
	}
	fmt.Fprintf(out, "Send these %d alerts? [y/N] ", count)
	answered := make(chan string, 1)
	go func() { // a read of the terminal does not end with the context
		answer, _ := bufio.NewReader(in).ReadString('\n')
		answered <- strings.ToLower(strings.TrimSpace(answer))
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case answer := <-answered:
		if answer != "y" && answer != "yes" {
			return errors.New("nothing is sent")
		}
		return nil
	}
}

func send(ctx context.Context, plan *replay.Plan, out io.Writer) error {
	bar := newProgress(plan.Count, "sent")
	result, err := plan.Send(ctx, func(r replay.Result) { _ = bar.Set(r.Done()) })
	_ = bar.Finish()
	if err != nil {
		return fmt.Errorf("%d of %d were sent; the same command sends all again, which changes nothing for these: %w", result.Sent, plan.Count, err)
	}
	fmt.Fprintf(out, "sent %d, %s of alerts\n", result.Sent, replay.Size(result.Bytes))
	if result.Gone > 0 {
		fmt.Fprintf(out, "%d files are no longer in the archive\n", result.Gone)
	}
	if result.TooLarge > 0 {
		fmt.Fprintf(out, "%d packets are larger than Pub/Sub takes, and were left out\n", result.TooLarge)
	}
	return nil
}
