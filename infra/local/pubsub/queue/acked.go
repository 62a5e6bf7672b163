package queue

import "slices"

// Span is a range of sequence numbers, from the first up to but not including
// the second.
type Span [2]uint64

// acked is a set of acknowledged sequence numbers: all below floor, and the
// spans above it, in order, apart from each other. One message that nobody can
// process holds the floor down, but costs one span, not one entry for each
// message behind it.
type acked struct {
	floor uint64
	spans []Span
}

// add puts the number into the set and says whether it is new.
func (a *acked) add(seq uint64) bool {
	if a.has(seq) {
		return false
	}
	i, _ := slices.BinarySearchFunc(a.spans, seq, startsBefore)
	joinsLeft := i > 0 && a.spans[i-1][1] == seq
	joinsRight := i < len(a.spans) && a.spans[i][0] == seq+1
	switch {
	case joinsLeft && joinsRight:
		a.spans[i-1][1] = a.spans[i][1]
		a.spans = slices.Delete(a.spans, i, i+1)
	case joinsLeft:
		a.spans[i-1][1]++
	case joinsRight:
		a.spans[i][0]--
	case seq == a.floor:
		a.floor++
	default:
		a.spans = slices.Insert(a.spans, i, Span{seq, seq + 1})
	}
	if len(a.spans) > 0 && a.spans[0][0] <= a.floor {
		a.floor = a.spans[0][1]
		a.spans = slices.Delete(a.spans, 0, 1)
	}
	return true
}

// has says whether the number is in the set.
func (a *acked) has(seq uint64) bool { return a.next(seq) != seq }

// next is the first number from seq on that is not in the set.
func (a *acked) next(seq uint64) uint64 {
	if seq < a.floor {
		seq = a.floor
	}
	i, found := slices.BinarySearchFunc(a.spans, seq, startsBefore)
	if found {
		return a.spans[i][1]
	}
	if i > 0 && seq < a.spans[i-1][1] {
		return a.spans[i-1][1]
	}
	return seq
}

// missing counts the numbers below end that are not in the set.
func (a *acked) missing(end uint64) int {
	if end <= a.floor {
		return 0
	}
	n := end - a.floor
	for _, s := range a.spans {
		n -= s[1] - s[0]
	}
	return int(n)
}

func startsBefore(s Span, seq uint64) int {
	switch {
	case s[0] < seq:
		return -1
	case s[0] > seq:
		return 1
	}
	return 0
}
