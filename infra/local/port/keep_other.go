//go:build !linux

package port

import "net"

// keep finds a port, and leaves it: here a server could not listen on one to
// which another socket is bound.
func keep() (number int, release func() error, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, nil, err
	}
	return l.Addr().(*net.TCPAddr).Port, func() error { return nil }, l.Close()
}
