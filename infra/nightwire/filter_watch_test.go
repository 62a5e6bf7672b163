package main

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestAwaitEnd has a watch outlast a server that is starting again, and not a
// stack that is gone.
func TestAwaitEnd(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		answers []bool // one a look; the last goes on
		looks   int    // until it counts as gone
	}{
		"gone at once":       {[]bool{false}, 3},
		"gone after a while": {[]bool{true, true, false}, 5},
		"one server starts":  {[]bool{false, false, true, false}, 6},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began, answers := time.Now(), slices.Clone(c.answers)
				awaitEnd(t.Context(), time.Second, func() bool {
					answer := answers[0]
					if len(answers) > 1 {
						answers = answers[1:]
					}
					return answer
				}, func() {
					if looks := int(time.Since(began) / time.Second); looks != c.looks {
						t.Errorf("it is gone after %d looks, want %d", looks, c.looks)
					}
				})
				if time.Since(began) == 0 {
					t.Error("it is gone before anybody looked")
				}
			})
		})
	}
}
