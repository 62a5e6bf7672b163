package pubsub

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"pgregory.net/rapid"

	"nightwire.dev/infra/local/pubsub/journal"
)

// fatal is what tests and rapid's have in common.
type fatal interface{ Fatal(...any) }

const (
	alerts  = "projects/observatory/topics/alerts"
	letters = "projects/observatory/topics/letters"
	archive = "projects/observatory/subscriptions/archive"
)

// owing is a subscription that owes n messages, of a server that nobody calls.
func owing(t fatal, dir string, n int, d *pubsubpb.Subscription) *subscription {
	s := service{Server: reopened(t, dir)}
	for _, name := range []string{alerts, letters} {
		if _, err := s.CreateTopic(context.Background(), &pubsubpb.Topic{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	d.Name, d.Topic = archive, alerts
	if _, err := s.CreateSubscription(context.Background(), d); err != nil {
		t.Fatal(err)
	}
	publish(t, s.Server, n)
	return s.subscriptions[archive]
}

func reopened(t fatal, dir string) *Server {
	s, err := Open(Options{Dir: dir, SegmentBytes: 200, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func publish(t fatal, s *Server, n int) {
	for range n {
		if _, err := s.publish(alerts, &pubsubpb.PubsubMessage{Data: []byte("alert")}); err != nil {
			t.Fatal(err)
		}
	}
}

// due takes what can be taken now, and tells of each which attempt it is.
func due(sub *subscription, hold time.Duration) (records []*journal.Record, attempts []int) {
	for {
		r, attempt, wait := sub.next(&reader{hold: hold})
		if wait != nil {
			return records, attempts
		}
		records, attempts = append(records, r), append(attempts, attempt)
	}
}

func check(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// timed runs a test in time that passes when all wait.
func timed(t *testing.T, n int, d *pubsubpb.Subscription, test func(t *testing.T, sub *subscription)) {
	t.Helper()
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		sub := owing(t, dir, n, d)
		test(t, sub)
		if err := sub.server.Close(); err != nil {
			t.Error(err)
		}
	})
}

func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestMessageComesAgainAfterDeadline(t *testing.T) {
	timed(t, 2, &pubsubpb.Subscription{}, func(t *testing.T, sub *subscription) {
		records, attempts := due(sub, 10*time.Second)
		check(t, "first", []int{1, 1}, attempts)
		_ = sub.ack(records[1].Seq, 1)
		pass(10*time.Second - 1)
		_, attempts = due(sub, time.Second)
		check(t, "before the deadline", 0, len(attempts))
		pass(1)
		again, attempts := due(sub, time.Second)
		check(t, "at the deadline", []int{2}, attempts)
		check(t, "message", records[0].Seq, again[0].Seq)
	})
}

func TestHoldMovesDeadline(t *testing.T) {
	timed(t, 1, &pubsubpb.Subscription{}, func(t *testing.T, sub *subscription) {
		records, _ := due(sub, 10*time.Second)
		seq := records[0].Seq
		pass(9 * time.Second)
		sub.hold(seq, 1, 10*time.Second)
		pass(9 * time.Second)
		_, attempts := due(sub, time.Second)
		check(t, "within the new deadline", 0, len(attempts))
		pass(time.Second)
		_, attempts = due(sub, time.Minute)
		check(t, "after it", []int{2}, attempts)
		sub.hold(seq, 1, time.Second) // an old delivery has no say
		_ = sub.fail(seq, 1)
		pass(2 * time.Second)
		_, attempts = due(sub, time.Second)
		check(t, "the second delivery's deadline", 0, len(attempts))
	})
}

func TestBackoff(t *testing.T) {
	for name, c := range map[string]struct {
		definition *pubsubpb.Subscription
		want       []time.Duration
	}{
		"doubles up to the maximum": {&pubsubpb.Subscription{RetryPolicy: &pubsubpb.RetryPolicy{
			MinimumBackoff: durationpb.New(time.Second), MaximumBackoff: durationpb.New(5 * time.Second),
		}}, []time.Duration{1e9, 2e9, 4e9, 5e9, 5e9}},
		"of a pull": {&pubsubpb.Subscription{}, []time.Duration{0, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			timed(t, 1, c.definition, func(t *testing.T, sub *subscription) {
				r, attempt, err := sub.await(t.Context(), &reader{hold: forever})
				if err != nil {
					t.Fatal(err)
				}
				var pauses []time.Duration
				for range c.want {
					failed := time.Now()
					_ = sub.fail(r.Seq, attempt)
					if r, attempt, err = sub.await(t.Context(), &reader{hold: forever}); err != nil {
						t.Fatal(err)
					}
					pauses = append(pauses, time.Since(failed))
				}
				check(t, "pauses", c.want, pauses)
			})
		})
	}
}

// A push without a retry policy is tried again after 100 ms to a minute.
func TestBackoffOfPush(t *testing.T) {
	t.Parallel()
	var sub subscription
	sub.definition.Store(&pubsubpb.Subscription{PushConfig: &pubsubpb.PushConfig{PushEndpoint: "http://127.0.0.1:1/"}})
	for failures, want := range map[int]time.Duration{1: 100 * time.Millisecond, 3: 400 * time.Millisecond, 1000: time.Minute} {
		if got := sub.pause(failures); got != want {
			t.Errorf("pause after %d failures: %v, want %v", failures, got, want)
		}
	}
}

// Where the dead-letter topic has gone, the message waits for it, and is not
// handed out.
func TestDeadLetterWaitsForItsTopic(t *testing.T) {
	policy := &pubsubpb.DeadLetterPolicy{DeadLetterTopic: letters, MaxDeliveryAttempts: 5}
	timed(t, 1, &pubsubpb.Subscription{DeadLetterPolicy: policy}, func(t *testing.T, sub *subscription) {
		s := service{Server: sub.server}
		if _, err := s.DeleteTopic(context.Background(), &pubsubpb.DeleteTopicRequest{Topic: letters}); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			records, attempts := due(sub, time.Minute)
			_ = sub.fail(records[0].Seq, attempts[0])
			synctest.Wait()
		}
		pass(time.Minute)
		_, attempts := due(sub, time.Minute)
		check(t, "handed out", 0, len(attempts))
		check(t, "undelivered", 1, s.Backlog()[0].Undelivered)
		if _, err := s.CreateTopic(context.Background(), &pubsubpb.Topic{Name: letters}); err != nil {
			t.Fatal(err)
		}
		pass(deadLetterPause)
		check(t, "undelivered", 0, s.Backlog()[0].Undelivered)
	})
}

// exhaust fails all messages until they wait for a dead-letter topic that has gone.
func exhaust(t *testing.T, sub *subscription) {
	t.Helper()
	if _, err := (service{Server: sub.server}).DeleteTopic(t.Context(), &pubsubpb.DeleteTopicRequest{Topic: letters}); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		records, attempts := due(sub, forever)
		for i, r := range records {
			if err := sub.fail(r.Seq, attempts[i]); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
	}
}

// While a dead-letter topic is missing, one message a pause is tried and told of,
// however many wait, and all are buried when it is there.
func TestDeadLettersWaitTogether(t *testing.T) {
	policy := &pubsubpb.DeadLetterPolicy{DeadLetterTopic: letters, MaxDeliveryAttempts: 5}
	timed(t, 100, &pubsubpb.Subscription{DeadLetterPolicy: policy}, func(t *testing.T, sub *subscription) {
		var log bytes.Buffer
		sub.server.options.Logger = slog.New(slog.NewTextHandler(&log, nil))
		exhaust(t, sub)
		pass(6*deadLetterPause - 1)
		check(t, "times told", 6, strings.Count(log.String(), "dead letter not forwarded"))
		s := service{Server: sub.server}
		if _, err := s.CreateTopic(context.Background(), &pubsubpb.Topic{Name: letters}); err != nil {
			t.Fatal(err)
		}
		pass(deadLetterPause)
		check(t, "undelivered", 0, s.Backlog()[0].Undelivered)
	})
}

// A server that ends while it buries messages buries none of them twice.
func TestCloseAmidBurials(t *testing.T) {
	t.Parallel()
	const n = 1000
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		policy := &pubsubpb.DeadLetterPolicy{DeadLetterTopic: letters, MaxDeliveryAttempts: 5}
		sub := owing(t, dir, n, &pubsubpb.Subscription{DeadLetterPolicy: policy})
		s := service{Server: sub.server}
		_, err := s.CreateSubscription(t.Context(), &pubsubpb.Subscription{Name: archive + "-letters", Topic: letters})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range sub.leases {
			if err := l.record.Mark(5); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 { // the last two begin with burials
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s.Server = reopened(t, dir)
		}
		synctest.Wait()
		check(t, "undelivered", 0, s.Backlog()[0].Undelivered)
		check(t, "dead letters", n, s.Backlog()[1].Undelivered)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// An exhausted message comes again when its subscription has no dead-letter
// policy any more.
func TestExhaustedWithoutPolicy(t *testing.T) {
	policy := &pubsubpb.DeadLetterPolicy{DeadLetterTopic: letters, MaxDeliveryAttempts: 5}
	timed(t, 3, &pubsubpb.Subscription{DeadLetterPolicy: policy}, func(t *testing.T, sub *subscription) {
		exhaust(t, sub)
		_, err := service{Server: sub.server}.UpdateSubscription(t.Context(), &pubsubpb.UpdateSubscriptionRequest{
			Subscription: &pubsubpb.Subscription{Name: archive},
			UpdateMask:   &fieldmaskpb.FieldMask{Paths: []string{"dead_letter_policy"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		pass(deadLetterPause)
		_, attempts := due(sub, forever)
		check(t, "handed out", []int{6, 6, 6}, attempts)
	})
}

// An exhausted message is not handed out after a restart either, but buried when
// its topic is there.
func TestExhaustedOverRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		policy := &pubsubpb.DeadLetterPolicy{DeadLetterTopic: letters, MaxDeliveryAttempts: 5}
		sub := owing(t, dir, 2, &pubsubpb.Subscription{DeadLetterPolicy: policy})
		exhaust(t, sub)
		if err := sub.server.Close(); err != nil {
			t.Fatal(err)
		}
		s := service{Server: reopened(t, dir)}
		_, attempts := due(s.subscriptions[archive], forever)
		check(t, "handed out", 0, len(attempts))
		if _, err := s.CreateTopic(t.Context(), &pubsubpb.Topic{Name: letters}); err != nil {
			t.Fatal(err)
		}
		pass(deadLetterPause)
		check(t, "undelivered", 0, s.Backlog()[0].Undelivered)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Nothing happens to a message after the server's end: no deadline expires, and
// none is handed out.
func TestNothingAfterClose(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		sub := owing(t, dir, 2, &pubsubpb.Subscription{})
		r, _, _ := sub.next(&reader{hold: 10 * time.Second})
		l := sub.leases[r.Seq]
		sub.server.stop(status.Error(codes.Unavailable, "stopping"))
		if _, _, err := sub.await(t.Context(), &reader{hold: forever}); status.Code(err) != codes.Unavailable {
			t.Errorf("a message handed out at the end; error %v", err)
		}
		if err := sub.server.Close(); err != nil {
			t.Error(err)
		}
		pass(time.Minute)
		check(t, "failures", 0, l.failures)
	})
}

// Where nobody counts, a message that fails for ever does not fill the disk.
func TestFailuresThatNobodyCounts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sub := owing(t, dir, 1, &pubsubpb.Subscription{})
	for range 100 {
		records, attempts := due(sub, forever)
		if err := sub.fail(records[0].Seq, attempts[0]); err != nil {
			t.Fatal(err)
		}
	}
	paths, err := filepath.Glob(filepath.Join(dir, "projects", "*", "subscriptions", "*", "messages", "*.marks"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("marks %v, error %v", paths, err)
	}
	marks, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	check(t, "bytes of marks", 0, len(marks))
	if err := sub.server.Close(); err != nil {
		t.Error(err)
	}
}

func TestReader(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		reader reader
		want   int
	}{
		{"messages", reader{hold: forever, maxMessages: 3}, 3},
		{"bytes", reader{hold: forever, maxBytes: 60}, 3}, // each has 16 of header, 2 of tag and length, 5 of data
		{"both", reader{hold: forever, maxMessages: 2, maxBytes: 60}, 2},
		{"none", reader{hold: forever}, 9},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			sub := owing(t, t.TempDir(), 9, &pubsubpb.Subscription{})
			var first *journal.Record
			for i := range tc.want {
				r, _, wait := sub.next(&tc.reader)
				if wait != nil {
					t.Fatalf("message %d held back", i+1)
				}
				if first == nil {
					first = r
				}
			}
			_, _, wait := sub.next(&tc.reader)
			if wait == nil {
				t.Fatal("one message too many")
			}
			if tc.want == 9 {
				return
			}
			_ = sub.ack(first.Seq, 1)
			<-wait
			if _, _, wait := sub.next(&tc.reader); wait != nil {
				t.Error("held back after an acknowledgement")
			}
		})
	}
}

// A subscription, driven at random and restarted at random, owes exactly what a
// plain map says is not acknowledged, and counts its failures.
func TestSubscriptionAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		policy := &pubsubpb.DeadLetterPolicy{DeadLetterTopic: letters, MaxDeliveryAttempts: 100}
		sub := owing(rt, dir, 0, &pubsubpb.Subscription{DeadLetterPolicy: policy})
		failures := make(map[uint64]int) // of what is not acknowledged
		out := make(map[uint64]int)      // attempts
		rt.Repeat(map[string]func(*rapid.T){
			"publish": func(rt *rapid.T) {
				publish(rt, sub.server, rapid.IntRange(1, 4).Draw(rt, "messages"))
				for seq := range sub.leases {
					failures[seq] += 0 // new ones have none
				}
			},
			"deliver": func(rt *rapid.T) {
				r, attempt, wait := sub.next(&reader{hold: forever})
				if wait != nil {
					rt.Skip("nothing is due")
				}
				n, owed := failures[r.Seq]
				if !owed || attempt != n+1 {
					rt.Fatalf("message %d, attempt %d, of which %d failed (owed %t)", r.Seq, attempt, n, owed)
				}
				out[r.Seq] = attempt
			},
			"acknowledge": func(*rapid.T) {
				for seq, attempt := range out {
					_ = sub.ack(seq, attempt)
					delete(out, seq)
					delete(failures, seq)
					return
				}
			},
			"refuse": func(*rapid.T) {
				for seq, attempt := range out {
					_ = sub.fail(seq, attempt)
					failures[seq]++
					delete(out, seq)
					return
				}
			},
			"restart": func(rt *rapid.T) {
				if err := sub.server.Close(); err != nil {
					rt.Fatal(err)
				}
				sub = reopened(rt, dir).subscriptions[archive]
				clear(out)
			},
			"": func(rt *rapid.T) {
				if got := sub.server.Backlog()[0].Undelivered; got != len(failures) {
					rt.Fatalf("%d undelivered, want %d", got, len(failures))
				}
			},
		})
	})
}
