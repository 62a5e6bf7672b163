package endtoend

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"nightwire.dev/infra/local/stack"
	"nightwire.dev/shared/names"
)

// faults decide what becomes of the calls that pass by, and count.
type faults struct {
	mu      sync.Mutex
	refuse  bool // calls do not reach the server
	lose    int  // so many answers are lost, after the server has done the work
	refused int
	lost    int
}

func (f *faults) refuseAll(yes bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refuse = yes
}

func (f *faults) loseNext(answers int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lose, f.lost = answers, 0
}

func (f *faults) counts() (refused, lost int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refused, f.lost
}

func (f *faults) refuses() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse {
		f.refused++
	}
	return f.refuse
}

func (f *faults) loses() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lose == 0 {
		return false
	}
	f.lose--
	f.lost++
	return true
}

// beforeHTTP stands before a server of HTTP, and returns its own address. What
// it refuses it answers as BigQuery does a client that asks too often; what it
// loses are answers to requests that write.
func (f *faults) beforeHTTP(t *testing.T, server string) string {
	t.Helper()
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: server})
	proxy.ErrorLog = slog.NewLogLogger(discard.Handler(), slog.LevelError)
	proxy.ModifyResponse = func(r *http.Response) error {
		if r.Request.Method != http.MethodGet && f.loses() {
			return errors.New("the answer is lost")
		}
		return nil
	}
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, err.Error(), http.StatusBadGateway)
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !f.refuses() {
			proxy.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"error":{"code":429,"message":"Exceeded rate limits","status":"RESOURCE_EXHAUSTED",`+
			`"errors":[{"reason":"rateLimitExceeded","message":"Exceeded rate limits","domain":"global"}]}}`)
	}))
	t.Cleanup(front.Close)
	return front.Listener.Addr().String()
}

// frames passes messages through without looking at them.
type frames struct{}

func (frames) Marshal(v any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer(*v.(*[]byte))}, nil
}

func (frames) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

func (frames) Name() string { return "proto" }

// beforeGRPC stands before one method of a server of gRPC, lets all others
// pass, and returns its own address.
func (f *faults) beforeGRPC(t *testing.T, server, method string) string {
	t.Helper()
	const largest = 64 << 20
	client, err := grpc.NewClient(server, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(frames{}), grpc.MaxCallRecvMsgSize(largest), grpc.MaxCallSendMsgSize(largest)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	front := grpc.NewServer(grpc.ForceServerCodecV2(frames{}), grpc.MaxRecvMsgSize(largest), grpc.MaxSendMsgSize(largest),
		grpc.UnknownServiceHandler(func(_ any, caller grpc.ServerStream) error {
			called, _ := grpc.MethodFromServerStream(caller)
			return f.pass(caller, client, called, called == method)
		}))
	go func() { _ = front.Serve(listener) }()
	t.Cleanup(front.Stop)
	return listener.Addr().String()
}

// pass joins a caller and the server, message by message.
func (f *faults) pass(caller grpc.ServerStream, client *grpc.ClientConn, method string, watched bool) error {
	if watched && f.refuses() {
		return status.Error(codes.ResourceExhausted, "too many requests")
	}
	sent, _ := metadata.FromIncomingContext(caller.Context())
	ctx, cancel := context.WithCancel(metadata.NewOutgoingContext(caller.Context(), sent))
	defer cancel()
	server, err := client.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, method)
	if err != nil {
		return err
	}
	go func() {
		for {
			var message []byte
			if err := caller.RecvMsg(&message); err != nil {
				_ = server.CloseSend()
				return
			}
			if server.SendMsg(&message) != nil {
				return // the other side says why
			}
		}
	}()
	for {
		var message []byte
		if err := server.RecvMsg(&message); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if watched && f.loses() {
			return status.Error(codes.Unavailable, "the answer is lost")
		}
		if err := caller.SendMsg(&message); err != nil {
			return err
		}
	}
}

// faulty is a stack with faults before each of its servers.
type faulty struct {
	stack.Endpoints
	publish, appending, tables, files faults
}

// startFaulty starts a stack whose functions and connector reach the servers
// only by way of the faults. More is told them as it is.
func startFaulty(t *testing.T, dir string, more ...string) *faulty {
	t.Helper()
	ports, err := stack.FreePorts()
	if err != nil {
		t.Fatal(err)
	}
	at := ports.Endpoints(dir, names.ZTF)
	f := new(faulty)
	s, err := stack.Start(t.Context(), stack.Options{
		Dir: dir, Stream: names.ZTF, Ports: ports, Log: discard, Program: programs + "/nightwire",
		Environment: append([]string{
			"PUBSUB_EMULATOR_HOST=" + f.publish.beforeGRPC(t, at.PubSub, "/google.pubsub.v1.Publisher/Publish"),
			"STORAGE_EMULATOR_HOST=http://" + f.files.beforeHTTP(t, at.Storage),
			"NIGHTWIRE_BIGQUERY_ENDPOINT=http://" + f.tables.beforeHTTP(t, at.BigQuery),
			"NIGHTWIRE_BIGQUERY_WRITE_ENDPOINT=" + f.appending.beforeGRPC(t, at.BigQueryWrite, "/google.cloud.bigquery.storage.v1.BigQueryWrite/AppendRows"),
		}, more...),
	})
	if err != nil {
		t.Fatalf("start the stack: %v\n%s", err, logs(dir))
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	f.Endpoints = s.Endpoints
	return f
}
