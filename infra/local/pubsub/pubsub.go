// Package pubsub is a local Pub/Sub server: the service's own gRPC protocol on
// loopback, for the official client unchanged (PUBSUB_EMULATOR_HOST), over
// append-only logs on disk. The local stack runs one; tests may run one too.
//
// What enters: topics, subscriptions, published messages, acknowledgements.
// What leaves: each message at least once to each subscription, by Pull,
// StreamingPull, or as Eventarc delivers it to a function: an HTTP POST of a
// CloudEvent to the subscription's push endpoint.
//
// A topic is a journal of its messages; a subscription is a queue over it: what
// is acknowledged, what is out, what is to be tried again. Bodies stay on disk,
// so a backlog costs no memory. A publish is answered when the operating system
// has the message: the death of the process loses nothing, that of the machine
// may. Acknowledgements are saved a moment later: after a crash a few messages
// come again, which Pub/Sub allows, and none is lost.
//
// What differs from the service, by choice: messages and subscriptions do not
// expire; a push that found nobody listening is no delivery attempt, so that a
// function may restart without filling the dead-letter topic. What is missing
// (ordering, exactly-once, snapshots, seek, schemas, IAM, BigQuery, Bigtable and
// storage subscriptions) is refused by name.
package pubsub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc"
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
	// SaveInterval is how often acknowledgements are saved, exhausted messages
	// sent to their dead-letter topic, and used-up files removed: 250 ms.
	SaveInterval time.Duration
	// Grace is how long Close waits for calls and pushes in flight: 5 s.
	Grace time.Duration
	// Logger is told of failures: slog.Default().
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.PushWindow == 0 {
		o.PushWindow = 64
	}
	if o.SaveInterval == 0 {
		o.SaveInterval = 250 * time.Millisecond
	}
	if o.Grace == 0 {
		o.Grace = 5 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o
}

// maxRequestBytes is above the service's limit of 10 MB a request, so that the
// service's own error is given for a larger one.
const maxRequestBytes = 32 << 20

// Server is the Pub/Sub server.
type Server struct {
	options   Options
	log       *slog.Logger
	grpc      *grpc.Server
	transport *http.Transport

	stopping context.Context // ends when Close begins
	stop     context.CancelFunc
	aborting context.Context // ends when pushes in flight have had their grace
	abort    context.CancelFunc
	running  sync.WaitGroup // the keeper and the pushers
	closing  sync.Once

	admin         sync.Mutex   // one change of definitions at a time, its save included
	mu            sync.RWMutex // guards the maps; only who holds admin writes them
	last          uint64       // the last number given to a topic or subscription
	topics        map[uint64]*topic
	named         map[string]*topic // those not deleted
	subscriptions map[string]*subscription
}

// Open recovers the state in the folder and starts pushing.
func Open(o Options) (*Server, error) {
	o = o.withDefaults()
	s := &Server{
		options:       o,
		log:           o.Logger,
		transport:     newTransport(),
		topics:        make(map[uint64]*topic),
		named:         make(map[string]*topic),
		subscriptions: make(map[string]*subscription),
	}
	s.stopping, s.stop = context.WithCancel(context.Background())
	s.aborting, s.abort = context.WithCancel(context.Background())
	if err := s.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("open pubsub: %w", err), s.closeJournals())
	}
	s.grpc = grpc.NewServer(
		grpc.MaxRecvMsgSize(maxRequestBytes), grpc.MaxSendMsgSize(maxRequestBytes),
		grpc.ReadBufferSize(128<<10), grpc.WriteBufferSize(128<<10),
		grpc.WaitForHandlers(true), // none may touch a log that Close has closed
	)
	pubsubpb.RegisterPublisherServer(s.grpc, publisher{server: s})
	pubsubpb.RegisterSubscriberServer(s.grpc, subscriber{server: s})
	// Only now may files be removed: every subscription has said what it needs.
	s.running.Go(s.keep)
	for _, sub := range s.subscriptions {
		if o.PushTo == "" || pushHost(sub.definition.Load()) == o.PushTo {
			s.startPush(sub)
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

// Close ends calls and pushes, giving those in flight their grace, saves the
// acknowledgements and closes the logs.
func (s *Server) Close() error {
	var err error
	s.closing.Do(func() {
		s.stop()
		// A client that no longer reads its stream, or a function that does not
		// answer, must not hold up the end for ever.
		timer := time.AfterFunc(s.options.Grace, func() {
			s.abort()
			s.grpc.Stop()
		})
		s.grpc.GracefulStop()
		s.running.Wait()
		timer.Stop()
		s.abort()
		s.transport.CloseIdleConnections()
		err = errors.Join(s.saveAcknowledgements(), s.closeJournals())
	})
	if err != nil {
		return fmt.Errorf("close pubsub: %w", err)
	}
	return nil
}

func (s *Server) closeJournals() error {
	var errs []error
	for _, t := range s.topics {
		errs = append(errs, t.journal.Close())
	}
	return errors.Join(errs...)
}
