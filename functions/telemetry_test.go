package functions

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/telemetry"
)

// collectorVariable tells the child of TestFlushAtEnd where to send to.
const collectorVariable = "NIGHTWIRE_TEST_COLLECTOR"

// calls notes which methods are called, and answers each with nothing.
type calls struct {
	mu      sync.Mutex
	methods []string
}

func (c *calls) handle(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	c.mu.Lock()
	c.methods = append(c.methods, method[strings.LastIndex(method, ".")+1:])
	c.mu.Unlock()
	if err := stream.RecvMsg(new(emptypb.Empty)); err != nil {
		return err
	}
	return stream.SendMsg(new(emptypb.Empty))
}

// TestFlushAtEnd ends a process as Cloud Run does: what it has counted and
// traced is sent, and it dies of the signal all the same.
func TestFlushAtEnd(t *testing.T) {
	if address := os.Getenv(collectorVariable); address != "" {
		handleOneAndWait(t, address)
		return
	}
	t.Parallel()
	var c calls
	server := grpc.NewServer(grpc.UnknownServiceHandler(c.handle))
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestFlushAtEnd$")
	child.Env = append(os.Environ(), collectorVariable+"="+listener.Addr().String())
	out, err := child.CombinedOutput()
	server.Stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("the child ended with %v, want it to die of SIGTERM:\n%s", err, out)
	}
	slices.Sort(c.methods)
	if want := []string{"MetricsService/Export", "TraceService/Export"}; !slices.Equal(c.methods, want) {
		t.Errorf("the collector was sent %v, want %v", c.methods, want)
	}
}

// handleOneAndWait is the child: it has an event go wrong, and is told to end.
func handleOneAndWait(t *testing.T, address string) {
	watch, err := telemetry.Open(t.Context(), telemetry.Config{Export: address, Interval: time.Hour}, "p", names.ZTF, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	flushAtEnd(watch, slog.New(slog.DiscardHandler))
	fails := func(context.Context, *event.Message) error { return errors.New("busy") }
	_ = watch.Stage("rows").Watch(fails)(t.Context(), new(event.Message))
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Signal(syscall.SIGTERM)
	}
	if err != nil {
		t.Fatal(err)
	}
	<-t.Context().Done() // it never is
}

// TestOutcomesAreOfFunctions finds outcomes of functions that there are.
func TestOutcomesAreOfFunctions(t *testing.T) {
	t.Parallel()
	for name := range outcomes {
		if functions[name] == nil {
			t.Errorf("outcomes are listed of %s, which is no function", name)
		}
	}
	if functions[metricsName] != nil {
		t.Errorf("a function is called %s, as is where metrics are shown", metricsName)
	}
}
