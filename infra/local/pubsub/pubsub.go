// Package pubsub is a local Pub/Sub server: the service's own gRPC protocol on
// loopback, for the official client unchanged (PUBSUB_EMULATOR_HOST), over
// append-only logs on disk. The local stack runs one; tests may run one too.
//
// What enters: topics, subscriptions, published messages, acknowledgements.
// What leaves: each message at least once to each subscription, by Pull,
// StreamingPull, or as Eventarc delivers it to a function: an HTTP POST of a
// CloudEvent to the subscription's push endpoint.
//
// A subscription is a journal of the messages that it owes, and what has become
// of each: which is out with a reader, and which is to be tried again. Bodies stay
// on disk, and memory has some 100 bytes for each message that is owed, and 275
// while it is out with a reader. A publish or an acknowledgement is answered when
// the operating system has it: the death of the process loses nothing, that of the
// machine may.
//
// What differs from the service, by choice: messages and subscriptions do not
// expire; a push that found nobody listening is no delivery attempt, so that a
// function may restart without filling the dead-letter topic; a topic that has
// subscriptions is not deleted; attributes may be of any number and length. What is
// missing (ordering, exactly-once, snapshots, seek, schemas, IAM, lists by the
// page, subscriptions that write to BigQuery, Bigtable or a bucket) is refused by
// name.
package pubsub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Options is how a server is set up. Only Dir is required.
type Options struct {
	// Dir is the folder of the logs and definitions. One server at a time.
	Dir string
	// PushWindow is how many pushes a subscription may have in flight: 64.
	PushWindow int
	// PushTo, if set, is the one host:port that is pushed to from the start.
	// Another endpoint may have been given up since, and its port taken by a
	// stranger whose every 2xx would acknowledge a message: such a subscription
	// rests until its push configuration is set again.
	PushTo string
	// SegmentBytes is the size of a log's files: journal.SegmentBytes.
	SegmentBytes int64
	// Logger is told of failures: slog.Default().
	Logger *slog.Logger
}

// grace is how long Close waits for calls in flight, and for pushes; these have it
// when their subscription is deleted, too.
const grace = 5 * time.Second

// maxRequestBytes is above the service's limit of 10 MB a request, so that the
// service's own error is given for a larger one.
const maxRequestBytes = 32 << 20

// bufferBytes is more than most requests have, each of which is so one write.
const bufferBytes = 128 << 10

// What is in the folder of a topic or a subscription, which has its name.
const (
	topicFile        = "topic.json"
	subscriptionFile = "subscription.json"
	messagesFolder   = "messages"
)

// deletedFolder is where a subscription's folder goes, in one step, to be removed.
const deletedFolder = "deleted"

// Server is the Pub/Sub server.
type Server struct {
	options   Options
	grpc      *grpc.Server
	transport *http.Transport // of pushes

	stopping context.Context // ends when Close begins
	stop     context.CancelCauseFunc
	running  sync.WaitGroup // the pushers and their pushes
	burying  sync.WaitGroup // who forwards dead letters; none begins when the subscriptions have forgotten

	counting sync.Mutex
	last     uint64 // the last number that a message was given

	// Who changes definitions holds mu until they are saved, and who publishes
	// holds it for reading.
	mu            sync.RWMutex
	topics        map[string]*pubsubpb.Topic
	subscriptions map[string]*subscription
}

