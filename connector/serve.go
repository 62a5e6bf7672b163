package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"
	"google.golang.org/api/option"

	"nightwire.dev/connector/config"
	"nightwire.dev/connector/relay"
	"nightwire.dev/connector/status"
	"nightwire.dev/shared/telemetry"
)

// serve relays every stream and answers HTTP until ctx ends and the streams
// have drained, or until one cannot go on.
func serve(ctx context.Context, c *config.Config) error {
	client, err := pubsub.NewClient(ctx, c.Project, option.WithTelemetryDisabled())
	if err != nil {
		return fmt.Errorf("open Pub/Sub client: %w", err)
	}
	defer func() {
		if err := client.Close(); err != nil {
			slog.WarnContext(ctx, "closing the Pub/Sub client failed", "error", err)
		}
	}()
	board := status.NewBoard()
	stopTelling, err := tell(ctx, c, board.Metrics())
	if err != nil {
		return err
	}
	defer stopTelling()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(c.Host, strconv.Itoa(c.Port)))
	if err != nil {
		return fmt.Errorf("listen for HTTP: %w", err)
	}

	streams, ctx := errgroup.WithContext(ctx)
	for _, s := range c.Streams {
		r := relay.New(client, c.Resources(s), s, c.DrainTimeout, board)
		streams.Go(func() error { return r.Run(ctx) })
	}
	server := &http.Server{Handler: board.Handler(), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	slog.InfoContext(ctx, "connector is running", "streams", len(c.Streams), "http", listener.Addr().String())

	err = streams.Wait()
	// HTTP answers to the end of the drain, so that it can be watched.
	closeErr := server.Close()
	if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
		closeErr = errors.Join(closeErr, serveErr)
	}
	if err == nil {
		slog.InfoContext(ctx, "connector has drained")
	}
	return errors.Join(err, closeErr)
}

// tell sends the metrics, if the configuration says where to, until it is
// stopped, which sends them once more: to the end of the drain.
func tell(ctx context.Context, c *config.Config, metrics prometheus.Gatherer) (stop func(), err error) {
	sender, err := telemetry.NewSender(ctx, c.Export(), c.Project, metrics, slog.Default())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	told := make(chan struct{})
	go func() {
		defer close(told)
		sender.Run(ctx)
	}()
	return func() {
		cancel()
		<-told
	}, nil
}
