// Package functions registers every Cloud Function of Nightwire. Each is one
// folder: it takes an event, decides and acts; what functions say to each
// other is a message, and none imports another. A new one is its folder and
// its entry here.
//
// One instance serves one function of one stream. Its clients are opened at
// its first event and kept.
package functions

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"

	framework "github.com/GoogleCloudPlatform/functions-framework-go/functions"
	"nightwire.dev/functions/archive"
	"nightwire.dev/functions/filter"
	"nightwire.dev/functions/night"
	"nightwire.dev/functions/rows"
	"nightwire.dev/functions/supernova"
	"nightwire.dev/functions/tarball"
	"nightwire.dev/functions/watermarks"
	"nightwire.dev/shared/certificate/evidence"
	"nightwire.dev/shared/config"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/logging"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/replay"
	pack "nightwire.dev/shared/tarball"
)

// functions makes each function out of what its instance has.
var functions = map[string]func(context.Context, *instance) (event.Handle, error){
	archive.Name: func(ctx context.Context, i *instance) (event.Handle, error) {
		ledger, err := i.table(ctx, "ledger")
		if err != nil {
			return nil, err
		}
		f := &archive.Archive{
			Stream: i.resources.Stream, Decoder: i.decoder, Ledger: ledger, Log: i.log,
			Vault: &archive.Vault{Bucket: i.storage.Bucket(i.resources.AlertsBucket())},
		}
		return f.Handle, nil
	},
	filter.Name: func(ctx context.Context, i *instance) (event.Handle, error) {
		evaluations, err := i.table(ctx, "evaluations")
		if err != nil {
			return nil, err
		}
		matches, err := i.table(ctx, "filter_matches")
		if err != nil {
			return nil, err
		}
		f := filter.New(filter.Options{
			Resources: i.resources, Archive: i.archive(), Products: i.storage.Bucket(i.resources.ProductsBucket()),
			Topics: i.topics, Evaluations: evaluations, Matches: matches, History: &filter.Tables{Warehouse: i.warehouse},
			Lease: i.config.ClaimLease, Refresh: i.config.FilterRefresh, Log: i.log,
		})
		return f.Handle, nil
	},
	night.Name: func(ctx context.Context, i *instance) (event.Handle, error) {
		nights, err := i.table(ctx, "nights")
		if err != nil {
			return nil, err
		}
		r, alerts := i.resources, i.storage.Bucket(i.resources.AlertsBucket())
		f := &night.Function{
			Resources: r, Evidence: &evidence.Sources{Stream: r.Stream, Tables: i.warehouse, Archive: alerts},
			Products: i.storage.Bucket(r.ProductsBucket()),
			Replays:  &replay.Sender{Resources: r, Archive: alerts, Topics: i.topics, Notify: names.NotifyAll, KeepMarks: true},
			Nights:   nights, Dawn: i.topics.Publisher(r.TopicPath(r.DawnTopic())), Tarball: i.topics.Publisher(r.TopicPath(r.TarballTopic())),
			Patience: i.config.RepairPatience, Budget: i.config.RepairBudget, Log: i.log,
		}
		return f.Handle, nil
	},
	rows.Name: func(ctx context.Context, i *instance) (event.Handle, error) {
		alerts, err := i.table(ctx, "alerts_stream")
		if err != nil {
			return nil, err
		}
		f := &rows.Rows{Archive: i.archive(), Alerts: alerts}
		return f.Handle, nil
	},
	supernova.Name: func(ctx context.Context, i *instance) (event.Handle, error) {
		fits, err := i.table(ctx, "supernova_fits")
		if err != nil {
			return nil, err
		}
		transients, err := i.table(ctx, "transient_fits")
		if err != nil {
			return nil, err
		}
		fitter, err := i.fitter(ctx)
		if err != nil {
			return nil, err
		}
		f := &supernova.Function{
			Resources: i.resources, Archive: i.archive(), Products: i.storage.Bucket(i.resources.ProductsBucket()),
			Topic: i.topics.Publisher(i.resources.TopicPath(i.resources.SupernovaTopic())),
			Fits:  fits, Transients: transients, Fitter: fitter,
		}
		return f.Handle, nil
	},
	tarball.Name: func(_ context.Context, i *instance) (event.Handle, error) {
		r := i.resources
		f := &tarball.Function{
			Maker: &pack.Maker{Resources: r, Alerts: i.storage.Bucket(r.AlertsBucket()), Products: i.storage.Bucket(r.ProductsBucket())},
			Topic: i.topics.Publisher(r.TopicPath(r.TarballTopic())), Budget: i.config.TarballBudget, Log: i.log,
		}
		return f.Handle, nil
	},
	watermarks.Name: func(ctx context.Context, i *instance) (event.Handle, error) {
		table, err := i.table(ctx, "watermarks")
		if err != nil {
			return nil, err
		}
		f := &watermarks.Watermarks{Stream: i.resources.Stream, Table: table}
		return f.Handle, nil
	},
}

func init() {
	log := logging.New(os.Stderr, slog.LevelInfo)
	shared := keep(func() (*instance, error) {
		c, err := config.Load[Config](context.Background())
		if err != nil {
			return nil, err
		}
		return open(context.Background(), c, log)
	})
	for name := range functions {
		create := func() (http.Handler, error) {
			i, err := shared()
			if err != nil {
				return nil, err
			}
			return i.handler(context.Background(), name)
		}
		// Registered as plain HTTP: the framework's own CloudEvent handling
		// hangs under concurrent requests, and event reads the same request.
		framework.HTTP(name, lazily(name, create, log))
	}
	// Where one process serves all functions, it shows its metrics, too.
	framework.HTTP(metricsName, lazily(metricsName, func() (http.Handler, error) {
		i, err := shared()
		if err != nil {
			return nil, err
		}
		return i.telemetry.Handler(), nil
	}, log))
}

// lazily makes a function's handler at its first event. While that does not
// succeed, events are refused and Pub/Sub sends them again.
func lazily(name string, create func() (http.Handler, error), log *slog.Logger) http.HandlerFunc {
	get := keep(create)
	return func(w http.ResponseWriter, r *http.Request) {
		handler, err := get()
		if err != nil {
			log.ErrorContext(r.Context(), "function cannot start", "function", name, "error", err)
			http.Error(w, fmt.Sprintf("%s cannot start: %v", name, err), http.StatusInternalServerError)
			return
		}
		handler.ServeHTTP(w, r)
	}
}

// keep calls create, at each call until it succeeds, and then keeps what it
// made for all callers.
func keep[T any](create func() (T, error)) func() (T, error) {
	var mu sync.Mutex
	var made bool
	var kept T
	return func() (T, error) {
		mu.Lock()
		defer mu.Unlock()
		if made {
			return kept, nil
		}
		value, err := create()
		if err == nil {
			kept, made = value, true
		}
		return value, err
	}
}
