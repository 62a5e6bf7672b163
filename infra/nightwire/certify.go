package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"nightwire.dev/infra/dawn"
	"nightwire.dev/infra/local/stack"
	"nightwire.dev/shared/certificate"
	"nightwire.dev/shared/certificate/evidence"
	"nightwire.dev/shared/watermark"
)

// certify makes the certificate of all that a stack holds. It asks Kafka itself,
// and so depends on nobody's report.
func certify(ctx context.Context, e stack.Endpoints) (*certificate.Certificate, error) {
	tables, err := e.Warehouse(ctx, slog.Default())
	if err != nil {
		return nil, err
	}
	defer tables.Close()
	archive, closeArchive, err := e.Bucket(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = closeArchive() }()
	at := time.Now()
	partitions, err := e.Cluster().Offsets(ctx, e.Resources().ConsumerGroup(), e.IsSurveyTopic)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	var held []certificate.Held
	for _, p := range partitions {
		held = append(held, certificate.Held{Topic: p.Topic, Partition: p.Partition, First: p.First, End: p.End, Confirmed: p.Committed})
	}
	account, err := (&evidence.Sources{Stream: e.Stream, Tables: tables, Archive: archive}).OfStream(ctx, held)
	if err != nil {
		return nil, err
	}
	return account.Close(at, time.Time{}), nil
}

// mostNights bounds the nights that a run closes: a folder of old alerts may
// hold one of each.
const mostNights = 8

// nightsOf are the nights of the topics that were fed between two moments, and
// how many records each got, the largest first.
func nightsOf(topics map[string]int, began, ended time.Time) []string {
	records := map[string]int{}
	for topic, n := range topics {
		if night, ok := watermark.TopicNight(topic); ok {
			records[night] += n
			continue
		}
		for at := began; ; at = at.Add(24 * time.Hour) {
			if !at.Before(ended) {
				records[watermark.RecordNight(ended)] += n
				break
			}
			records[watermark.RecordNight(at)] += n
		}
	}
	return slices.SortedFunc(maps.Keys(records), func(a, b string) int {
		return cmp.Or(cmp.Compare(records[b], records[a]), cmp.Compare(a, b))
	})
}

// closeNights calls the dawn of nights, as a deployment's schedule does, and
// awaits their certificates. The error says which night is not clean, or why
// not all are closed.
func (c *runCommand) closeNights(ctx context.Context, nights []string, out io.Writer) (pages []certificate.Closed, err error) {
	where, done, err := (&deployment{state: c.state}).open(ctx)
	defer done()
	if err != nil {
		return nil, err
	}
	caller := &dawn.Caller{Resources: where.Resources, Topics: where.Topics, Products: where.Products}
	closed := nights[:min(len(nights), mostNights)]
	var calls []dawn.Call
	for _, night := range closed {
		call, err := caller.Send(ctx, night)
		if err != nil {
			return nil, err
		}
		calls = append(calls, call)
	}
	var open error
	for _, call := range calls {
		found, err := caller.Await(ctx, call, nil)
		if err != nil {
			return pages, err
		}
		page, err := dawn.Save(found, c.savedCertificate(where.Resources, call.Night))
		if err != nil {
			return pages, err
		}
		beside, err := filepath.Rel(filepath.Dir(c.certificatePath()), page)
		if err != nil {
			return pages, fmt.Errorf("link to the certificate of night %s: %w", call.Night, err)
		}
		pages = append(pages, certificate.Closed{Night: call.Night, Verdict: found.Verdict(), Page: filepath.ToSlash(beside)})
		fmt.Fprintf(out, "night %s is closed: %s: %s\n", call.Night, found.Verdict(), page)
		if found.State != certificate.Clean {
			open = fmt.Errorf("night %s: %s: see %s", call.Night, found.Verdict(), page)
		}
	}
	if more := len(nights) - len(closed); more > 0 {
		fmt.Fprintf(out, "%d smaller nights more are not closed one by one; the certificate of the stream has them\n", more)
	}
	return pages, open
}