// Open recovers the state in the folder and starts pushing.
func Open(o Options) (*Server, error) {
	o.PushWindow = cmp.Or(o.PushWindow, 64)
	o.Logger = cmp.Or(o.Logger, slog.Default())
	s := &Server{
		options:       o,
		transport:     &http.Transport{MaxIdleConnsPerHost: 1000, IdleConnTimeout: time.Minute, WriteBufferSize: bufferBytes},
		topics:        make(map[string]*pubsubpb.Topic),
		subscriptions: make(map[string]*subscription),
	}
	s.stopping, s.stop = context.WithCancelCause(context.Background())
	s.grpc = grpc.NewServer(
		grpc.MaxRecvMsgSize(maxRequestBytes), grpc.MaxSendMsgSize(maxRequestBytes),
		grpc.ReadBufferSize(bufferBytes), grpc.WriteBufferSize(bufferBytes),
		grpc.WaitForHandlers(true), // none may touch a journal that Close has closed
	)
	pubsubpb.RegisterPublisherServer(s.grpc, service{Server: s})
	pubsubpb.RegisterSubscriberServer(s.grpc, service{Server: s})
	if err := cmp.Or(os.MkdirAll(o.Dir, 0o755), s.load()); err != nil {
		return nil, fmt.Errorf("open pubsub: %w", errors.Join(err, s.Close()))
	}
	for _, sub := range s.subscriptions {
		if u, err := url.Parse(sub.endpoint()); err == nil && (o.PushTo == "" || o.PushTo == u.Host) {
			s.startPush(sub)
		} else if sub.endpoint() != "" {
			o.Logger.Warn("subscription rests, for its endpoint may be a stranger's by now", "subscription", sub.name(), "endpoint", sub.endpoint())
		}
	}
	return s, nil
}

// Serve answers gRPC calls on the listener until Close.
func (s *Server) Serve(l net.Listener) error {
	if err := s.grpc.Serve(l); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serve pubsub: %w", err)
	}
	return nil
}

// Close ends calls and pushes, giving those in flight their grace, and closes
// the journals.
func (s *Server) Close() error {
	s.stop(status.Error(codes.Unavailable, "the server is stopping"))
	// A client that no longer reads its stream must not hold up the end for ever.
	timer := time.AfterFunc(grace, s.grpc.Stop)
	s.grpc.GracefulStop()
	timer.Stop()
	s.running.Wait()
	s.transport.CloseIdleConnections()
	for _, sub := range s.subscriptions {
		sub.burial <- struct{}{} // what is being buried is acknowledged first; no other is begun
		sub.forget()
		<-sub.burial
	}
	s.burying.Wait()
	var err error
	for _, sub := range s.subscriptions {
		err = errors.Join(err, sub.journal.Close())
	}
	return err
}

// number gives a message its number, which is the clock's, in nanoseconds: later
// ones are larger, and none is given twice, not after a restart either, while the
// clock is not set back.
func (s *Server) number() uint64 {
	s.counting.Lock()
	defer s.counting.Unlock()
	s.last = max(s.last+1, uint64(time.Now().UnixNano()))
	return s.last
}

// path is where a topic or a subscription has a file, or all of them.
func (s *Server) path(name, file string) string {
	return filepath.Join(s.options.Dir, name, file)
}

// save writes a definition, in one step. The caller holds mu.
func (s *Server) save(name, file string, definition proto.Message) error {
	half := filepath.Join(s.options.Dir, "half-written")
	data, err := protojson.Marshal(definition)
	err = cmp.Or(err, os.MkdirAll(s.path(name, ""), 0o755))
	if err == nil {
		err = os.WriteFile(half, data, 0o644)
	}
	if err == nil {
		err = os.Rename(half, s.path(name, file))
	}
	return unavailable("save definition", err)
}

// load opens all that the folder has, but for what was being deleted.
func (s *Server) load() error {
	if err := os.RemoveAll(s.path(deletedFolder, "")); err != nil {
		return err
	}
	s.mu.Lock() // a dead letter found on the way has to wait for its topic
	defer s.mu.Unlock()
	return filepath.WalkDir(s.options.Dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() { // a topic may be called topic.json
			return err
		}
		switch e.Name() {
		case topicFile:
			d := &pubsubpb.Topic{}
			err = read(path, d)
			s.topics[d.GetName()] = d
		case subscriptionFile:
			d := &pubsubpb.Subscription{}
			if err = read(path, d); err == nil {
				_, err = s.openSubscription(d)
			}
		}
		return err
	})
}

// read reads a definition.
func read(path string, definition proto.Message) error {
	data, err := os.ReadFile(path)
	if err == nil {
		err = protojson.Unmarshal(data, definition)
	}
	if err != nil {
		return fmt.Errorf("read definition %s: %w", path, err)
	}
	return nil
}
