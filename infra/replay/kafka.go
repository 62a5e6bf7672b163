package replay

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"nightwire.dev/infra/cluster"
)

// Range is a part of a Kafka topic: offsets of one partition, or what Kafka
// took within a time, of one partition or of all. An end that is not set is
// the topic's own.
type Range struct {
	Topic        string
	Partition    *int64 // nil: all
	From, To     *int64 // offsets; To is the first that is left out
	Since, Until time.Time
}

// Validate says what contradicts itself.
func (r Range) Validate() error {
	byOffset, byTime := r.From != nil || r.To != nil, !r.Since.IsZero() || !r.Until.IsZero()
	switch {
	case byOffset && byTime:
		return errors.New("offsets and times are two ways to say which records: give one")
	case byOffset && r.Partition == nil:
		return errors.New("offsets count within a partition: say which")
	case r.From != nil && *r.From < 0 || r.To != nil && *r.To < 0 || r.Partition != nil && *r.Partition < 0:
		return errors.New("a partition or an offset is never below 0")
	case r.From != nil && r.To != nil && *r.From >= *r.To:
		return fmt.Errorf("from offset %d up to, and without, %d there is no record", *r.From, *r.To)
	case !r.Since.IsZero() && !r.Until.IsZero() && !r.Since.Before(r.Until):
		return fmt.Errorf("between %s and %s there is no time", r.Since.Format(time.RFC3339), r.Until.Format(time.RFC3339))
	}
	return nil
}

// span is the records of a partition from an offset up to, and without,
// another.
type span struct {
	partition int32
	from, to  int64
}

// Kafka plans to send records of Kafka as raw messages, with their own
// coordinates. They are read without the connector's consumer group, which
// notices nothing; group is its name, by which the plan can say what the
// connector has yet to read.
func Kafka(ctx context.Context, t Target, k cluster.Kafka, group string, r Range) (*Plan, error) {
	if err := r.Validate(); err != nil {
		return nil, err
	}
	partitions, err := k.Offsets(ctx, group, func(topic string) bool { return topic == r.Topic })
	if err != nil {
		return nil, err
	}
	if len(partitions) == 0 {
		return nil, fmt.Errorf("topic %s: Kafka at %s has none of this name", r.Topic, k.Bootstrap)
	}
	first, last, err := r.times(ctx, k)
	if err != nil {
		return nil, err
	}
	p := &Plan{
		From: fmt.Sprintf("Kafka at %s, topic %s", k.Bootstrap, r.Topic),
		What: "records", Bytes: -1, To: t.Resources.TopicPath(t.Resources.RawTopic()), Notify: t.Notify,
	}
	var spans []span
	var known bool
	for _, held := range partitions {
		if r.Partition != nil && held.Partition != *r.Partition {
			continue
		}
		known = true
		if s, ok := p.clip(r, held, first, last); ok {
			spans = append(spans, s)
		}
	}
	if !known {
		return nil, fmt.Errorf("partition %d: topic %s has %d, from 0 on", *r.Partition, r.Topic, len(partitions))
	}
	p.send = func(ctx context.Context, progress func(Result)) (Result, error) {
		return t.sendRaw(ctx, read(ctx, k, r.Topic, spans), progress)
	}
	return p, nil
}

// times finds the offsets of the first record at each end of the time, of every
// partition; none if that end is not set.
func (r Range) times(ctx context.Context, k cluster.Kafka) (first, last kadm.ListedOffsets, err error) {
	client, err := k.Connect()
	if err != nil {
		return nil, nil, err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	if !r.Since.IsZero() {
		first, err = admin.ListOffsetsAfterMilli(ctx, r.Since.UnixMilli(), r.Topic)
	}
	if err == nil && !r.Until.IsZero() {
		last, err = admin.ListOffsetsAfterMilli(ctx, r.Until.UnixMilli(), r.Topic)
	}
	if err := errors.Join(err, first.Error(), last.Error()); err != nil {
		return nil, nil, fmt.Errorf("list the offsets of %s by time: %w", r.Topic, err)
	}
	return first, last, nil
}

// clip is the part of the range that Kafka holds of a partition, which is added
// to the plan, with a note of what Kafka does not hold and of what is new.
func (p *Plan) clip(r Range, held cluster.Partition, first, last kadm.ListedOffsets) (span, bool) {
	s := span{partition: int32(held.Partition), from: held.First, to: held.End}
	if r.From != nil {
		s.from = *r.From
	}
	if r.To != nil {
		s.to = *r.To
	}
	if o, ok := first.Lookup(r.Topic, s.partition); ok {
		s.from = o.Offset
	}
	if o, ok := last.Lookup(r.Topic, s.partition); ok {
		s.to = o.Offset
	}
	if s.from < held.First || s.to > held.End {
		p.Notes = append(p.Notes, fmt.Sprintf("partition %d holds the offsets from %d up to, and without, %d; the others are passed over",
			s.partition, held.First, held.End))
		s.from, s.to = max(s.from, held.First), min(s.to, held.End)
	}
	if s.from >= s.to {
		return s, false
	}
	if news := s.to - max(s.from, held.Committed); news > 0 && !p.Notify {
		p.Notes = append(p.Notes, fmt.Sprintf("%d records of partition %d are still to be read by the connector: if they are sent first by this command, "+
			"their alerts count as replayed, and no reader of a filter hears of them", news, s.partition))
	}
	if p.Count == 0 {
		p.First = fmt.Sprintf("partition %d, offset %d", s.partition, s.from)
	}
	p.Count += int(s.to - s.from)
	p.Last = fmt.Sprintf("partition %d, offset %d", s.partition, s.to-1)
	return s, true
}

// ParseTime reads a time of a range: RFC 3339, or a date, which is its first
// moment, UTC.
func ParseTime(text string) (time.Time, error) {
	layout := time.RFC3339
	if !strings.Contains(text, "T") {
		layout = time.DateOnly
	}
	at, err := time.Parse(layout, text)
	if err != nil {
		return at, fmt.Errorf("time %q: want 2026-09-01T05:00:00Z or 2026-09-01", text)
	}
	return at, nil
}
