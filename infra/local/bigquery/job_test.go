package bigquery_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestManyQueries runs more queries at once than there are results kept of those
// for which nobody asks: each is asked for, and answered.
func TestManyQueries(t *testing.T) {
	t.Parallel()
	r := start(t)
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			rows, err := r.rows(t.Context(), fmt.Sprintf("SELECT %d AS n", i))
			if err != nil {
				t.Errorf("query %d: %v", i, err)
				return
			}
			if diff := cmp.Diff(int64(i), rows[0][0]); diff != "" {
				t.Errorf("query %d (-want +got):\n%s", i, diff)
			}
		})
	}
	all.Wait()
}
