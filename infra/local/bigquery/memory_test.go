package bigquery_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/bigquery"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"

	local "nightwire.dev/infra/local/bigquery"
)

// TestScarceMemory writes more than a write-ahead log's worth while a result
// holds most of the memory, as DuckDB cannot move a result of many columns to the
// disk. A writer may be told to send rows again; nothing breaks, and what was
// acknowledged is there.
func TestScarceMemory(t *testing.T) {
	t.Parallel()
	small := local.Options{Dir: t.TempDir(), MemoryMB: 120}
	r, stop := startWith(t, small)
	schema := bigquery.Schema{{Name: "candid", Type: bigquery.IntegerFieldType}, {Name: "cutout", Type: bigquery.StringFieldType}}
	r.dataset(t, "ztf")
	w := r.stream(t, r.table(t, "alerts", schema), schema)
	r.must(t, "SELECT 0"+strings.Repeat(", 0", 1999))

	const rows, writers = 1000, 50
	cutout := strings.Repeat("0123456789", 10_000)
	var all sync.WaitGroup
	for writer := range writers {
		all.Go(func() {
			for i := writer; i < rows; i += writers {
				w.insist(t, fmt.Sprintf(`{"candid": "%d", "cutout": "%s"}`, i, cutout))
			}
		})
	}
	all.Wait()
	for range 2 {
		n := r.must(t, "SELECT COUNT(DISTINCT candid) AS n FROM ztf.alerts WHERE LENGTH(cutout) = 100000")[0][0]
		if n != int64(rows) {
			t.Errorf("%v rows, want %d", n, rows)
		}
		stop()
		r, stop = startWith(t, small)
	}
}

// insist appends a row, again while the server has no room for it.
func (w *rowWriter) insist(t *testing.T, row string) {
	for end := time.Now().Add(2 * time.Minute); ; {
		_, err := w.append(t, row).GetResult(t.Context())
		if err == nil {
			return
		}
		if grpcstatus.Code(err) != codes.Internal || time.Now().After(end) {
			t.Error(err)
			return
		}
	}
}
