package tarball_test

import (
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"

	"nightwire.dev/shared/tarball"
)

// TestLateFile adds files to a night that has a tarball: it is made anew, as it
// would have been with them from the first.
func TestLateFile(t *testing.T) {
	t.Parallel()
	files := randomNight(3, 16)
	all := slices.Sorted(maps.Keys(files))
	for name, late := range map[string]string{"at the begin": all[1], "in the middle": all[len(all)/2], "at the end": all[len(all)-2]} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			whole := newArchive(t, files)
			want := whole.mustMake(t, tarball.Made)
			without := maps.Clone(files)
			delete(without, late)
			a := newArchive(t, without)
			a.mustMake(t, tarball.Made)
			a.add(t, map[string][]byte{late: files[late]})
			r := a.mustMake(t, tarball.Made)
			a.check(t, r)
			if r != want {
				t.Errorf("the tarball is %+v, want %+v", r, want)
			}
		})
	}
}

// TestLateFileBetween adds files while the tarball is being made.
func TestLateFileBetween(t *testing.T) {
	t.Parallel()
	files := randomNight(6, 16)
	whole := newArchive(t, files)
	want := whole.mustMake(t, tarball.Made)
	all := slices.Sorted(maps.Keys(files))
	late, without := map[string][]byte{}, maps.Clone(files)
	for _, name := range []string{all[1], all[8], all[len(all)-2]} {
		late[name] = files[name]
		delete(without, name)
	}
	a := newArchive(t, without)
	var once sync.Once
	maker := a.maker(t, http.DefaultTransport)
	parts := 0
	got, err := maker.Make(t.Context(), day, func() bool {
		if parts++; parts == 3 {
			once.Do(func() { a.add(t, late) })
		}
		return false
	})
	if err != nil || got != want {
		t.Errorf("the tarball is %+v, %v; want %+v", got, err, want)
	}
	a.check(t, got)
}
