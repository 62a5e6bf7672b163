package workbench

import (
	"context"
	"fmt"
	"runtime"

	"nightwire.dev/shared/filter"
)

// Options are how a sample is gone through.
type Options struct {
	Examples int            // how many alerts are shown of each kind
	Progress func(done int) // is told after each packet; may be nil
}

// Passed is what a sample was.
type Passed struct {
	Alerts   int // distinct alerts
	Repeated int // packets of an alert that had been there
	NoAlerts NoAlerts
}

// NoAlerts are the packets that cannot be read, or are of another stream.
type NoAlerts struct {
	Count int
	Named []string // the first of them, each with the reason
}

// mostNamed bounds how many bad packets are named.
const mostNamed = 5

// pass asks filters about every alert of a sample, on all processors, and hands
// out the verdicts in the sample's order. An alert counts once, as it is
// notified once. A sample that has none is an error.
func pass(ctx context.Context, s Sample, o Options, filters []*filter.Filter, take func(verdict)) (Passed, error) {
	var passed Passed
	j, err := newJudge(s, filters)
	if err != nil {
		return passed, err
	}
	var broken error // written before the last verdict, read after it
	packets := func(yield func(numbered) bool) {
		n := 0
		for p, err := range s.Source.Packets {
			if broken = err; err != nil || ctx.Err() != nil || !yield(numbered{p, n}) {
				return
			}
			n++
		}
	}
	done, seen := 0, map[int64]bool{}
	for v := range ordered(packets, runtime.GOMAXPROCS(0), func(p numbered) verdict { return j.judge(ctx, p) }) {
		switch {
		case v.err != nil:
			passed.NoAlerts.add(v)
		case seen[v.alert.Candid]:
			passed.Repeated++
		default:
			seen[v.alert.Candid] = true
			passed.Alerts++
			take(v)
		}
		if done++; o.Progress != nil {
			o.Progress(done)
		}
	}
	if ctx.Err() != nil {
		return passed, ctx.Err()
	}
	if broken == nil && passed.Alerts == 0 && passed.NoAlerts.Count > 0 {
		return passed, fmt.Errorf("%s has no alert of stream %s: %s", s.Source.Name, s.Stream, passed.NoAlerts.Named[0])
	}
	return passed, broken
}

func (n *NoAlerts) add(v verdict) {
	if n.Count++; n.Count <= mostNamed {
		n.Named = append(n.Named, v.packet+": "+v.err.Error())
	}
}
