package storage_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	gcs "cloud.google.com/go/storage"
)

func testCreateOnly(t *testing.T, _ *service, bucket *gcs.BucketHandle) {
	object := bucket.Object(alert).If(gcs.Conditions{DoesNotExist: true})
	var won atomic.Int64
	var writers sync.WaitGroup
	for i := range 16 {
		writers.Go(func() {
			_, err := write(t.Context(), object, packet(fmt.Sprint(i)), nil)
			switch {
			case err == nil:
				won.Add(1)
			case code(err) != http.StatusPreconditionFailed:
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	writers.Wait()
	if won.Load() != 1 {
		t.Errorf("%d writers won", won.Load())
	}
	if !whole([]byte(mustRead(t, bucket.Object(alert)))) {
		t.Error("the object is not whole")
	}
	_, err := write(t.Context(), object, nil, nil)
	wantCode(t, err, http.StatusPreconditionFailed, "conditionNotMet")
}

func testGenerationMatch(t *testing.T, _ *service, bucket *gcs.BucketHandle) {
	object := bucket.Object(alert)
	first := mustWrite(t, object, "first", nil)
	second := mustWrite(t, object.If(gcs.Conditions{GenerationMatch: first.Generation}), "second", nil)
	if second.Generation <= first.Generation {
		t.Errorf("generation %d after %d", second.Generation, first.Generation)
	}
	passed := object.If(gcs.Conditions{GenerationMatch: first.Generation})
	_, err := write(t.Context(), passed, []byte("third"), nil)
	wantCode(t, err, http.StatusPreconditionFailed, "conditionNotMet")
	wantCode(t, passed.Delete(t.Context()), http.StatusPreconditionFailed, "conditionNotMet")
	if _, err := passed.NewReader(t.Context()); code(err) != http.StatusPreconditionFailed {
		t.Errorf("read: %v", err)
	}
	if _, err := object.Generation(first.Generation).NewReader(t.Context()); !errors.Is(err, gcs.ErrObjectNotExist) {
		t.Errorf("read a generation that has passed: %v", err)
	}
	if got := mustRead(t, object.Generation(second.Generation)); got != "second" {
		t.Errorf("read %q", got)
	}
}
