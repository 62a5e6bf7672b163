package queue_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"nightwire.dev/infra/local/pubsub/queue"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func size(uint64) int { return 10 }

// fresh is a queue of n messages, numbered from one, none delivered.
func fresh(p queue.Policy, n uint64) *queue.Queue {
	return queue.New(p, queue.State{Floor: 1}, n+1, size)
}

// due takes what can be taken now.
func due(q *queue.Queue, hold time.Duration) []queue.Delivery {
	var list []queue.Delivery
	for {
		d, ok := q.Try(hold, nil)
		if !ok {
			return list
		}
		list = append(list, d)
	}
}

func check(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestMessageComesAgainAfterDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := fresh(queue.Policy{}, 2)
		check(t, "first", []queue.Delivery{{1, 1}, {2, 1}}, due(q, 10*time.Second))
		q.Ack(2)
		time.Sleep(10*time.Second - 1)
		check(t, "before the deadline", []queue.Delivery(nil), due(q, time.Second))
		time.Sleep(time.Nanosecond)
		check(t, "at the deadline", []queue.Delivery{{1, 2}}, due(q, time.Second))
	})
}

func TestHoldMovesDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := fresh(queue.Policy{}, 1)
		first := due(q, 10*time.Second)[0]
		time.Sleep(9 * time.Second)
		q.Hold(first, 10*time.Second)
		time.Sleep(9 * time.Second)
		check(t, "within the new deadline", []queue.Delivery(nil), due(q, time.Second))
		time.Sleep(time.Second)
		check(t, "after it", []queue.Delivery{{1, 2}}, due(q, time.Minute))
		q.Hold(first, time.Second) // an old delivery has no say
		time.Sleep(2 * time.Second)
		check(t, "the second delivery's deadline", []queue.Delivery(nil), due(q, time.Second))
	})
}

func TestBackoffDoublesUpToMaximum(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := fresh(queue.Policy{MinBackoff: time.Second, MaxBackoff: 5 * time.Second}, 1)
		d, _ := q.Try(queue.Forever, nil)
		var pauses []time.Duration
		for range 5 {
			failed := time.Now()
			q.Fail(d)
			var err error
			if d, err = q.Next(t.Context(), queue.Forever, nil); err != nil {
				t.Fatal(err)
			}
			pauses = append(pauses, time.Since(failed))
		}
		check(t, "pauses", []time.Duration{1e9, 2e9, 4e9, 5e9, 5e9}, pauses)
	})
}

func TestWaitingMessageStallsNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := fresh(queue.Policy{MinBackoff: time.Hour, MaxBackoff: time.Hour}, 3)
		d, _ := q.Try(queue.Forever, nil)
		q.Fail(d)
		check(t, "others", []queue.Delivery{{2, 1}, {3, 1}}, due(q, queue.Forever))
		time.Sleep(time.Hour)
		check(t, "after the pause", []queue.Delivery{{1, 2}}, due(q, queue.Forever))
	})
}

func TestExhausted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := fresh(queue.Policy{MaxAttempts: 2, MinBackoff: time.Second, MaxBackoff: time.Second}, 2)
		q.Fail(due(q, time.Minute)[0])
		time.Sleep(time.Second)
		q.Fail(due(q, time.Minute)[0])
		check(t, "handed out", []queue.Delivery(nil), due(q, time.Minute))
		check(t, "exhausted", []queue.Delivery{{1, 2}}, q.Exhausted())
		check(t, "a second time", []queue.Delivery(nil), q.Exhausted())
		q.Postpone(1, time.Minute)
		check(t, "postponed", []queue.Delivery(nil), q.Exhausted())
		time.Sleep(time.Minute)
		// The other message's deadline has passed once meanwhile.
		check(t, "after the pause", []queue.Delivery{{1, 2}}, q.Exhausted())
		q.Ack(1)
		time.Sleep(time.Second)
		check(t, "what is left", []queue.Delivery{{2, 2}}, due(q, time.Minute))
	})
}

func TestReturnedMessageCountsNoFailure(t *testing.T) {
	t.Parallel()
	q := fresh(queue.Policy{MinBackoff: time.Hour, MaxBackoff: time.Hour}, 1)
	d, _ := q.Try(queue.Forever, nil)
	q.Return(d)
	check(t, "again", []queue.Delivery{{1, 1}}, due(q, queue.Forever))
}

func TestNextWaits(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		do   func(q *queue.Queue, out queue.Delivery, r *queue.Reader)
		want queue.Delivery
	}{
		{"for a new message", func(q *queue.Queue, out queue.Delivery, _ *queue.Reader) { q.Ack(out.Seq); q.Extend(3) }, queue.Delivery{2, 1}},
		{"for a refusal", func(q *queue.Queue, out queue.Delivery, _ *queue.Reader) { q.Fail(out) }, queue.Delivery{1, 2}},
		{"for a return", func(q *queue.Queue, out queue.Delivery, _ *queue.Reader) { q.Return(out) }, queue.Delivery{1, 1}},
		{"for a deadline", func(*queue.Queue, queue.Delivery, *queue.Reader) {}, queue.Delivery{1, 2}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := &queue.Reader{MaxMessages: 1}
				q := fresh(queue.Policy{}, 1)
				out, _ := q.Try(time.Minute, r)
				got := make(chan queue.Delivery)
				go func() {
					d, err := q.Next(t.Context(), time.Minute, r)
					if err != nil {
						t.Error(err)
					}
					got <- d
				}()
				synctest.Wait()
				tc.do(q, out, r)
				check(t, "delivery", tc.want, <-got)
			})
		})
	}
}

func TestNextEndsWithContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	q := fresh(queue.Policy{}, 0)
	ended := make(chan error)
	go func() {
		_, err := q.Next(ctx, time.Minute, nil)
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestReaderLimits(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		reader queue.Reader
		want   int
	}{
		{"messages", queue.Reader{MaxMessages: 3}, 3},
		{"bytes", queue.Reader{MaxBytes: 25}, 3}, // the third makes 30
		{"both", queue.Reader{MaxMessages: 2, MaxBytes: 25}, 2},
		{"none", queue.Reader{}, 9},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			q := fresh(queue.Policy{}, 9)
			for i := range tc.want {
				if _, ok := q.Try(time.Minute, &tc.reader); !ok {
					t.Fatalf("message %d held back", i+1)
				}
			}
			if _, ok := q.Try(time.Minute, &tc.reader); ok {
				t.Error("one message too many")
			}
			if tc.want == 9 {
				return
			}
			q.Ack(1)
			if _, ok := q.Try(time.Minute, &tc.reader); !ok {
				t.Error("held back after an acknowledgement")
			}
		})
	}
}
