package certificate

import (
	"slices"
	"time"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/ledger"
)

// Held is what is known of a partition of a topic: Kafka had the records with
// offsets from First up to, and without, End.
type Held struct {
	Topic     string
	Partition int64
	First     int64
	End       int64
	Confirmed int64 // every record before it was read, or is in a gap
	Gaps      []Gap
	Reported  time.Time // when a connector last told of it; zero if Kafka itself did
	Headless  bool      // of a night's first records nobody knows whether Kafka had let go of them
}

// Gap is a run of offsets that Kafka let go of before they were read, from From
// up to, and without, To.
type Gap struct{ From, To int64 }

// track is the records of a partition, and what became of each: 0 while nobody
// knows, else the outcome's rank.
type track struct {
	Held
	number   int
	outcomes []uint8
	reasons  map[int64]string // of those that are rejected
}

// outcomes from the worst to the best, by rank from 1.
var ranked = func() []ledger.Outcome {
	all := []ledger.Outcome{""}
	for _, outcome := range slices.Backward(schemas.Outcomes()) {
		all = append(all, ledger.Outcome(outcome))
	}
	return all
}()

// rankOf is an outcome's rank, 0 for one that nobody knows. A record that was
// tried more than once ended as the best that was said of it.
func rankOf(outcome ledger.Outcome) uint8 {
	return uint8(max(slices.Index(ranked, outcome), 0))
}

func (t *track) has(offset int64) bool { return offset >= t.First && offset < t.End }

// settle notes an outcome. The ledger's row may come twice.
func (t *track) settle(offset int64, rank uint8, reason string) {
	known := &t.outcomes[offset-t.First]
	if rank <= *known {
		return
	}
	*known = rank
	if ranked[rank] != ledger.Rejected {
		delete(t.reasons, offset)
		return
	}
	if t.reasons == nil {
		t.reasons = map[int64]string{}
	}
	t.reasons[offset] = reason
}

// causeOf is why a record without an outcome has none.
func (t *track) causeOf(offset int64) Cause {
	for _, g := range t.Gaps {
		if offset >= g.From && offset < g.To {
			return Expired
		}
	}
	if offset >= t.Confirmed {
		return Unread
	}
	return Unrecorded
}
