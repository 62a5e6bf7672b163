package source

import (
	"fmt"
	"runtime"
	"time"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/simulate"
)

// Synthetic is a simulated ZTF night of so many alerts, in the survey's newest
// schema.
func Synthetic(seed uint64, night time.Time, alerts int) (*Source, error) {
	const version = "4.02"
	n, err := simulate.New(simulate.Options{Seed: seed, Night: night, Alerts: alerts, Schema: version})
	if err != nil {
		return nil, err
	}
	shipped, ok := schemas.Find("ztf", version)
	if !ok {
		return nil, fmt.Errorf("the schema of ZTF %s is not shipped", version)
	}
	schema, err := packet.ParseSchema(shipped.JSON)
	if err != nil {
		return nil, fmt.Errorf("schema of ZTF %s: %w", version, err)
	}
	return &Source{
		Name:    fmt.Sprintf("a synthetic night of %s", night.Format(time.DateOnly)),
		Count:   n.Len(),
		Packets: func(yield func(Packet, error) bool) { inOrder(n, schema, yield) },
	}, nil
}

// inOrder makes the packets on all processors and hands them out in order.
func inOrder(n *simulate.Night, schema *packet.Schema, yield func(Packet, error) bool) {
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
				record, err := schema.Encode(nil, n.Alert(i))
				if err != nil {
					one <- made{err: fmt.Errorf("synthetic alert %d: %w", i, err)}
					return
				}
				one <- made{packet: Packet{Name: fmt.Sprintf("synthetic alert %d", i), Bytes: packet.Container(schema, record)}}
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
