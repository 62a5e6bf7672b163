package deadletter

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"nightwire.dev/shared/names"
)

// Box is the subscription that holds a stream's dead letters.
type Box struct {
	Client    *pubsub.Client
	Resources names.Resources

	// Wait is how long nothing may come before a walk counts as done; 5 s if 0.
	Wait time.Duration
}

// Walked is what a walk has seen.
type Walked struct {
	Seen  int // letters that were there when it began
	Newer int // letters that came meanwhile, and were not shown
}

// Pub/Sub leaves a message with a reader ten minutes at most; that is asked for
// when the letter is in hand, and again well before. Until then, and for letters
// that never reach us, the stream's own time holds.
const (
	hold       = 600 * time.Second
	renewAfter = 4 * time.Minute
	onTheWay   = 60 * time.Second
	perRequest = 1000
)

// beats are the parts of the time in which nothing may come. Of a time in which we
// stood still ourselves, and could take nothing, one is counted.
const beats = 10

// perVisit is how many letters are shown at one time, at most.
const perVisit = 100

// graceToEnd is how long the end of a walk may take, also of one that was
// interrupted.
const graceToEnd = 10 * time.Second

// Walk shows each letter to visit once, some at a time. Those that visit
// returns are acknowledged, and are no longer letters; all others are held while
// the walk lasts, and then given back at once: nothing is lost, and nothing ages
// by it, since the subscription counts no attempts. If the process dies, they
// come back by themselves within ten minutes. With an error of visit, what it
// returns beside is acknowledged all the same.
//
// Pub/Sub does not tell how many messages it holds. A walk ends when nothing has
// come for a while (Wait) that was there when it began. Letters that another
// reader holds at that time are not seen, and a slow Pub/Sub may have kept some
// back. Letters that come meanwhile are left for the next walk, so that one
// ends while functions write.
func (b *Box) Walk(ctx context.Context, visit func(context.Context, []*Letter) ([]*Letter, error)) (Walked, error) {
	w := &walk{box: b, began: time.Now(), renewed: time.Now(), held: map[string]string{}, settled: map[string]bool{}}
	err := w.run(ctx, visit)
	return w.walked, err
}

// walk is one walk through a box.
type walk struct {
	box     *Box
	began   time.Time
	renewed time.Time
	walked  Walked
	held    map[string]string // by the letter's ID, by which name Pub/Sub knows the hold
	settled map[string]bool   // letters that are acknowledged
}

func (w *walk) run(ctx context.Context, visit func(context.Context, []*Letter) ([]*Letter, error)) (err error) {
	wait := w.box.Wait
	if wait == 0 {
		wait = 5 * time.Second
	}
	s, err := open(ctx, w.box.Client, w.path())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.end(ctx, s)) }()
	beat := time.NewTicker(max(wait/beats, time.Millisecond))
	defer beat.Stop()
	for quiet := 0; quiet < beats; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-beat.C:
			quiet++
		case received, more := <-s.received:
			if !more {
				return fmt.Errorf("read %s: %w", w.path(), s.failure)
			}
			letters, err := w.take(ctx, received)
			if err != nil {
				return err
			}
			if len(letters) == 0 {
				continue
			}
			for some := range slices.Chunk(letters, perVisit) {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				settled, err := visit(ctx, some)
				if err := errors.Join(err, w.acknowledge(ctx, settled)); err != nil {
					return err
				}
			}
			quiet = 0
		}
	}
	return nil
}

// take holds what came, and returns the letters that were there when the walk
// began and that it has not shown.
func (w *walk) take(ctx context.Context, received []*pubsubpb.ReceivedMessage) ([]*Letter, error) {
	var fresh, again []*Letter
	var taken []string
	for _, one := range received {
		l := read(one)
		_, known := w.held[l.ID]
		taken = append(taken, l.ackID)
		w.held[l.ID] = l.ackID
		switch {
		case w.settled[l.ID]: // Pub/Sub may send what is acknowledged once more
			again = append(again, l)
		case known:
		case l.Published.After(w.began):
			w.walked.Newer++
		default:
			fresh = append(fresh, l)
		}
	}
	w.walked.Seen += len(fresh)
	if err := w.acknowledge(ctx, again); err != nil {
		return nil, err
	}
	if time.Since(w.renewed) > renewAfter {
		taken, w.renewed = slices.Collect(maps.Values(w.held)), time.Now()
	}
	return fresh, w.modify(ctx, taken, hold)
}

// acknowledge ends letters for good, also while the walk is being interrupted:
// what was done with them is done.
func (w *walk) acknowledge(ctx context.Context, letters []*Letter) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceToEnd)
	defer cancel()
	for some := range slices.Chunk(letters, perRequest) {
		ids := make([]string, len(some))
		for i, l := range some {
			ids[i] = w.held[l.ID]
		}
		err := w.box.Client.SubscriptionAdminClient.Acknowledge(ctx, &pubsubpb.AcknowledgeRequest{Subscription: w.path(), AckIds: ids})
		if err != nil {
			return fmt.Errorf("acknowledge %d letters, which stay: %w", len(ids), err)
		}
		for _, l := range some {
			delete(w.held, l.ID)
			w.settled[l.ID] = true
		}
	}
	return nil
}

// end ends the stream, and gives back what is held. What Pub/Sub had sent by then
// and nobody took goes back with it.
func (w *walk) end(ctx context.Context, s *stream) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), graceToEnd)
	defer cancel()
	for _, one := range s.end(ctx) {
		if id := one.GetMessage().GetMessageId(); !w.settled[id] {
			w.held[id] = one.GetAckId()
		}
	}
	return w.modify(ctx, slices.Collect(maps.Values(w.held)), 0)
}

// modify sets how long from now Pub/Sub leaves letters with us; 0 gives them
// back.
func (w *walk) modify(ctx context.Context, ackIDs []string, deadline time.Duration) error {
	for some := range slices.Chunk(ackIDs, perRequest) {
		err := w.box.Client.SubscriptionAdminClient.ModifyAckDeadline(ctx, &pubsubpb.ModifyAckDeadlineRequest{
			Subscription: w.path(), AckIds: some, AckDeadlineSeconds: int32(deadline / time.Second),
		})
		if err != nil {
			return fmt.Errorf("hold or give back %d letters of %s: %w", len(some), w.path(), err)
		}
	}
	return nil
}

func (w *walk) path() string {
	return w.box.Resources.SubscriptionPath(w.box.Resources.DeadLetterTopic())
}
