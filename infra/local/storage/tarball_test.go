package storage_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
	"sync/atomic"
	"testing"

	gcs "cloud.google.com/go/storage"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"
	"google.golang.org/api/iterator"
	"google.golang.org/api/option"

	"nightwire.dev/shared/names"
	"nightwire.dev/shared/tarball"
)

// A night's tarball asks more of this server than any other of its clients:
// compositions, preconditions, listings by range, from many requests at once.

const day = "2026-09-01"

var resources = names.Resources{Project: "nightwire", Stream: names.ZTF}

// small makes many parts out of few files.
var small = tarball.Sizes{Part: 1500, Block: 600}

// archive is an archive and a bucket of products on a server.
type archive struct {
	*service
	files map[string][]byte // of the night, by name
}

func newArchive(t testing.TB, files map[string][]byte) *archive {
	t.Helper()
	a := &archive{start(t, t.TempDir(), &outbox{}), map[string][]byte{}}
	for _, bucket := range []string{resources.AlertsBucket(), resources.ProductsBucket()} {
		if err := a.client.Bucket(bucket).Create(t.Context(), "nightwire", nil); err != nil {
			t.Fatal(err)
		}
	}
	a.add(t, files)
	return a
}

// add archives files, as the function archive does.
func (a *archive) add(t testing.TB, files map[string][]byte) {
	t.Helper()
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(8)
	for name, content := range files {
		if strings.Contains(name, "night="+day) {
			a.files[name] = content
		}
		group.Go(func() error {
			object := a.client.Bucket(resources.AlertsBucket()).Object(name).If(gcs.Conditions{DoesNotExist: true})
			_, err := write(ctx, object, content, func(w *gcs.Writer) {
				w.Metadata = map[string]string{
					"mjd": "61284.25000000", "sha256": fmt.Sprintf("%x", sha256.Sum256(content)),
					"kafka.topic": "ztf_20260901_programid1", "kafka.partition": "3", "kafka.offset": "1234",
				}
			})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

// randomNight is files of about a kilobyte, in an order that is not theirs.
func randomNight(seed uint64, n int) map[string][]byte {
	random := rand.New(rand.NewPCG(seed, 0))
	files := map[string][]byte{
		"v4.02/night=2026-08-31/ZTF26aaaaaaa/1.avro": []byte("another night"),
		"v4.02/night=2026-09-02/ZTF26aaaaaaa/2.avro": []byte("another night"),
	}
	for i := range n {
		content := make([]byte, random.IntN(2000))
		for i := range content {
			content[i] = "Avro"[random.IntN(4)]
		}
		name := fmt.Sprintf("v4.02/night=%s/ZTF26%07d/%019d.avro", day, random.IntN(1e6), int64(i))
		files[name] = content
	}
	return files
}

// maker makes tarballs through a client of its own, whose requests pass through
// a transport.
func (a *archive) maker(t testing.TB, transport http.RoundTripper) *tarball.Maker {
	t.Helper()
	client, err := gcs.NewClient(t.Context(), option.WithEndpoint(a.url+"/storage/v1/"),
		option.WithHTTPClient(&http.Client{Transport: transport}), gcs.WithJSONReads())
	if err != nil {
		t.Fatal(err)
	}
	client.SetRetry(gcs.WithPolicy(gcs.RetryNever))
	t.Cleanup(func() { client.Close() })
	return &tarball.Maker{
		Resources: resources, Alerts: client.Bucket(resources.AlertsBucket()), Products: client.Bucket(resources.ProductsBucket()),
		Sizes: small,
	}
}

func never() bool { return false }

func (a *archive) mustMake(t testing.TB, want tarball.Outcome) tarball.Result {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	r, err := a.maker(t, transport).Make(t.Context(), day, never)
	if err != nil {
		t.Fatal(err)
	}
	if r.Outcome != want {
		t.Fatalf("the tarball is %s, want %s", r.Outcome, want)
	}
	return r
}

// product reads an object of the bucket of products.
func (a *archive) product(t testing.TB, name string) string {
	t.Helper()
	return mustRead(t, a.client.Bucket(resources.ProductsBucket()).Object(name))
}

func (a *archive) products(t testing.TB) []string {
	t.Helper()
	var found []string
	for list := a.client.Bucket(resources.ProductsBucket()).Objects(t.Context(), nil); ; {
		o, err := list.Next()
		if errors.Is(err, iterator.Done) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, o.Name)
	}
}

// finished are the objects of a finished tarball, and nothing else.
func finished() []string {
	return []string{
		resources.TarballIndexObject(day), resources.TarballPartsObject(day),
		resources.TarballSumObject(day), resources.TarballObject(day),
	}
}

// check compares the tarball, its index and its digest with the archive.
func (a *archive) check(t testing.TB, r tarball.Result) {
	t.Helper()
	if diff := cmp.Diff(finished(), a.products(t)); diff != "" {
		t.Errorf("products (-want +got):\n%s", diff)
	}
	content := a.product(t, resources.TarballObject(day))
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(content)))
	if want := sum + "  ztf_public_20260901.tar.gz\n"; a.product(t, resources.TarballSumObject(day)) != want {
		t.Errorf("the digest is %q, want %q", a.product(t, resources.TarballSumObject(day)), want)
	}
	if want := (tarball.Result{Outcome: r.Outcome, Files: int64(len(a.files)), Bytes: int64(len(content)), SHA256: sum}); r != want {
		t.Errorf("the result is %+v, want %+v", r, want)
	}
	a.checkMembers(t, content)
	a.checkIndex(t, content)
}

func (a *archive) checkMembers(t testing.TB, content string) {
	t.Helper()
	unpacked, err := gzip.NewReader(strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	members := tar.NewReader(unpacked)
	for _, name := range slices.Sorted(maps.Keys(a.files)) {
		h, err := members.Next()
		if err != nil {
			t.Fatalf("before %s: %v", name, err)
		}
		got, err := io.ReadAll(members)
		if err != nil || path.Base(h.Name) != path.Base(name) || !bytes.Equal(got, a.files[name]) {
			t.Fatalf("member %s of %d bytes, %v; want %s of %d", h.Name, len(got), err, name, len(a.files[name]))
		}
		if at := h.ModTime.UTC().Format("2006-01-02T15:04:05"); at != "2026-09-01T06:00:00" || h.Uid != 0 || h.Mode != 0o644 {
			t.Errorf("header %+v", h)
		}
	}
	if h, err := members.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("another member %v, %v", h, err)
	}
}

// checkIndex reads each alert as a person would: by range, from where the index
// says, and no further than needed.
func (a *archive) checkIndex(t testing.TB, content string) {
	t.Helper()
	unpacked, err := gzip.NewReader(strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := io.ReadAll(unpacked)
	if err != nil {
		t.Fatal(err)
	}
	object := a.client.Bucket(resources.ProductsBucket()).Object(resources.TarballObject(day))
	lines := strings.Split(strings.TrimSpace(a.product(t, resources.TarballIndexObject(day))), "\n")
	if len(lines) != len(a.files) {
		t.Fatalf("%d lines in the index, want %d", len(lines), len(a.files))
	}
	for _, line := range lines {
		var e tarball.Entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		want := a.files[e.Object]
		ranged, err := object.NewRangeReader(t.Context(), e.Gzip, -1)
		if err != nil {
			t.Fatal(err)
		}
		member, err := gzip.NewReader(ranged)
		if err != nil {
			t.Fatal(err)
		}
		member.Multistream(false)
		if _, err := io.CopyN(io.Discard, member, e.Inside); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, e.Size)
		_, err = io.ReadFull(member, got)
		ranged.Close()
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s by its entry: %d bytes, %v; want %d", e.Object, len(got), err, len(want))
		}
		header, err := tar.NewReader(bytes.NewReader(whole[e.Offset:])).Next()
		if err != nil || header.Name != e.Name {
			t.Errorf("at offset %d is %v, %v; want %s", e.Offset, header, err, e.Name)
		}
		sum := sha256.Sum256(want)
		if candid, _, _ := strings.Cut(path.Base(e.Object), "."); e.Candid != candid || e.ObjectID != path.Base(path.Dir(e.Object)) || e.SHA256 != hex.EncodeToString(sum[:]) || e.Kafka["offset"] != 1234.0 {
			t.Errorf("entry %s", line)
		}
	}
}

func TestTarball(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]int{"one file": 1, "one part": 2, "some parts": 12, "a tree of parts": 80} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newArchive(t, randomNight(1, files))
			a.check(t, a.mustMake(t, tarball.Made))
			before, err := a.client.Bucket(resources.ProductsBucket()).Object(resources.TarballObject(day)).Attrs(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			a.check(t, a.mustMake(t, tarball.Unchanged))
			after, err := a.client.Bucket(resources.ProductsBucket()).Object(resources.TarballObject(day)).Attrs(t.Context())
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
			if err := a.client.Bucket(resources.ProductsBucket()).Object(name).Delete(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(len(files)*b.N)/b.Elapsed().Seconds(), "files/s")
}
