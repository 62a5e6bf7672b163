// Package panel shows how the local stack is doing: a page for people at /, and
// at /metrics what Prometheus would ask each process of a deployment for.
//
// The /metrics of the connector and of the functions enter, with what Pub/Sub,
// the storage and the processes themselves tell, and the ends of the logs. The
// page has the stages in the order of an alert's way, with their counts, rates,
// backlogs and latencies, and the last errors; it is one file of HTML without a
// script, and loads itself again. infra/nightwire serves it beside a stack that
// stays up.
package panel

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"nightwire.dev/infra/local/pubsub"
	"nightwire.dev/shared/names"
)

// Options say where the panel looks.
type Options struct {
	Resources names.Resources
	Dir       string            // state of the stack, for the reader to know
	Logs      string            // folder of the processes' logs
	Scrape    map[string]string // process to the URL of its /metrics
	Functions []Function

	// Backlog, Pending and Processes tell what no process has at /metrics.
	Backlog   func(context.Context) ([]pubsub.Backlog, error)
	Pending   func(context.Context) (int, error) // notifications of the bucket
	Processes func() []Process
}

// Function is one function and the topic that triggers it.
type Function struct{ Name, Topic string }

// Process is one process of the stack and what it has used.
type Process struct {
	Name     string
	CPU      time.Duration
	Resident int64 // bytes
	Restarts int
}

// Panel is the page and the metrics. It is safe for concurrent use.
type Panel struct {
	options Options
	gather  prometheus.Gatherer

	mu      sync.Mutex
	samples []sample // the last ones, in order
}

// Every is how often the panel looks by itself, and how often the page loads.
const Every = 2 * time.Second

// kept is how many looks are kept: five minutes.
const kept = int(5 * time.Minute / Every)

// New makes a panel that has not looked yet.
func New(o Options) *Panel {
	return &Panel{options: o, gather: gatherer(o)}
}

// Run looks now and then until ctx ends.
func (p *Panel) Run(ctx context.Context) {
	tick := time.NewTicker(Every)
	defer tick.Stop()
	for {
		p.look(time.Now())
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// look takes a sample. What does not answer is missing in it.
func (p *Panel) look(now time.Time) {
	families, err := p.gather.Gather()
	s := newSample(now, families, err)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.samples = append(p.samples, s)
	p.samples = p.samples[max(len(p.samples)-kept, 0):]
}

// Handler serves the page and the metrics.
func (p *Panel) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", p.servePage)
	// What one process does not tell is no reason to hide the others.
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.gather, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	return mux
}
