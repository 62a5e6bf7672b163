package replay

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"cloud.google.com/go/pubsub/v2"
	"nightwire.dev/shared/origin"
	"nightwire.dev/shared/replay"
)

// raw is a packet as the survey sent it.
type raw struct {
	origin origin.Origin
	value  []byte
}

// The raw messages that are on their way at one time: what is bounded is their
// number, and their bytes.
const (
	atOnce      = 128
	bytesAtOnce = 64 << 20
)

// sendRaw sends packets to the stream's raw topic as the connector does, but for
// the mark of a replay.
func (t Target) sendRaw(ctx context.Context, packets iter.Seq2[raw, error], progress func(Result)) (Result, error) {
	publisher := t.Topics.Publisher(t.Resources.TopicPath(t.Resources.RawTopic()))
	publisher.PublishSettings.ByteThreshold = 1e6 // larger batches run into gRPC's 4 MB
	publisher.PublishSettings.FlowControlSettings = pubsub.FlowControlSettings{
		MaxOutstandingBytes: bytesAtOnce, LimitExceededBehavior: pubsub.FlowControlBlock,
	}
	defer publisher.Stop()
	var mu sync.Mutex
	var result Result
	err := replay.Each(ctx, packets, atOnce, func(ctx context.Context, packet raw) error {
		m := packet.origin.Message(t.Resources.Stream, packet.value)
		replay.Mark(m.Attributes, t.notify())
		_, err := publisher.Publish(ctx, m).Get(ctx)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case errors.Is(err, pubsub.ErrOversizedMessage):
			result.TooLarge++
		case err != nil:
			return fmt.Errorf("send %s/%d offset %d: %w", packet.origin.Topic, packet.origin.Partition, packet.origin.Offset, err)
		default:
			result.Sent, result.Bytes = result.Sent+1, result.Bytes+int64(len(packet.value))
		}
		progress(result)
		return nil
	})
	return result, err
}
