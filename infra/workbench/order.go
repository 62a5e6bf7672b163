package workbench

import (
	"iter"
	"sync"
)

// ordered does something with each item, several at once, and yields the
// results in the order of the items. It leaves no goroutine behind.
func ordered[In, Out any](items iter.Seq[In], atOnce int, do func(In) Out) iter.Seq[Out] {
	return func(yield func(Out) bool) {
		stop := make(chan struct{})
		pending := make(chan chan Out, 4*atOnce)
		var working sync.WaitGroup
		defer working.Wait()
		defer close(stop)
		working.Go(func() {
			defer close(pending)
			slots := make(chan struct{}, atOnce)
			for item := range items {
				result := make(chan Out, 1)
				select {
				case pending <- result:
				case <-stop:
					return
				}
				slots <- struct{}{}
				working.Go(func() {
					defer func() { <-slots }()
					result <- do(item)
				})
			}
		})
		for result := range pending {
			if !yield(<-result) {
				return
			}
		}
	}
}
