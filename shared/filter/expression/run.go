package expression

import (
	"errors"
	"time"

	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/lightcurve"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/survey"
)

// The limits of one evaluation. A step takes some nanoseconds, so MaxCost ends
// a runaway after a few milliseconds; MaxTime is for what costs do not see.
const (
	MaxCost = 100_000
	MaxTime = 250 * time.Millisecond
)

// What ends an evaluation early.
var (
	ErrCost = errors.New("the evaluation takes more than 100000 steps")
	ErrTime = errors.New("the evaluation takes more than 250 ms")
)

// Run evaluates a program's expressions on one alert.
type Run struct {
	program *Program
	alert   *alert.Alert
	fields  []item
	lists   []rows
	values  []packet.Value // as they are read
	vars    []item
	buffers [][]item
	stack   []item // arguments of calls
	answers []answer
	number  uint64 // of this run: answers of other runs are void

	spent, checked int
	began          time.Time
	err            error

	history    lightcurve.Curve
	seen       []lightcurve.Point // of one question to the history
	neighbours []alert.Neighbour
	haveCurve  bool
	haveNear   bool
}

// rows are the values of a list's table.
type rows struct {
	value packet.Value
	ready bool
	items []item // the list itself
	cells []item // row by row
}

// answer is a value that several expressions share.
type answer struct {
	run  uint64
	item item
	list []item
}

func newRun(p *Program) *Run {
	widest := len(p.fields.kinds) + len(p.lists)
	for _, t := range p.lists {
		widest = max(widest, len(t.kinds))
	}
	return &Run{
		program: p, values: make([]packet.Value, widest),
		fields: make([]item, len(p.fields.kinds)), lists: make([]rows, len(p.lists)),
		vars: make([]item, p.vars), buffers: make([][]item, p.buffers), answers: make([]answer, len(p.answers)),
	}
}

func (r *Run) begin(a *alert.Alert) {
	r.alert = a
	r.number++
	r.haveCurve, r.haveNear = false, false
	r.readFields()
}

// Close gives the run back.
func (r *Run) Close() {
	r.alert, r.neighbours, r.history = nil, nil, lightcurve.Curve{}
	r.program.runs.Put(r)
}

// Match evaluates the condition with the given number. The error is ErrCost or
// ErrTime.
func (r *Run) Match(i int) (bool, error) {
	r.allow()
	matched := r.program.members[i].condition.eval(r).isTrue()
	return matched && r.err == nil, r.err
}

// Columns evaluates the columns of a condition: bool, int64, float64, string,
// or nil for a missing value.
func (r *Run) Columns(i int) ([]any, error) {
	r.allow()
	var values []any
	for _, c := range r.program.members[i].columns {
		values = append(values, c.eval(r).value(c.kind))
	}
	return values, r.err
}

// allow starts the account of an evaluation.
func (r *Run) allow() {
	r.spent, r.checked, r.err = 0, 0, nil
	r.began = time.Time{}
}

// clockEvery is how much is spent between two looks at the clock.
const clockEvery = 2048

// spend charges steps and says whether the evaluation may go on. Loops charge;
// what is outside of loops is bounded by the text's length.
func (r *Run) spend(steps int) bool {
	if r.err != nil {
		return false
	}
	r.spent += steps
	if r.spent > MaxCost {
		r.err = ErrCost
		return false
	}
	if r.spent-r.checked > clockEvery {
		r.checked = r.spent
		if now := r.program.clock(); r.began.IsZero() {
			r.began = now
		} else if now.Sub(r.began) > MaxTime {
			r.err = ErrTime
			return false
		}
	}
	return true
}

// curve is the alert's light curve: its detections in time order.
func (r *Run) curve() *lightcurve.Curve {
	if !r.haveCurve {
		r.history, r.haveCurve = lightcurve.Of(r.alert), true
	}
	return &r.history
}

// near are the catalogued neighbours of the detection.
func (r *Run) near() []alert.Neighbour {
	if !r.haveNear {
		r.neighbours, r.haveNear = survey.Neighbours(r.alert), true
	}
	return r.neighbours
}
