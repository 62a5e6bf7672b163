package certificate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"
	"nightwire.dev/infra/cluster"
	"nightwire.dev/infra/local/stack"
	"nightwire.dev/shared/warehouse"
)

// Gather reads the evidence from a stack and makes its certificate.
func Gather(ctx context.Context, e stack.Endpoints) (*Certificate, error) {
	w, err := e.Warehouse(ctx, slog.Default())
	if err != nil {
		return nil, err
	}
	defer w.Close()
	var found Evidence
	if found.Kafka, err = (cluster.Kafka{Bootstrap: e.Kafka}).Offsets(ctx, e.Group(), e.IsSurveyTopic); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if found.Ledger, err = readLedger(ctx, w); err != nil {
		return nil, fmt.Errorf("certificate: read the ledger: %w", err)
	}
	if found.Files, err = listFiles(ctx, e); err != nil {
		return nil, fmt.Errorf("certificate: list the archive: %w", err)
	}
	if found.Rows, found.Alerts, err = readRows(ctx, w); err != nil {
		return nil, fmt.Errorf("certificate: read the rows: %w", err)
	}
	c := Compare(found)
	c.Stream, c.At = string(e.Stream), time.Now().UTC()
	return c, nil
}

func readLedger(ctx context.Context, w *warehouse.Warehouse) ([]Entry, error) {
	result, err := w.Query(ctx, `
		SELECT kafka.topic, kafka.partition, kafka.offset, outcome, reason, object
		FROM ledger`, nil)
	if err != nil {
		return nil, err
	}
	var ledger []Entry
	for row, err := range result.Rows() {
		if err != nil {
			return nil, err
		}
		ledger = append(ledger, Entry{
			Topic: as[string](row[0]), Partition: as[int64](row[1]), Offset: as[int64](row[2]),
			Outcome: as[string](row[3]), Reason: as[string](row[4]), Object: as[string](row[5]),
		})
	}
	return ledger, nil
}

func readRows(ctx context.Context, w *warehouse.Warehouse) (map[string]float64, int, error) {
	result, err := w.Query(ctx, `
		SELECT nightwire.object,
			MIN(TIMESTAMP_DIFF(nightwire.ingested_at, nightwire.kafka.timestamp, MILLISECOND)) AS latency
		FROM alerts_stream
		GROUP BY nightwire.object`, nil)
	if err != nil {
		return nil, 0, err
	}
	rows := map[string]float64{}
	for row, err := range result.Rows() {
		if err != nil {
			return nil, 0, err
		}
		rows[as[string](row[0])] = float64(as[int64](row[1])) / 1000
	}
	count, err := w.Query(ctx, `SELECT COUNT(*) FROM alerts`, nil)
	if err != nil {
		return nil, 0, err
	}
	for row, err := range count.Rows() {
		return rows, int(as[int64](row[0])), err
	}
	return nil, 0, errors.New("the count of alerts has no row")
}

// as reads a value of a row; null is the zero value.
func as[T any](v any) T {
	t, _ := v.(T)
	return t
}

func listFiles(ctx context.Context, e stack.Endpoints) ([]string, error) {
	bucket, closeClient, err := e.Bucket(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = closeClient() }()
	query := &storage.Query{}
	if err := query.SetAttrSelection([]string{"Name"}); err != nil {
		return nil, err
	}
	var names []string
	for objects := bucket.Objects(ctx, query); ; {
		o, err := objects.Next()
		if errors.Is(err, iterator.Done) {
			return names, nil
		}
		if err != nil {
			return nil, err
		}
		names = append(names, o.Name)
	}
}
