package night

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nightwire.dev/shared/certificate"
	"nightwire.dev/shared/replay"
)

// mostSent is how many notifications one look sends again, at most: more than a
// budget of six minutes is enough for. leastSent it sends though its budget is
// over, so that a night whose evidence takes long is repaired as well. The rest
// has its turn at the looks that follow.
const (
	mostSent  = 360_000
	leastSent = 1000
)

// mostTries is how often what got no better is sent again.
const mostTries = 2

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
			r.Least, r.BetterAt, r.Tries = found, c.At, 0
		}
	}
	r.Looks++
	r.Most = max(r.Most, c.Missing)
	c.Repair = &r
	if !mayPass(c) || stalled(c) >= patience && (r.Tries >= mostTries || !repairable(c)) {
		return false
	}
	c.State = certificate.Repairing
	return true
}

// mayPass says whether a look may find the night better than this one did.
func mayPass(c *certificate.Certificate) bool {
	return len(c.Doubts) > 0 || slices.ContainsFunc(c.Losses, func(l certificate.Loss) bool { return l.Cause.MayPass() })
}

// repairable says whether a file is there whose notification may help.
func repairable(c *certificate.Certificate) bool {
	return c.Lost(certificate.NoRow).Count+c.Lost(certificate.Unjudged).Count > 0
}

// stalled is for how long nothing got better, though it had the chance: the
// looks may be minutes apart, and notifications need their time.
func stalled(c *certificate.Certificate) time.Duration {
	since := c.Repair.BetterAt
	if c.Repair.SentAt.After(since) {
		since = c.Repair.SentAt
	}
	return c.At.Sub(since)
}

// repair sends notifications again, if it is time to. At first it leaves to
// what is on its way a quarter of our patience to arrive. Then it sends a part
// at a time: when that has its rows, the files that wait for their turn. What
// half our patience later got no better is sent a second time.
func (f *Function) repair(ctx context.Context, a *certificate.Account, c *certificate.Certificate) error {
	r := c.Repair
	files, all := a.Unfinished(r.After, mostSent)
	switch {
	case all == 0:
		return nil
	case r.SentAt.IsZero() && stalled(c) >= f.Patience/4:
	case !r.SentAt.IsZero() && all <= r.Left:
	case !r.SentAt.IsZero() && stalled(c) >= f.Patience/2 && r.Tries < mostTries:
	default:
		return nil
	}
	turn := 0
	report, err := f.Replays.Send(ctx, func(yield func(replay.Object, error) bool) {
		for turn < len(files) && (turn < leastSent || f.clock().Sub(c.At) < f.Budget) {
			turn++
			if !yield(replay.Object{Name: files[turn-1]}, nil) {
				return
			}
		}
	}, nil)
	if err != nil {
		return fmt.Errorf("repair of night %s: %w", c.Night, err)
	}
	r.Sent += report.Sent
	r.Tries++
	r.SentAt, r.Left, r.After = f.clock().UTC(), all-turn, files[turn-1]
	f.Log.InfoContext(ctx, "notifications are sent again", "stream", c.Stream, "night", c.Night, "count", report.Sent, "left", r.Left)
	return nil
}
