package main

import (
	"context"
	"sync/atomic"
	"time"

	"nightwire.dev/infra/feed"
	"nightwire.dev/infra/local/stack"
	"nightwire.dev/infra/source"
	"nightwire.dev/shared/certificate"
)

// measured is a number of alerts that have gone through a stack, and what its
// processes used, before, halfway and after.
type measured struct {
	certificate.Run
	sent                 *feed.Report
	before, halfway, end []stack.Usage
	stuck                error // why the alerts did not all pass, if they did not
}

// measure sends alerts to a stack's Kafka and waits for them at the other end. A
// stack that is stuck is no error here: what it holds can be asked.
func measure(ctx context.Context, s *stack.Stack, from *source.Source, o feed.Options) (*measured, error) {
	total := from.Count * max(o.Repeat, 1)
	run := &measured{before: s.Usage()}
	var sent atomic.Int64
	o.Kafka, o.Progress = s.Cluster(), func(n int) { sent.Store(int64(n)) }
	bar := newProgress(total, "passed")
	look := func(w stack.Waiting) {
		passed := max(int(sent.Load())-w.Total(), 0)
		_ = bar.Set(passed)
		if run.halfway == nil && passed > total/2 {
			run.halfway = s.Usage()
		}
	}
	watched, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		s.Watch(watched, look)
	}()
	var err error
	if run.sent, err = feed.Send(ctx, from, o); err != nil {
		return nil, err
	}
	stopWatching()
	<-watching
	if run.stuck = s.Settle(ctx, look); ctx.Err() != nil {
		return nil, ctx.Err()
	}
	run.Records, run.Seconds = run.sent.Records, time.Since(run.sent.Began).Seconds()
	run.end = s.Usage()
	_ = bar.Finish()
	return run, nil
}

// finish computes the figures from the processes' whole lives.
func (m *measured) finish(whole []stack.Usage) {
	m.AlertsPerSecond = float64(m.Run.Records) / m.Seconds
	const megabyte = 1 << 20
	for i, u := range whole {
		p := certificate.Process{
			Name: u.Name, PeakMB: float64(u.MaxRSS) / megabyte, EndMB: float64(m.end[i].RSS) / megabyte, Restarts: u.Restarts,
		}
		used := u.CPU
		if m.end[i].CPU > 0 { // the system told while the process ran: leave out start and end
			used = m.end[i].CPU - m.before[i].CPU
		}
		p.CPUMsPerAlert = used.Seconds() * 1000 / float64(m.Run.Records)
		if m.halfway != nil {
			p.HalfwayMB = float64(m.halfway[i].RSS) / megabyte
		}
		m.Processes = append(m.Processes, p)
	}
}
