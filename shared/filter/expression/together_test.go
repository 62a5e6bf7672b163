package expression

import (
	"sync"
	"testing"

	"nightwire.dev/schemas"
)

// TestCheckTogether checks expressions at the same time, in a language that has
// just been made; the race detector looks on.
func TestCheckTogether(t *testing.T) {
	t.Parallel()
	for range 10 {
		language, err := newLanguage(schemas.ZTF)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for text, sound := range map[string]bool{
			"unheard_of > 1": false,
			"[1, 2].exists(a, [3, 4].exists(b, [5].exists(c, a + b > c)))": true,
		} {
			for range 4 {
				all.Go(func() {
					if _, err := language.Check(text, nil); (err == nil) != sound {
						t.Errorf("%s: %v", text, err)
					}
				})
			}
		}
		all.Wait()
	}
}
