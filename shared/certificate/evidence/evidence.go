// Package evidence reads what a certificate is made from: the reports of the
// connectors, the ledger, the archive's files, the rows and the evaluations.
//
// A night, or what Kafka holds of a whole stream, enters; an account leaves,
// ready to be closed. The function night calls it, and nightwire run.
package evidence

import (
	"context"
	"fmt"
	"sync"
	"time"

	"cloud.google.com/go/storage"
	"golang.org/x/sync/errgroup"
	"nightwire.dev/shared/certificate"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

// Sources are where the evidence of one stream is.
type Sources struct {
	Stream  names.Stream
	Tables  *warehouse.Warehouse
	Archive *storage.BucketHandle
}

// OfNight gathers what is known of one night, YYYY-MM-DD.
func (s *Sources) OfNight(ctx context.Context, night string) (*certificate.Account, error) {
	day, err := time.Parse(time.DateOnly, night)
	if err != nil {
		return nil, fmt.Errorf("night %q: want YYYY-MM-DD", night)
	}
	a := certificate.New(string(s.Stream), night)
	if err := s.readWatermarks(ctx, a, day); err != nil {
		return nil, fmt.Errorf("evidence of %s: read the watermarks: %w", night, err)
	}
	g := &gathering{account: a}
	tables, within := errgroup.WithContext(ctx)
	tables.Go(func() error { return s.readLedgerOf(within, g, day) })
	tables.Go(func() error { return s.readRows(within, g, ofNight, map[string]any{"night": night}) })
	tables.Go(func() error { return s.readEvaluations(within, g, ofNight, map[string]any{"night": night}) })
	if err := tables.Wait(); err != nil {
		return nil, fmt.Errorf("evidence of %s: %w", night, err)
	}
	// The ledger has told how to divide the listing, and the files of other nights.
	rest, within := errgroup.WithContext(ctx)
	rest.SetLimit(nightsAtOnce)
	others := a.OtherFiles()
	rest.Go(func() error { return s.listNight(within, g, night) })
	for other, files := range others {
		rest.Go(func() error { return s.readOther(within, g, other, files) })
	}
	if err := rest.Wait(); err != nil {
		return nil, fmt.Errorf("evidence of %s: %w", night, err)
	}
	return a, nil
}

// gathering is an account that several sources tell at once.
type gathering struct {
	mu      sync.Mutex
	account *certificate.Account
}

func (g *gathering) tell(what func(*certificate.Account)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	what(g.account)
}

// OfStream gathers what is known of a whole stream, of which Kafka holds these
// partitions.
func (s *Sources) OfStream(ctx context.Context, kafka []certificate.Held) (*certificate.Account, error) {
	a := certificate.New(string(s.Stream), "")
	known, err := s.readExtent(ctx)
	if err != nil {
		return nil, fmt.Errorf("evidence: read the ledger: %w", err)
	}
	for _, h := range extend(kafka, known) {
		if err := a.Hold(h); err != nil {
			return nil, fmt.Errorf("evidence: %w", err)
		}
	}
	g := &gathering{account: a}
	if err := s.readLedger(ctx, g, "", nil); err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	if err := s.list(ctx, &storage.Query{}, func(name string) error { a.File(name); return nil }); err != nil {
		return nil, fmt.Errorf("evidence: list the archive: %w", err)
	}
	if err := s.readRows(ctx, g, "", nil); err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	if err := s.readEvaluations(ctx, g, "", nil); err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	return a, nil
}

// readRows reads which files have a row.
func (s *Sources) readRows(ctx context.Context, g *gathering, where string, values map[string]any) error {
	err := s.Tables.Visit(ctx, rowsQuery+where+" GROUP BY file", values, func(row []any) error {
		g.tell(func(a *certificate.Account) {
			a.Row(as[string](row[0]), time.Duration(as[int64](row[1]))*time.Millisecond)
		})
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the rows: %w", err)
	}
	return nil
}

// readEvaluations reads which files the filters have judged.
func (s *Sources) readEvaluations(ctx context.Context, g *gathering, where string, values map[string]any) error {
	err := s.Tables.Visit(ctx, evaluationsQuery+where, values, func(row []any) error {
		g.tell(func(a *certificate.Account) { a.Evaluation(as[string](row[0])) })
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the evaluations: %w", err)
	}
	return nil
}

const ofNight = "WHERE night = CAST(@night AS DATE)"

const (
	rowsQuery = `
SELECT nightwire.object AS file, MIN(TIMESTAMP_DIFF(nightwire.ingested_at, nightwire.kafka.timestamp, MILLISECOND)) AS latency
FROM alerts_stream
`
	evaluationsQuery = `
SELECT DISTINCT object
FROM evaluations
`
)

// as reads a value of a row; null is the zero value.
func as[T any](v any) T {
	t, _ := v.(T)
	return t
}
