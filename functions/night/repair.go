package night

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nightwire.dev/shared/certificate"
	"nightwire.dev/shared/replay"
)

// mostSent is how many notifications one look sends again: what a push has time
// for. The rest has its turn at the looks that follow.
const mostSent = 10_000

// abandoned is how old the look before must be for its dawn to have ended
// without a word: Pub/Sub waits for ten minutes at most.
const abandoned = time.Hour

// carryOn adds to a look what the looks before it, since the dawn, have found,
// and settles whether the night is to be looked at again. before is nil if no
// dawn is under way.
func carryOn(before, c *certificate.Certificate, patience time.Duration) (wait bool) {
	found := c.Missing + len(c.Doubts)
	r := certificate.Repair{Least: found, BetterAt: c.At}
	if before != nil && !before.Final() && before.Repair != nil && c.At.Sub(before.At) < abandoned {
		r = *before.Repair
		if found < r.Least {
			r.Least, r.BetterAt = found, c.At
		}
	}
	r.Looks++
	r.Most = max(r.Most, c.Missing)
	c.Repair = &r
	if !mayPass(c) || c.At.Sub(r.BetterAt) >= patience {
		return false
	}
	c.State = certificate.Repairing
	return true
}

// mayPass says whether a look may find the night better than this one did.
func mayPass(c *certificate.Certificate) bool {
	return len(c.Doubts) > 0 || slices.ContainsFunc(c.Losses, func(l certificate.Loss) bool { return l.Cause.MayPass() })
}

// repair sends notifications again, if it is time to. At first it leaves to
// what is on its way a quarter of our patience to arrive. Then it sends a part
// at a time: when that has its rows, the files that wait for their turn. What is
// still not there when patience is nearly over is sent a second time.
func (f *Function) repair(ctx context.Context, a *certificate.Account, c *certificate.Certificate) error {
	r := c.Repair
	files, all := a.Unfinished(r.After, mostSent)
	stalled, nearly := c.At.Sub(r.BetterAt), f.Patience*3/4
	switch {
	case all == 0:
		return nil
	case r.SentAt.IsZero() && stalled >= f.Patience/4:
	case !r.SentAt.IsZero() && all <= r.Left:
	case stalled >= nearly && r.SentAt.Sub(r.BetterAt) < nearly:
	default:
		return nil
	}
	report, err := f.Replays.Send(ctx, objects(files), nil)
	if err != nil {
		return fmt.Errorf("repair of night %s: %w", c.Night, err)
	}
	r.Sent += report.Sent
	r.SentAt, r.Left, r.After = c.At, all-len(files), files[len(files)-1]
	f.Log.InfoContext(ctx, "notifications are sent again", "stream", c.Stream, "night", c.Night, "count", report.Sent, "left", r.Left)
	return nil
}

// objects are the files in the form in which they are sent again.
func objects(files []string) func(func(replay.Object, error) bool) {
	return func(yield func(replay.Object, error) bool) {
		for _, name := range files {
			if !yield(replay.Object{Name: name}, nil) {
				return
			}
		}
	}
}
