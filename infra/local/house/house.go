// Package house opens the local servers for a test, each empty and of its own.
//
// A stream's names enter; what leaves are Google's clients, and the warehouse,
// on servers that close when the test ends. Tests of infra that need real parts
// call it; those of the servers themselves open their own.
package house

import (
	"log/slog"
	"net"
	"testing"

	"go.uber.org/goleak"
)

// quiet keeps the servers' logs out of the tests'.
var quiet = slog.New(slog.DiscardHandler)

// Leaks are the goroutines that the clients leave, to be given to
// [goleak.VerifyTestMain]. They sleep until their next tick, and are nobody's
// fault here.
func Leaks() []goleak.Option {
	return []goleak.Option{
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"),
		goleak.IgnoreAnyFunction("cloud.google.com/go/pubsub/v2.(*messageIterator).streamKeepAliveHandler"),
		// A writer that reconnects lets its old connection drain for 20 seconds.
		goleak.IgnoreAnyFunction("cloud.google.com/go/bigquery/storage/managedwriter.(*connection).getStream.func1"),
	}
}

// Listen listens on a free port of loopback.
func Listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}
