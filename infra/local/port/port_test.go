package port_test

import (
	"net"
	"testing"

	"nightwire.dev/infra/local/port"
)

// TestKeep has a server come, go, and come again on a port, while others ask for
// any.
func TestKeep(t *testing.T) {
	t.Parallel()
	kept, err := port.Keep()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 2 { // the second time it is nothing
			if err := kept.Release(); err != nil {
				t.Error(err)
			}
		}
	})
	for range 3 {
		if connection, err := net.Dial("tcp", kept.Address()); err == nil {
			connection.Close()
			t.Error("somebody answers where no server listens")
		}
		for range 300 {
			other, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { other.Close() })
			if other.Addr().String() == kept.Address() {
				t.Fatal("another was given the port")
			}
		}
		server, err := net.Listen("tcp", kept.Address())
		if err != nil {
			t.Fatal(err)
		}
		if taken, err := net.Listen("tcp", kept.Address()); err == nil {
			taken.Close()
			t.Error("a second server listens on the port")
		}
		connection, err := net.Dial("tcp", kept.Address())
		if err != nil {
			t.Error(err)
		} else {
			connection.Close()
		}
		server.Close()
	}
}
