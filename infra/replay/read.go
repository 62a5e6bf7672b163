package replay

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"nightwire.dev/infra/cluster"
	"nightwire.dev/shared/origin"
)

// patience is how long Kafka may give nothing of what it says that it holds.
const patience = 30 * time.Second

// read reads the spans of a topic, and nothing beyond them, as no group's
// member.
func read(ctx context.Context, k cluster.Kafka, topic string, spans []span) iter.Seq2[raw, error] {
	return func(yield func(raw, error) bool) {
		left := map[int32]int64{} // where each partition's span ends, of those not read to their end
		starts := map[int32]kgo.Offset{}
		for _, s := range spans {
			left[s.partition], starts[s.partition] = s.to, kgo.NewOffset().At(s.from)
		}
		client, err := k.Connect(
			kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: starts}),
			kgo.KeepControlRecords(), // offsets without data count, so that the end is seen
			kgo.ConsumeResetOffset(kgo.NoResetOffset()),
			kgo.FetchMaxBytes(16<<20), kgo.FetchMaxPartitionBytes(16<<20),
		)
		if err != nil {
			yield(raw{}, err)
			return
		}
		defer client.Close()
		for len(left) > 0 {
			records, err := poll(ctx, client)
			if err != nil {
				yield(raw{}, fmt.Errorf("read %s: %w", topic, err))
				return
			}
			for _, record := range records {
				to, wanted := left[record.Partition]
				if wanted && record.Offset < to && !record.Attrs.IsControl() && !yield(packetOf(record), nil) {
					return
				}
				if wanted && record.Offset >= to-1 {
					delete(left, record.Partition)
					client.PauseFetchPartitions(map[string][]int32{topic: {record.Partition}})
				}
			}
		}
	}
}

// poll waits for the next records.
func poll(ctx context.Context, client *kgo.Client) ([]*kgo.Record, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("nothing came for %s, and there should be more", patience))
	defer cancel()
	fetches := client.PollFetches(ctx)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	var errs []error
	fetches.EachError(func(_ string, partition int32, err error) {
		errs = append(errs, fmt.Errorf("partition %d: %w", partition, err))
	})
	return fetches.Records(), errors.Join(errs...)
}

// packetOf is a record as the connector would have it.
func packetOf(r *kgo.Record) raw {
	from := origin.Origin{Topic: r.Topic, Partition: int64(r.Partition), Offset: r.Offset}
	if r.Attrs.TimestampType() >= 0 { // Kafka said when it took it
		from.Timestamp = r.Timestamp
	}
	return raw{from, r.Value}
}
