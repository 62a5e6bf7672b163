package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"nightwire.dev/infra/local/bigquery"
	"nightwire.dev/infra/local/kafka"
	"nightwire.dev/infra/local/pubsub"
	"nightwire.dev/infra/local/stack"
	"nightwire.dev/infra/local/storage"
	"nightwire.dev/shared/logging"
)

// serveCommand runs one of the local servers in this process. Each ends in
// order when ctx does, and may be killed at any time.
type serveCommand struct {
	Kafka    serveKafka    `cmd:"" help:"A Kafka broker."`
	PubSub   servePubSub   `cmd:"" name:"pubsub" help:"Pub/Sub, with push."`
	Storage  serveStorage  `cmd:"" help:"Cloud Storage."`
	BigQuery serveBigQuery `cmd:"" name:"bigquery" help:"BigQuery."`
}

// place is where a server keeps its state and where it listens.
type place struct {
	Data   string `help:"Folder of the state." required:"" type:"path"`
	Listen string `help:"Address, host:port." required:""`
}

// partitions is how many partitions a local topic has; ZTF's have 16.
const partitions = 4

type serveKafka struct {
	place
	TLS      bool   `help:"Encrypt connections." name:"tls"`
	User     string `help:"Who has to sign in; nobody has to if empty."`
	Password string `help:"The user's password." env:"${kafka_password}"`
}

func (c *serveKafka) Run(ctx context.Context) error {
	_, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	server, err := kafka.Open(kafka.Options{
		Dir: c.Data, Port: number, Partitions: partitions, Logger: serverLog(),
		TLS: c.TLS, User: c.User, Password: c.Password,
	})
	if err != nil {
		return err
	}
	<-ctx.Done()
	server.Close()
	return nil
}

// pushWindow is how many events each function has at once. Their rows share
// commits, and a commit costs as much for one row as for a hundred.
const pushWindow = 512

type servePubSub struct {
	place
	PushTo string `help:"The one address, host:port, that is pushed to from the start."`
	Status string `help:"Address that tells each subscription's backlog, over HTTP." required:""`
}

func (c *servePubSub) Run(ctx context.Context) error {
	server, err := pubsub.Open(pubsub.Options{Dir: c.Data, PushWindow: pushWindow, PushTo: c.PushTo, Logger: serverLog()})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	status := tellJSON(func() any { return server.Backlog() })
	return until(ctx, server.Close,
		func() error { return server.Serve(listener) },
		func() error { return serveHTTP(ctx, c.Status, status) })
}

type serveStorage struct {
	place
	PubSub string `help:"Address of Pub/Sub, for notifications." name:"pubsub" required:""`
}

func (c *serveStorage) Run(ctx context.Context) error {
	topics, err := grpc.NewClient(c.PubSub, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("connect to Pub/Sub: %w", err)
	}
	defer topics.Close()
	server, err := storage.Open(storage.Options{
		Dir: c.Data, Publisher: pubsubpb.NewPublisherClient(topics), URL: "http://" + c.Listen, Logger: serverLog(),
	})
	if err != nil {
		return err
	}
	pending, buckets := tellJSON(func() any { return server.Pending() }), server.Handler()
	// A ServeMux would clean paths, and with them the names of objects.
	routes := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == stack.PendingPath {
			pending.ServeHTTP(w, r)
		} else {
			buckets.ServeHTTP(w, r)
		}
	}
	return errors.Join(serveHTTP(ctx, c.Listen, http.HandlerFunc(routes)), server.Close())
}

type serveBigQuery struct {
	place
	Write   string `help:"Address of the Storage Write API." required:""`
	Storage string `help:"Address of Cloud Storage, for load jobs; they are refused without it."`
}

func (c *serveBigQuery) Run(ctx context.Context) error {
	server, err := bigquery.Open(bigquery.Options{
		Dir: c.Data, Project: stack.Project, Storage: c.Storage, Logger: serverLog(),
		// One worker: with more, they spend a fifth of the time on waiting for
		// each other, and the rest of the stack has the other processor.
		Threads: 1,
	})
	if err != nil {
		return err
	}
	rest, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return errors.Join(err, server.Close())
	}
	write, err := net.Listen("tcp", c.Write)
	if err != nil {
		return errors.Join(err, rest.Close(), server.Close())
	}
	return until(ctx, server.Close, func() error { return server.Serve(rest, write) })
}

// until runs the parts of a server, and closes it when ctx ends or one of them
// does.
func until(ctx context.Context, closeServer func() error, parts ...func() error) error {
	ended := make(chan error, len(parts))
	for _, part := range parts {
		go func() { ended <- part() }()
	}
	select {
	case err := <-ended:
		return errors.Join(err, closeServer())
	case <-ctx.Done():
		return closeServer()
	}
}

// serveHTTP serves until ctx ends, and returns when the requests that were under
// way have ended, too.
func serveHTTP(ctx context.Context, address string, handler http.Handler) error {
	server := &http.Server{Addr: address, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(ended)
		grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(grace)
	})
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-ended
	return nil
}

func tellJSON(figures func() any) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(figures())
	})
}

// serverLog writes JSON to standard error, which the stack puts into a file.
func serverLog() *slog.Logger { return logging.New(os.Stderr, slog.LevelInfo) }
