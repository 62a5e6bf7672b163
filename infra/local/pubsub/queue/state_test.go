package queue_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nightwire.dev/infra/local/pubsub/queue"
)

// A queue, driven at random and restarted at random, delivers exactly what a
// plain set says is not acknowledged.
func TestQueueAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const floor = 5
		q := queue.New(queue.Policy{}, queue.State{Floor: floor}, floor, size)
		end := uint64(floor)
		acked := make(map[uint64]bool)
		t.Repeat(map[string]func(*rapid.T){
			"extend": func(t *rapid.T) {
				first := end
				end += rapid.Uint64Range(0, 5).Draw(t, "messages")
				var unwanted []uint64
				for seq := first; seq < end; seq++ {
					if rapid.IntRange(0, 3).Draw(t, "unwanted") == 0 {
						unwanted = append(unwanted, seq)
						acked[seq] = true
					}
				}
				q.Extend(end, unwanted...)
			},
			"acknowledge": func(t *rapid.T) {
				if end == floor {
					t.Skip("no message")
				}
				seq := rapid.Uint64Range(floor, end-1).Draw(t, "seq")
				q.Ack(seq)
				acked[seq] = true
			},
			"deliver": func(*rapid.T) {
				if d, ok := q.Try(time.Hour, nil); ok && acked[d.Seq] {
					t.Fatalf("message %d delivered after its acknowledgement", d.Seq)
				}
			},
			"restart": func(t *rapid.T) {
				saved, _ := q.State()
				data, err := json.Marshal(saved)
				if err != nil {
					t.Fatal(err)
				}
				var loaded queue.State
				if err := json.Unmarshal(data, &loaded); err != nil {
					t.Fatal(err)
				}
				q = queue.New(queue.Policy{}, loaded, end, size)
				var got []uint64
				for {
					d, ok := q.Try(time.Hour, nil)
					if !ok {
						break
					}
					got = append(got, d.Seq)
				}
				i := 0
				for seq := uint64(floor); seq < end; seq++ {
					if acked[seq] {
						continue
					}
					if i == len(got) || got[i] != seq {
						t.Fatalf("delivered %v, want %d at place %d", got, seq, i)
					}
					i++
				}
				if i != len(got) {
					t.Fatalf("delivered %v, want %d messages", got, i)
				}
			},
			"": func(t *rapid.T) {
				want := int(end-floor) - len(acked)
				if got := q.Figures().Undelivered; got != want {
					t.Fatalf("%d undelivered, want %d", got, want)
				}
				saved, _ := q.State()
				for seq := uint64(floor); seq < end; seq++ {
					if saved.Covers(seq, seq+1) != acked[seq] {
						t.Fatalf("message %d: saved as acknowledged %t, want %t", seq, !acked[seq], acked[seq])
					}
				}
			},
		})
	})
}

func TestStateKeepsFailures(t *testing.T) {
	t.Parallel()
	q := fresh(queue.Policy{}, 3)
	for _, d := range due(q, time.Minute) {
		q.Fail(d)
	}
	q.Ack(2)
	saved, version := q.State()
	check(t, "state", queue.State{Floor: 1, Spans: []queue.Span{{2, 3}}, Failures: map[uint64]int{1: 1, 3: 1}, Log: 4}, saved)
	if q.Version() != version {
		t.Error("the version changed without a change")
	}
	q.Extend(5, 4)
	if q.Version() == version {
		t.Error("the version is the same after a change")
	}
	q = queue.New(queue.Policy{}, saved, 5, size)
	got := make(map[queue.Delivery]bool)
	for _, d := range due(q, time.Minute) {
		got[d] = true
	}
	check(t, "after the restart", map[queue.Delivery]bool{{1, 2}: true, {3, 2}: true, {4, 1}: true}, got)
}

// One message that is never acknowledged costs one span, not one entry for
// each message behind it.
func TestOneStuckMessageCostsOneSpan(t *testing.T) {
	t.Parallel()
	q := fresh(queue.Policy{}, 1000)
	for seq := uint64(1000); seq > 1; seq-- {
		q.Ack(seq)
	}
	saved, _ := q.State()
	check(t, "state", queue.State{Floor: 1, Spans: []queue.Span{{2, 1001}}, Log: 1001}, saved)
	q.Ack(1)
	saved, _ = q.State()
	check(t, "state", queue.State{Floor: 1001, Spans: []queue.Span{}, Log: 1001}, saved)
}
