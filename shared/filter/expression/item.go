package expression

import "math"

// item is one value while it is computed: a scalar, or the number of a row in
// its table. The zero item is missing, and as a condition it is false.
type item struct {
	known bool
	bits  uint64 // of an int64, a float64, a bool or a row
	text  []byte // shares memory with the packet
}

func ofBool(v bool) item {
	if v {
		return item{known: true, bits: 1}
	}
	return item{known: true}
}

func ofInt(v int64) item { return item{known: true, bits: uint64(v)} }

func ofText(v []byte) item { return item{known: true, text: v} }

// ofNumber is a number; what is none (the root of a negative number, a
// division by zero) is missing.
func ofNumber(v float64) item {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return item{}
	}
	return item{known: true, bits: math.Float64bits(v)}
}

func (i item) isTrue() bool    { return i.bits == 1 && i.known }
func (i item) int() int64      { return int64(i.bits) }
func (i item) number() float64 { return math.Float64frombits(i.bits) }

// value is the item as Go knows it: nil where it is missing.
func (i item) value(k kind) any {
	switch {
	case !i.known:
		return nil
	case k == boolean:
		return i.isTrue()
	case k == integer:
		return i.int()
	case k == number:
		return i.number()
	default:
		return string(i.text)
	}
}
