package certificate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"
	"nightwire.dev/infra/cluster"
	"nightwire.dev/infra/terraform"
	"nightwire.dev/shared/ledger"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

// Sources are where the evidence is.
type Sources struct {
	Stream  names.Stream
	Tables  *warehouse.Warehouse
	Archive *storage.BucketHandle
	Kafka   cluster.Kafka
	Group   string                  // the connector's consumer group
	Topics  func(topic string) bool // whether a Kafka topic brings the stream
}

// Gather reads the evidence and makes the stream's certificate.
func Gather(ctx context.Context, s Sources) (*Certificate, error) {
	var found Evidence
	var err error
	if found.Kafka, err = s.Kafka.Offsets(ctx, s.Group, s.Topics); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if found.Ledger, err = readLedger(ctx, s.Tables); err != nil {
		return nil, fmt.Errorf("certificate: read the ledger: %w", err)
	}
	if found.Files, err = listFiles(ctx, s.Archive); err != nil {
		return nil, fmt.Errorf("certificate: list the archive: %w", err)
	}
	if found.Rows, found.Alerts, err = readRows(ctx, s.Tables); err != nil {
		return nil, fmt.Errorf("certificate: read the rows: %w", err)
	}
	if found.Filters, err = hasFilters(); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if found.Filters {
		if found.Evaluated, err = readEvaluations(ctx, s.Tables); err != nil {
			return nil, fmt.Errorf("certificate: read the evaluations: %w", err)
		}
	}
	c := Compare(found)
	c.Stream, c.At = string(s.Stream), time.Now().UTC()
	return c, nil
}

func readLedger(ctx context.Context, w *warehouse.Warehouse) ([]Entry, error) {
	result, err := w.Query(ctx, `
		SELECT kafka.topic, kafka.partition, kafka.offset, outcome, reason, object
		FROM ledger`, nil)
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for row, err := range result.Rows() {
		if err != nil {
			return nil, err
		}
		entries = append(entries, Entry{
			Topic: as[string](row[0]), Partition: as[int64](row[1]), Offset: as[int64](row[2]),
			Outcome: ledger.Outcome(as[string](row[3])), Reason: as[string](row[4]), Object: as[string](row[5]),
		})
	}
	return entries, nil
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

// hasFilters says whether the deployment has the function filter.
func hasFilters() (bool, error) {
	functions, err := terraform.Functions()
	return slices.ContainsFunc(functions, func(f terraform.Function) bool { return f.Name == "filter" }), err
}

// readEvaluations reads which files' alerts the filters have judged.
func readEvaluations(ctx context.Context, w *warehouse.Warehouse) (map[string]bool, error) {
	result, err := w.Query(ctx, `SELECT DISTINCT object FROM evaluations`, nil)
	if err != nil {
		return nil, err
	}
	evaluated := map[string]bool{}
	for row, err := range result.Rows() {
		if err != nil {
			return nil, err
		}
		evaluated[as[string](row[0])] = true
	}
	return evaluated, nil
}

// as reads a value of a row; null is the zero value.
func as[T any](v any) T {
	t, _ := v.(T)
	return t
}

func listFiles(ctx context.Context, bucket *storage.BucketHandle) ([]string, error) {
	query := &storage.Query{}
	if err := query.SetAttrSelection([]string{"Name"}); err != nil {
		return nil, err
	}
	var files []string
	for objects := bucket.Objects(ctx, query); ; {
		o, err := objects.Next()
		if errors.Is(err, iterator.Done) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		files = append(files, o.Name)
	}
}
