package bigquery_test

import (
	"fmt"
	"net/http"
	"strings"
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

// TestWideResultsMakeRoom keeps asking for many columns: the results of which
// there were answers make room, long before they fill the memory.
func TestWideResultsMakeRoom(t *testing.T) {
	t.Parallel()
	r := start(t)
	wide := r.Query("SELECT 0" + strings.Repeat(", 0", 999))
	first, err := wide.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		it, err := wide.Read(t.Context())
		if err == nil {
			_, err = readAll(it)
		}
		if err != nil {
			t.Fatalf("query %d: %v", i, err)
		}
	}
	_, err = r.JobFromID(t.Context(), first.ID())
	if code, reason := status(err); code != http.StatusNotFound || reason != "notFound" {
		t.Errorf("the first job: error %v, want that it is not found", err)
	}
}
