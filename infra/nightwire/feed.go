package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"nightwire.dev/infra/cluster"
	"nightwire.dev/infra/feed"
	"nightwire.dev/infra/local/stack"
	"nightwire.dev/infra/replay"
	"nightwire.dev/shared/names"
)

type feedCommand struct {
	state
	alerts
	Stream names.Stream  `help:"${stream} Default: the local stack's, or ztf." placeholder:"STREAM"`
	Kafka  cluster.Kafka `embed:"" prefix:"kafka-"`
}

// Help is what --help shows besides the flags.
func (feedCommand) Help() string {
	return `Examples:
  nightwire feed --synthetic 1000 --rate 100
  nightwire feed night.tar.gz --visit 1000 --every 45s
  nightwire feed ./alerts --topic ztf_20260901_programid1 --kafka-bootstrap broker:9092`
}

// Run sends the alerts and returns when Kafka has them.
func (c *feedCommand) Run(ctx context.Context) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.Kafka.Bootstrap == "" {
		running, ok := stack.Running(c.Dir)
		if !ok {
			return fmt.Errorf("no stack runs here: start one with nightwire up%s, or name a Kafka with --kafka-bootstrap", c.again())
		}
		if c.Stream != "" && c.Stream != running.Stream {
			return fmt.Errorf("--stream %s: the stack that runs here serves %s", c.Stream, running.Stream)
		}
		c.Kafka, c.Stream = running.Cluster(), running.Stream
		if c.Topic != "" && !running.IsSurveyTopic(c.Topic) {
			fmt.Fprintf(os.Stderr, "the connector of the stack does not read topic %s, only %s: these alerts stay in Kafka\n", c.Topic, running.SurveyTopics())
		}
	}
	c.Stream = cmp.Or(c.Stream, names.ZTF)
	if err := c.Stream.Validate(); err != nil {
		return fmt.Errorf("--stream: %w", err)
	}
	from, err := c.source(c.Stream)
	if err != nil {
		return err
	}
	bar := newProgress(from.Count*c.Repeat, "to Kafka")
	report, err := feed.Send(ctx, from, feed.Options{
		Kafka: c.Kafka, Topic: c.topic(c.Stream), Repeat: c.Repeat, Pace: c.pace(),
		Progress: func(n int) { _ = bar.Set(n) },
	})
	_ = bar.Finish()
	if err != nil {
		return err
	}
	fmt.Printf("sent %d alerts, %s, in %s:\n", report.Records, replay.Size(report.Bytes), report.Took.Round(time.Millisecond))
	for _, topic := range slices.Sorted(maps.Keys(report.Topics)) {
		fmt.Printf("  %s  %d\n", topic, report.Topics[topic])
	}
	return nil
}
