package night

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/certificate"
)

// TestCarryOn is the whole of what one look keeps for the next.
func TestCarryOn(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 9, 1, 16, 0, 0, 0, time.UTC)
	expired := func(n int) []certificate.Loss { return []certificate.Loss{{Cause: certificate.Expired, Count: n}} }
	unread := func(n int) []certificate.Loss { return []certificate.Loss{{Cause: certificate.Unread, Count: n}} }
	rows := func(n int) []certificate.Loss { return []certificate.Loss{{Cause: certificate.NoRow, Count: n}} }
	repairing := func(least int, better time.Time) *certificate.Certificate {
		return &certificate.Certificate{
			State: certificate.Repairing, At: at.Add(-time.Second), Repair: &certificate.Repair{Looks: 3, Most: 9, Least: least, BetterAt: better},
		}
	}
	sent := func(c *certificate.Certificate, tries int, ago time.Duration) *certificate.Certificate {
		c.Repair.Tries, c.Repair.SentAt = tries, at.Add(-ago)
		return c
	}
	cases := map[string]struct {
		before *certificate.Certificate
		now    certificate.Certificate
		wait   bool
		want   certificate.Repair
	}{
		"the first look, clean":   {nil, certificate.Certificate{}, false, certificate.Repair{Looks: 1, BetterAt: at}},
		"the first look, missing": {nil, certificate.Certificate{Missing: 4, Losses: rows(4)}, true, certificate.Repair{Looks: 1, Most: 4, Least: 4, BetterAt: at}},
		"after another dawn's end": {
			&certificate.Certificate{State: certificate.Missing, Repair: &certificate.Repair{Looks: 9}},
			certificate.Certificate{Missing: 4, Losses: rows(4)}, true, certificate.Repair{Looks: 1, Most: 4, Least: 4, BetterAt: at},
		},
		"after a dawn that never ended": {
			&certificate.Certificate{State: certificate.Repairing, At: at.Add(-2 * time.Hour), Repair: &certificate.Repair{Looks: 9, Least: 4}},
			certificate.Certificate{Missing: 4, Losses: rows(4)}, true, certificate.Repair{Looks: 1, Most: 4, Least: 4, BetterAt: at},
		},
		"better": {
			repairing(5, at.Add(-time.Hour)), certificate.Certificate{Missing: 4, Losses: rows(4)}, true,
			certificate.Repair{Looks: 4, Most: 9, Least: 4, BetterAt: at},
		},
		"no better, with patience": {
			repairing(4, at.Add(-59*time.Second)), certificate.Certificate{Missing: 4, Losses: rows(4)}, true,
			certificate.Repair{Looks: 4, Most: 9, Least: 4, BetterAt: at.Add(-59 * time.Second)},
		},
		"no better, patience is over, and nothing was sent": {
			repairing(4, at.Add(-time.Hour)), certificate.Certificate{Missing: 4, Losses: rows(4)}, true,
			certificate.Repair{Looks: 4, Most: 9, Least: 4, BetterAt: at.Add(-time.Hour)},
		},
		"no better since long, and sent again just now": {
			sent(repairing(4, at.Add(-time.Hour)), 2, time.Second), certificate.Certificate{Missing: 4, Losses: rows(4)}, true,
			certificate.Repair{Looks: 4, Most: 9, Least: 4, BetterAt: at.Add(-time.Hour), Tries: 2, SentAt: at.Add(-time.Second)},
		},
		"no better, and sent again in vain": {
			sent(repairing(4, at.Add(-time.Hour)), 2, time.Minute), certificate.Certificate{Missing: 4, Losses: rows(4)}, false,
			certificate.Repair{Looks: 4, Most: 9, Least: 4, BetterAt: at.Add(-time.Hour), Tries: 2, SentAt: at.Add(-time.Minute)},
		},
		"better since it was sent again": {
			sent(repairing(5, at.Add(-time.Hour)), 2, time.Minute), certificate.Certificate{Missing: 4, Losses: rows(4)}, true,
			certificate.Repair{Looks: 4, Most: 9, Least: 4, BetterAt: at, SentAt: at.Add(-time.Minute)},
		},
		"no better, patience is over, and nothing can be sent": {
			repairing(4, at.Add(-time.Minute)), certificate.Certificate{Missing: 4, Losses: unread(4)}, false,
			certificate.Repair{Looks: 4, Most: 9, Least: 4, BetterAt: at.Add(-time.Minute)},
		},
		"nothing may come": {
			repairing(4, at), certificate.Certificate{Missing: 4, Losses: expired(4)}, false,
			certificate.Repair{Looks: 4, Most: 9, Least: 4, BetterAt: at},
		},
		"a doubt less": {
			repairing(3, at.Add(-time.Hour)), certificate.Certificate{Doubts: []string{"one", "two"}}, true,
			certificate.Repair{Looks: 4, Most: 9, Least: 2, BetterAt: at},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.now.At = at
			wait := carryOn(c.before, &c.now, time.Minute)
			if diff := cmp.Diff(&c.want, c.now.Repair); diff != "" || wait != c.wait || wait != (c.now.State == certificate.Repairing) {
				t.Errorf("waits: %v, state %s; memory (-want +got):\n%s", wait, c.now.State, diff)
			}
		})
	}
}
