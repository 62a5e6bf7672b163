package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"nightwire.dev/infra/local/port"
	"nightwire.dev/shared/names"
)

// Ports are the ports of a stack. Those of [FreePorts] are kept for it until it
// has stopped.
type Ports struct {
	Numbers [9]int // in the order of Endpoints
	kept    []*port.Kept
}

// PortsFrom takes consecutive ports.
func PortsFrom(first int) Ports {
	var p Ports
	for i := range p.Numbers {
		p.Numbers[i] = first + i
	}
	return p
}

// FreePorts finds ports that nobody has, and keeps them for a stack. It is
// started with them, or they are released.
func FreePorts() (Ports, error) {
	var p Ports
	for i := range p.Numbers {
		kept, err := port.Keep()
		if err != nil {
			return Ports{}, errors.Join(err, p.Release())
		}
		p.kept = append(p.kept, kept)
		p.Numbers[i] = kept.Number
	}
	return p, nil
}

// Release gives back what was kept.
func (p Ports) Release() error {
	var all error
	for _, kept := range p.kept {
		all = errors.Join(all, kept.Release())
	}
	return all
}

// Endpoints are where a stack with these ports listens.
func (p Ports) Endpoints(dir string, stream names.Stream) Endpoints {
	at := func(i int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(p.Numbers[i])) }
	return Endpoints{
		Stream: stream, Dir: dir,
		Kafka: at(0), PubSub: at(1), PubSubStatus: at(2), Storage: at(3),
		BigQuery: at(4), BigQueryWrite: at(5), Functions: at(6), Connector: at(7), Page: at(8),
	}
}

// graceForPorts is how long the processes of a stack that was killed may take
// to be gone.
const graceForPorts = 5 * time.Second

// awaitFree checks that no other program listens on the ports.
func (p Ports) awaitFree(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, graceForPorts)
	defer cancel()
	for _, number := range p.Numbers {
		err := await(ctx, 50*time.Millisecond, func() (bool, error) {
			l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(number)))
			if err != nil {
				return false, nil //nolint:nilerr // taken: look again
			}
			return true, l.Close()
		})
		if errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("port %d is taken by another program: stop that program, or choose other ports with --port", number)
		}
		if err != nil {
			return fmt.Errorf("check port %d: %w", number, err)
		}
	}
	return nil
}
