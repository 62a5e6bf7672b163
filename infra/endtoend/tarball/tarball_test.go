package tarball_test

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/tarball"
)

func TestTarball(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]int{"one file": 1, "one part": 2, "some parts": 12, "a tree of parts": 80} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newArchive(t, randomNight(1, files))
			a.check(t, a.mustMake(t, tarball.Made))
			before, err := a.Products.Object(resources.TarballObject(day)).Attrs(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			a.check(t, a.mustMake(t, tarball.Unchanged))
			after, err := a.Products.Object(resources.TarballObject(day)).Attrs(t.Context())
			if err != nil || before.Generation != after.Generation {
				t.Errorf("asked again, the tarball is of generation %d, before %d; %v", after.Generation, before.Generation, err)
			}
		})
	}
}

// TestTarRead has the tar of the machine read it.
func TestTarRead(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("tar")
	if err != nil {
		t.Skip("there is no tar on this machine")
	}
	a := newArchive(t, randomNight(2, 10))
	a.mustMake(t, tarball.Made)
	list := exec.CommandContext(t.Context(), program, "tzf", "-")
	list.Stdin = strings.NewReader(a.product(t, resources.TarballObject(day)))
	var complaints strings.Builder
	list.Stderr = &complaints
	out, err := list.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("%v: %s", err, &complaints)
	}
	var want []string
	for _, name := range slices.Sorted(maps.Keys(a.files)) {
		want = append(want, path.Base(name))
	}
	if diff := cmp.Diff(want, strings.Fields(string(out))); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

func TestEmptyNight(t *testing.T) {
	t.Parallel()
	a := newArchive(t, randomNight(1, 0))
	a.mustMake(t, tarball.Empty)
	if found := a.products(t); len(found) > 0 {
		t.Errorf("products %q, want none", found)
	}
}

// TestVersions has two alerts of one candid, in two schema versions.
func TestVersions(t *testing.T) {
	t.Parallel()
	a := newArchive(t, map[string][]byte{
		"v4.02/night=" + day + "/ZTF26aaaaaaa/17.avro":              []byte("new"),
		"v4.02/night=" + day + "/ZTF26aaaaaaa/17.abcdef012345.avro": []byte("conflict"),
		"v3.3/night=" + day + "/ZTF26aaaaaaa/17.avro":               []byte("old"),
		"filters/purity.yaml":                                       []byte("no alert"),
		"v4.02/night=" + day + "/ZTF26aaaaaaa/notes.txt":            []byte("no alert"),
	})
	delete(a.files, "v4.02/night="+day+"/ZTF26aaaaaaa/notes.txt")
	a.check(t, a.mustMake(t, tarball.Made))
	unpacked, err := gzip.NewReader(strings.NewReader(a.product(t, resources.TarballObject(day))))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for members := tar.NewReader(unpacked); ; {
		h, err := members.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, h.Name)
	}
	if diff := cmp.Diff([]string{"v3.3/17.avro", "v4.02/17.abcdef012345.avro", "v4.02/17.avro"}, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
}

// TestInSteps makes one part at a time, as an instance does whose time is short.
func TestInSteps(t *testing.T) {
	t.Parallel()
	files := randomNight(5, 10)
	whole := newArchive(t, files)
	want := whole.mustMake(t, tarball.Made)
	a := newArchive(t, files)
	maker := a.maker(t, http.DefaultTransport)
	var steps int
	for r := (tarball.Result{Outcome: tarball.Unfinished}); r.Outcome == tarball.Unfinished; steps++ {
		var err error
		if r, err = maker.Make(t.Context(), day, func() bool { return true }); err != nil {
			t.Fatal(err)
		}
		if steps > 20 {
			t.Fatal("there is no end to it")
		}
		if r.Outcome == tarball.Made && r != want {
			t.Errorf("the tarball is %+v, want %+v", r, want)
		}
	}
	a.check(t, want)
	if steps < 4 {
		t.Errorf("%d steps", steps)
	}
}

// TestTogether has several makers at one night. Some may give up and would be
// called again; what is there is the one tarball.
func TestTogether(t *testing.T) {
	t.Parallel()
	files := randomNight(7, 16)
	whole := newArchive(t, files)
	want := whole.mustMake(t, tarball.Made)
	a := newArchive(t, files)
	var makers sync.WaitGroup
	for range 4 {
		makers.Go(func() {
			if r, err := a.maker(t, http.DefaultTransport).Make(context.WithoutCancel(t.Context()), day, never); err == nil && r.SHA256 != want.SHA256 {
				t.Errorf("the tarball is %+v, want %+v", r, want)
			}
		})
	}
	makers.Wait()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	r, err := a.maker(t, transport).Make(t.Context(), day, never)
	if err != nil {
		t.Fatal(err)
	}
	want.Outcome = r.Outcome
	if r != want {
		t.Errorf("the tarball is %+v, want %+v", r, want)
	}
	a.check(t, r)
}

// BenchmarkTarball makes the tarball of a thousand files of the size of an
// alert, of which stamps, which do not compress, are most.
func BenchmarkTarball(b *testing.B) {
	random := rand.NewChaCha8([32]byte{})
	files := map[string][]byte{}
	var size int64
	for i := range 1000 {
		content := make([]byte, 70<<10)
		_, _ = random.Read(content[:50<<10])
		files[fmt.Sprintf("v4.02/night=%s/ZTF26%07d/%d.avro", day, i, i)] = content
		size += int64(len(content))
	}
	a := newArchive(b, files)
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	defer transport.CloseIdleConnections()
	maker := a.maker(b, transport)
	maker.Sizes = tarball.Sizes{}
	b.SetBytes(size)
	for b.Loop() {
		if _, err := maker.Make(b.Context(), day, never); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		for _, name := range a.products(b) {
			if err := a.Products.Object(name).Delete(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(len(files)*b.N)/b.Elapsed().Seconds(), "files/s")
}
