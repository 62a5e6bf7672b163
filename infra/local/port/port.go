// Package port keeps ports of loopback for servers that listen on them later:
// servers that are started in processes of their own, and come back on their
// port after they have died.
//
// Whoever looks for a free port and lets it go, for a server to take, may find
// that another was faster: the system gives free ports to all who ask for any,
// and to the connections that go out. A port that is kept it gives to none of
// them, before the server listens on it by its number and while the server is
// being started again.
package port

import (
	"fmt"
	"net"
	"strconv"
	"sync"
)

// Kept is a port that is kept.
type Kept struct {
	Number  int
	release func() error
}

// Keep finds a port that nobody has, and keeps it until it is released or this
// process ends. Connections to it are refused while no server listens.
func Keep() (*Kept, error) {
	number, release, err := keep()
	if err != nil {
		return nil, fmt.Errorf("keep a free port: %w", err)
	}
	return &Kept{number, sync.OnceValue(release)}, nil
}

// Address is where the server is to listen, host:port.
func (k *Kept) Address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(k.Number)) }

// Release gives the port back.
func (k *Kept) Release() error {
	if err := k.release(); err != nil {
		return fmt.Errorf("release port %d: %w", k.Number, err)
	}
	return nil
}
