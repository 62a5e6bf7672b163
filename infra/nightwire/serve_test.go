package main

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"nightwire.dev/infra/local/port/porttest"
	"nightwire.dev/infra/local/stack"
)

// answerOf asks for a path, without following where it leads.
func answerOf(t *testing.T, address, path string) (int, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableKeepAlives: true}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}

// TestServeHTTPEnds: it returns after the requests that were under way, not
// before, so that what they use can then be closed.
func TestServeHTTPEnds(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	address := porttest.Keep(t).Address()
	var done atomic.Bool
	served := make(chan error, 1)
	returned := make(chan struct{})
	go func() {
		err := serveHTTP(ctx, address, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			stop()
			select {
			case <-returned:
			case <-time.After(100 * time.Millisecond): // for the server to return too early
			}
			done.Store(true)
		}))
		if !done.Load() {
			err = errors.Join(err, errors.New("a request was under way"))
		}
		close(returned)
		served <- err
	}()
	await(t, address)
	if _, err := answerOf(t, address, "/"); err != nil {
		t.Errorf("the request under way: %v", err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// TestServeStorage: beside the pending notifications, every path is passed on as
// it is, for it may be an object's name.
func TestServeStorage(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	address := porttest.Keep(t).Address()
	c := &serveStorage{place: place{Data: filepath.Join(t.TempDir(), "storage"), Listen: address}, PubSub: porttest.Keep(t).Address()}
	served := make(chan error, 1)
	go func() { served <- c.Run(ctx) }()
	await(t, address)
	for path, want := range map[string]int{
		stack.PendingPath:         http.StatusOK,
		"/storage/v1/b?project=p": http.StatusOK,
		"/bucket/a//b":            http.StatusNotFound,
		"/bucket/a/../b":          http.StatusNotFound,
	} {
		if got, err := answerOf(t, address, path); got != want || err != nil {
			t.Errorf("%s: %d, %v, want %d", path, got, err, want)
		}
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}
