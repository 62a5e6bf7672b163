package cluster

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
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
	if err != nil {
		return nil, fmt.Errorf("list the offsets of group %s: %w", group, err)
	}
	var all []Partition
	for _, end := range ends.Offsets().Sorted() {
		if !keep(end.Topic) {
			continue
		}
		p := Partition{Topic: end.Topic, Partition: int64(end.Partition), End: end.At}
		if start, ok := starts.Lookup(end.Topic, end.Partition); ok {
			p.First = start.Offset
		}
		p.Committed = p.First
		if c, ok := committed.Lookup(end.Topic, end.Partition); ok && c.At >= 0 {
			p.Committed = c.At
		}
		all = append(all, p)
	}
	return all, nil
}
