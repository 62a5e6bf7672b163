// Package feed puts alerts on Kafka as a survey does: into a topic a night, at
// a survey's rate or in bursts of visits. Packets from a source enter; records
// of a Kafka cluster, any, leave. The commands run and feed call it.
package feed

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/googleapis/gax-go/v2"
	"github.com/twmb/franz-go/pkg/kgo"
	"nightwire.dev/infra/cluster"
	"nightwire.dev/infra/source"
)

// Options say where and how fast.
type Options struct {
	Kafka  cluster.Kafka
	Topic  Namer
	Repeat int // times that the source is sent; 0 and 1 are once
	Pace   Pace

	// Progress, if set, is told after each confirmed record.
	Progress func(confirmed int)
}

// Report says what was sent.
type Report struct {
	Records int
	Bytes   int64
	Topics  map[string]int // records by topic
	Began   time.Time
	Took    time.Duration
}

// Send sends a source's packets and returns when Kafka has confirmed them all,
// or at the first that it did not take.
func Send(ctx context.Context, s *source.Source, o Options) (*Report, error) {
	client, err := o.Kafka.Connect()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	if err := reach(ctx, client); err != nil {
		return nil, fmt.Errorf("reach Kafka at %s: %w", o.Kafka.Bootstrap, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &Report{Topics: map[string]int{}, Began: time.Now()}
	var wait sync.WaitGroup
	var confirmed atomic.Int64
	for packet, err := range repeated(s, o.Repeat) {
		if err == nil {
			err = o.Pace.await(ctx, r.Began, r.Records)
		}
		if err != nil {
			cancel(err)
			break
		}
		topic := o.Topic(packet)
		r.Records, r.Bytes = r.Records+1, r.Bytes+int64(len(packet.Bytes))
		r.Topics[topic]++
		wait.Add(1)
		client.Produce(ctx, &kgo.Record{Topic: topic, Value: packet.Bytes}, func(_ *kgo.Record, err error) {
			defer wait.Done()
			if err != nil {
				cancel(fmt.Errorf("send %s: %w", packet.Name, err))
			} else if n := confirmed.Add(1); o.Progress != nil {
				o.Progress(int(n))
			}
		})
	}
	wait.Wait()
	r.Took = time.Since(r.Began)
	return r, context.Cause(ctx)
}

// graceToReach is how long a broker may take that is being started.
const graceToReach = 5 * time.Second

// reach asks the broker for a sign of life.
func reach(ctx context.Context, client *kgo.Client) error {
	ctx, cancel := context.WithTimeout(ctx, graceToReach)
	defer cancel()
	for {
		err := client.Ping(ctx)
		if err == nil || gax.Sleep(ctx, 200*time.Millisecond) != nil {
			return err
		}
	}
}

// repeated goes through the packets so many times.
func repeated(s *source.Source, times int) iter.Seq2[source.Packet, error] {
	return func(yield func(source.Packet, error) bool) {
		for range max(times, 1) {
			for packet, err := range s.Packets {
				if !yield(packet, err) {
					return
				}
			}
		}
	}
}

// beat is how often alerts leave at a rate: those that are due together go
// together, as producers gather what they send.
const beat = 100 * time.Millisecond

// Pace is the rhythm of sending. The zero value is as fast as Kafka takes it.
type Pace struct {
	Rate  float64       // alerts a second, if above zero, in beats of a tenth of one
	Visit int           // alerts that are sent at once, if above zero, ...
	Every time.Duration // ... each such time
}

// await waits for the moment of the alert with the given number.
func (p Pace) await(ctx context.Context, began time.Time, number int) error {
	due := began
	switch {
	case p.Visit > 0:
		due = began.Add(time.Duration(number/p.Visit) * p.Every)
	case p.Rate > 0:
		due = began.Add(time.Duration(float64(number) / p.Rate * float64(time.Second)).Truncate(beat))
	}
	wait := time.Until(due)
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
