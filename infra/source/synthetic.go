package source

import (
	"fmt"
	"runtime"
	"time"

	"nightwire.dev/shared/simulate"
)

// Synthetic is a simulated ZTF night of so many alerts, in the survey's newest
// schema.
func Synthetic(seed uint64, night time.Time, alerts int) (*Source, error) {
	n, err := simulate.New(simulate.Options{Seed: seed, Night: night, Alerts: alerts})
	if err != nil {
		return nil, err
	}
	return &Source{
		Name:    fmt.Sprintf("a synthetic night of %s", night.Format(time.DateOnly)),
		Count:   n.Len(),
		Packets: func(yield func(Packet, error) bool) { inOrder(n, yield) },
	}, nil
}

// inOrder makes the packets on all processors and hands them out in order.
func inOrder(n *simulate.Night, yield func(Packet, error) bool) {
	type made struct {
		packet Packet
		err    error
	}
	stop := make(chan struct{})
	defer close(stop)
	pending := make(chan chan made, 4*runtime.NumCPU())
	go func() {
		defer close(pending)
		slots := make(chan struct{}, runtime.NumCPU())
		for i := range n.Len() {
			one := make(chan made, 1)
			select {
			case pending <- one:
			case <-stop:
				return
			}
			slots <- struct{}{}
			go func() {
				defer func() { <-slots }()
				content, err := n.Packet(i)
				one <- made{Packet{Name: fmt.Sprintf("synthetic alert %d", i), Bytes: content}, err}
			}()
		}
	}()
	for one := range pending {
		m := <-one
		if !yield(m.packet, m.err) || m.err != nil {
			return
		}
	}
}
