package workbench

import (
	"slices"
	"testing"
)

// TestOrdered keeps the order however long each takes, and stops in between.
func TestOrdered(t *testing.T) {
	t.Parallel()
	items := make([]int, 500)
	for i := range items {
		items[i] = i
	}
	square := func(i int) int {
		for range i % 7 * 1000 { // some take longer
			i += 0
		}
		return i * i
	}
	var got []int
	for n := range ordered(slices.Values(items), 8, square) {
		got = append(got, n)
	}
	for i, n := range got {
		if n != i*i {
			t.Fatalf("result %d is %d, want %d", i, n, i*i)
		}
	}
	if len(got) != len(items) {
		t.Errorf("%d results, want %d", len(got), len(items))
	}
	for n := range ordered(slices.Values(items), 8, square) {
		if n == 100 {
			break
		}
	}
}
