package tarball_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/tarball"
)

// fault is a transport that dies at a request that changes something: before
// the server has it, or before the client has the answer. All requests after it
// fail, too.
type fault struct {
	http.RoundTripper
	at       int64  // the number of the request, from 1
	answered bool   // the server did as it was asked
	only     string // what the path of a request ends with that counts; "" counts all
	changes  atomic.Int64
	dead     atomic.Bool
}

var errKilled = errors.New("killed on purpose")

func (f *fault) RoundTrip(r *http.Request) (*http.Response, error) {
	counts := r.Method != http.MethodGet && strings.HasSuffix(r.URL.Path, f.only)
	last := counts && f.changes.Add(1) == f.at
	if f.dead.Load() || last && !f.answered {
		f.dead.Store(true)
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, errKilled
	}
	response, err := f.RoundTripper.RoundTrip(r)
	if last {
		f.dead.Store(true)
		if err == nil {
			response.Body.Close()
		}
		return nil, errKilled
	}
	return response, err
}

// TestTarballKilled kills the maker at every change that it makes, before and
// after the server has it, and once more at what then follows. The tarball is
// always that of an undisturbed run.
func TestTarballKilled(t *testing.T) {
	t.Parallel()
	files := randomNight(4, 8)
	undisturbed := newArchive(t, files)
	counting := &fault{RoundTripper: &http.Transport{}}
	want, err := undisturbed.maker(t, counting).Make(t.Context(), day, never)
	if err != nil {
		t.Fatal(err)
	}
	wanted := undisturbed.product(t, resources.TarballObject(day))
	changes := counting.changes.Load()
	if changes < 15 {
		t.Fatalf("only %d changes: the night is too small for this test", changes)
	}
	limit := make(chan struct{}, 4)
	for at := int64(1); at <= changes; at++ {
		for _, answered := range []bool{false, true} {
			t.Run(fmt.Sprintf("change %d, answered %t", at, answered), func(t *testing.T) {
				t.Parallel()
				limit <- struct{}{}
				defer func() { <-limit }()
				a := newArchive(t, files)
				transport := &http.Transport{}
				defer transport.CloseIdleConnections()
				for _, f := range []*fault{
					{RoundTripper: transport, at: at, answered: answered},
					{RoundTripper: transport, at: 2, answered: !answered},
				} {
					if _, err := a.maker(t, f).Make(t.Context(), day, never); err == nil && f.dead.Load() {
						t.Error("a maker that was killed says that all is well")
					}
				}
				transport.CloseIdleConnections()
				got, err := a.maker(t, transport).Make(t.Context(), day, never)
				if err != nil {
					t.Fatal(err)
				}
				got.Outcome = want.Outcome
				if got != want || a.product(t, resources.TarballObject(day)) != wanted {
					t.Errorf("the tarball is %+v, want %+v", got, want)
				}
				a.check(t, got)
			})
		}
	}
}

// TestTarballKilledWhileComposing kills the maker of a tarball of so many parts
// that it is composed in two levels.
func TestTarballKilledWhileComposing(t *testing.T) {
	t.Parallel()
	files := randomNight(8, 80)
	undisturbed := newArchive(t, files)
	want := undisturbed.mustMake(t, tarball.Made)
	for _, at := range []int64{1, 3, 4} { // in the tree, at its top, in the index's tree
		t.Run(fmt.Sprintf("composition %d", at), func(t *testing.T) {
			t.Parallel()
			a := newArchive(t, files)
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			killed := &fault{RoundTripper: transport, at: at, answered: at%2 == 1, only: "/compose"}
			if r, err := a.maker(t, killed).Make(t.Context(), day, never); err == nil {
				t.Fatalf("the maker was not killed: %+v", r)
			}
			if got := a.mustMake(t, tarball.Made); got != want {
				t.Errorf("the tarball is %+v, want %+v", got, want)
			}
			if diff := cmp.Diff(finished(), a.products(t)); diff != "" {
				t.Errorf("products (-want +got):\n%s", diff)
			}
		})
	}
}
