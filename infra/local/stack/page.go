package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
	"nightwire.dev/infra/local/pubsub"
	"nightwire.dev/infra/local/stack/panel"
	"nightwire.dev/infra/terraform"
)

// ServePage shows the stack, as a page and as metrics, until ctx ends.
func (s *Stack) ServePage(ctx context.Context) error {
	functions, err := terraform.Functions()
	if err != nil {
		return err
	}
	o := panel.Options{
		Resources: s.Resources(), Dir: s.Dir, Logs: filepath.Join(s.options.Dir, "log"),
		Scrape: map[string]string{
			"connector": "http://" + s.Connector + "/metrics",
			"functions": "http://" + s.Functions + "/metrics",
		},
		Backlog: func(ctx context.Context) (all []pubsub.Backlog, err error) {
			return all, getJSON(ctx, "http://"+s.PubSubStatus+"/", &all)
		},
		Pending: func(ctx context.Context) (n int, err error) {
			return n, getJSON(ctx, "http://"+s.Storage+PendingPath, &n)
		},
		Processes: s.panelProcesses,
	}
	for _, f := range functions {
		o.Functions = append(o.Functions, panel.Function{Name: f.Name, Topic: s.Resources().Topic(f.Trigger)})
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.Page)
	if err != nil {
		return fmt.Errorf("serve the page: %w", err)
	}
	p := panel.New(o)
	server := &http.Server{Handler: p.Handler(), ReadHeaderTimeout: 10 * time.Second}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { p.Run(ctx); return server.Close() })
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve the page: %w", err)
		}
		return nil
	})
	return group.Wait()
}

func (s *Stack) panelProcesses() []panel.Process {
	var all []panel.Process
	for _, u := range s.Usage() {
		all = append(all, panel.Process{Name: u.Name, CPU: u.CPU, Resident: u.RSS, Restarts: u.Restarts})
	}
	return all
}
