package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// Partition is what Kafka holds of one partition of a topic: the records with
// offsets from First up to, and without, End.
type Partition struct {
	Topic     string `json:"topic"`
	Partition int64  `json:"partition"`
	First     int64  `json:"first"`
	End       int64  `json:"end"`
	Committed int64  `json:"committed"` // by the group asked for; First if it has not yet
}

// Offsets lists every partition of the cluster's topics for which keep is
// true, with how far the consumer group has come.
func (k Kafka) Offsets(ctx context.Context, group string, keep func(topic string) bool) ([]Partition, error) {
	client, err := k.Connect()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	starts, err := admin.ListStartOffsets(ctx)
	if err != nil {
		return nil, fmt.Errorf("list first offsets: %w", err)
	}
	ends, err := admin.ListEndOffsets(ctx)
	if err != nil {
		return nil, fmt.Errorf("list last offsets: %w", err)
	}
	committed, err := admin.FetchOffsets(ctx, group)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) { // it has not joined yet
		return nil, fmt.Errorf("list the offsets of group %s: %w", group, err)
	}
	var all []Partition
	for _, end := range sorted(ends) {
		if !keep(end.Topic) {
			continue
		}
		start, _ := starts.Lookup(end.Topic, end.Partition)
		if err := errors.Join(end.Err, start.Err); err != nil {
			return nil, fmt.Errorf("list the offsets of %s/%d: %w", end.Topic, end.Partition, err)
		}
		p := Partition{
			Topic: end.Topic, Partition: int64(end.Partition),
			First: start.Offset, End: end.Offset, Committed: start.Offset,
		}
		if c, ok := committed.Lookup(end.Topic, end.Partition); ok && c.At > p.First {
			p.Committed = c.At
		}
		if p.Committed > p.End {
			return nil, fmt.Errorf("%s/%d ends at %d, before offset %d that group %s has committed: its records are gone",
				p.Topic, p.Partition, p.End, p.Committed, group)
		}
		all = append(all, p)
	}
	return all, nil
}

// sorted lists the offsets by topic and partition.
func sorted(offsets kadm.ListedOffsets) []kadm.ListedOffset {
	var all []kadm.ListedOffset
	offsets.Each(func(o kadm.ListedOffset) { all = append(all, o) })
	slices.SortFunc(all, func(a, b kadm.ListedOffset) int {
		return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition))
	})
	return all
}
