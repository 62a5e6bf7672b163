package tarball_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"strings"
	"testing"

	"cloud.google.com/go/storage"
	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/tarball"
	"pgregory.net/rapid"
)

// The tests that kill the maker between any two requests, and those of its
// random access, are where there is a server that behaves as Cloud Storage does:
// nightwire.dev/infra/endtoend/tarball. A fake is enough for what the bytes are.

const night = "2026-09-01"

func TestMain(m *testing.M) {
	// A dependency starts it when the program does, and never ends it.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

// newMaker is a maker on a fake of Cloud Storage with these files: content by
// name.
func newMaker(t *testing.T, stream names.Stream, files map[string]string) (*tarball.Maker, *fakestorage.Server) {
	t.Helper()
	r := names.Resources{Project: "p", Stream: stream}
	server := fakestorage.NewServer(nil)
	t.Cleanup(server.Stop)
	for _, bucket := range []string{r.AlertsBucket(), r.ProductsBucket()} {
		server.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: bucket})
	}
	for name, content := range files {
		put(server, r.AlertsBucket(), name, content)
	}
	return &tarball.Maker{
		Resources: r, Alerts: server.Client().Bucket(r.AlertsBucket()), Products: server.Client().Bucket(r.ProductsBucket()),
		Sizes: tarball.Sizes{Part: 6, Block: 2048},
	}, server
}

func put(server *fakestorage.Server, bucket, name, content string) {
	server.CreateObject(fakestorage.Object{
		ObjectAttrs: fakestorage.ObjectAttrs{BucketName: bucket, Name: name, Metadata: map[string]string{
			"mjd": "61284.25", "sha256": "abc", "kafka.topic": "lsst", "kafka.partition": "0", "kafka.offset": "7",
		}},
		Content: []byte(content),
	})
}

func never() bool { return false }

func read(t *testing.T, object *storage.ObjectHandle) []byte {
	t.Helper()
	r, err := object.NewReader(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// lsst is a night of solar-system and other objects, with a conflict, and files
// that are not of it.
var lsst = map[string]string{
	"v10.0/night=2026-09-01/313853511410778125/170028491234.avro":      "first",
	"v10.0/night=2026-09-01/sso-22440002/170028491235.avro":            "second",
	"v10.0/night=2026-09-01/sso-22440002/170028491235.0123456789.avro": "conflict",
	"v10.0/night=2026-09-02/313853511410778125/170028491236.avro":      "of another night",
	"v9.0/night=2026-08-31/313853511410778125/170028491230.avro":       "of another version, another night",
}

func TestMembersAndIndex(t *testing.T) {
	t.Parallel()
	maker, _ := newMaker(t, names.LSST, lsst)
	result, err := maker.Make(t.Context(), night, never)
	if err != nil || result.Outcome != tarball.Made || result.Files != 3 {
		t.Fatalf("%+v, %v", result, err)
	}
	content := read(t, maker.Products.Object("tarballs/lsst_20260901.tar.gz"))
	type member struct{ Name, Content, Time string }
	var got []member
	unpacked, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(unpacked); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, member{h.Name, string(text), h.ModTime.UTC().Format("15:04")})
	}
	want := []member{
		{"170028491234.avro", "first", "06:00"},
		{"170028491235.0123456789.avro", "conflict", "06:00"},
		{"170028491235.avro", "second", "06:00"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}

	var entries []tarball.Entry
	for line := range strings.Lines(string(read(t, maker.Products.Object("tarballs/lsst_20260901.index.jsonl")))) {
		var e tarball.Entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		entries = append(entries, e)
	}
	if len(entries) != 3 {
		t.Fatalf("index: %+v", entries)
	}
	last := tarball.Entry{
		Name: "170028491235.avro", ObjectID: "sso-22440002", Candid: "170028491235", Size: 6,
		Offset: 2048, Gzip: entries[2].Gzip, Inside: 512,
		Object: "v10.0/night=2026-09-01/sso-22440002/170028491235.avro", SHA256: "abc",
		Kafka: map[string]any{"topic": "lsst", "partition": 0.0, "offset": 7.0},
	}
	if diff := cmp.Diff(last, entries[2]); diff != "" {
		t.Errorf("the last entry (-want +got):\n%s", diff)
	}
	if entries[0].Gzip != 0 || entries[1].Gzip != 0 || entries[1].Offset != 1024 || entries[2].Gzip <= 0 {
		t.Errorf("entries %+v", entries)
	}
}

// TestSameBytes makes a night twice, in archives whose files are of other
// generations.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	var made []string
	for range 2 {
		maker, _ := newMaker(t, names.LSST, lsst)
		if _, err := maker.Make(t.Context(), night, never); err != nil {
			t.Fatal(err)
		}
		made = append(made, string(read(t, maker.Products.Object("tarballs/lsst_20260901.tar.gz"))))
	}
	if made[0] != made[1] {
		t.Error("two tarballs of the same files differ")
	}
}

// TestTimes has files whose metadata says when they were observed, or nothing
// of use.
func TestTimes(t *testing.T) {
	t.Parallel()
	const name = "v4.02/night=2026-09-01/ZTF21abiuvdk/17.avro"
	for mjd, want := range map[string]string{
		"": "2026-09-01T00:00:00", "soon": "2026-09-01T00:00:00", "NaN": "2026-09-01T00:00:00", "-1": "2026-09-01T00:00:00",
		"61284.250011": "2026-09-01T06:00:00",
	} {
		t.Run("mjd "+mjd, func(t *testing.T) {
			t.Parallel()
			maker, server := newMaker(t, names.ZTF, nil)
			server.CreateObject(fakestorage.Object{
				ObjectAttrs: fakestorage.ObjectAttrs{BucketName: maker.Resources.AlertsBucket(), Name: name, Metadata: map[string]string{"mjd": mjd}},
				Content:     []byte("17"),
			})
			if _, err := maker.Make(t.Context(), night, never); err != nil {
				t.Fatal(err)
			}
			unpacked, err := gzip.NewReader(bytes.NewReader(read(t, maker.Products.Object("tarballs/ztf_public_20260901.tar.gz"))))
			if err != nil {
				t.Fatal(err)
			}
			h, err := tar.NewReader(unpacked).Next()
			if err != nil {
				t.Fatal(err)
			}
			if got := h.ModTime.UTC().Format("2006-01-02T15:04:05"); got != want {
				t.Errorf("time is %s, want %s", got, want)
			}
		})
	}
}

// TestDamaged has objects of an earlier tarball that are not what they were:
// the night is packed anew.
func TestDamaged(t *testing.T) {
	t.Parallel()
	for _, end := range []string{".tar.gz", ".index.jsonl", ".sha256", ".parts.json"} {
		for what, content := range map[string]string{"gone": "", "of somebody else": "{}"} {
			t.Run(fmt.Sprintf("%s is %s", end, what), func(t *testing.T) {
				t.Parallel()
				maker, server := newMaker(t, names.LSST, lsst)
				first, err := maker.Make(t.Context(), night, never)
				if err != nil {
					t.Fatal(err)
				}
				object := maker.Products.Object("tarballs/lsst_20260901" + end)
				want := read(t, object)
				if err := object.Delete(t.Context()); err != nil {
					t.Fatal(err)
				}
				if content != "" {
					server.CreateObject(fakestorage.Object{
						ObjectAttrs: fakestorage.ObjectAttrs{BucketName: maker.Resources.ProductsBucket(), Name: "tarballs/lsst_20260901" + end},
						Content:     []byte(content),
					})
				}
				again, err := maker.Make(t.Context(), night, never)
				if err != nil || again != first {
					t.Errorf("made again: %+v, %v; want %+v", again, err, first)
				}
				if got := read(t, object); !bytes.Equal(got, want) {
					t.Errorf("%s is another one", path.Base(object.ObjectName()))
				}
			})
		}
	}
}

func TestNoNight(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "yesterday", "20260901", "2026-02-30", "../2026-09-01"} {
		_, err := new(tarball.Maker).Make(t.Context(), text, never)
		if wrong := new(tarball.NightError); !errors.As(err, &wrong) || !event.IsPermanent(err) {
			t.Errorf("%q: error is %v, want a permanent one", text, err)
		}
	}
}

func TestOutOfReach(t *testing.T) {
	t.Parallel()
	maker, server := newMaker(t, names.ZTF, nil)
	maker.Alerts = server.Client().Bucket("another")
	r, err := maker.Make(t.Context(), night, never)
	if err == nil || event.IsPermanent(err) || !strings.Contains(err.Error(), "tarball of 2026-09-01") {
		t.Errorf("%+v, %v; want an error that names the night, and may pass", r, err)
	}
}

// TestInterruptions makes a night in steps of any length, while files come late:
// the tarball is that of all files, made in one go.
func TestInterruptions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		first, late := map[string]string{}, map[string]string{}
		for i, size := range rapid.SliceOfN(rapid.IntRange(0, 9), 1, 6).Draw(r, "sizes") {
			version := rapid.SampledFrom([]string{"v4.02", "v4.02", "v4.02", "v3.3"}).Draw(r, "version")
			name := fmt.Sprintf("%s/night=%s/ZTF26aaaaaa%c/%d.avro", version, night, 'a'+i%3, i)
			into := first
			if rapid.IntRange(0, 3).Draw(r, "late") == 0 {
				into = late
			}
			into[name] = strings.Repeat(string(rune('a'+i)), size)
		}
		all := maps.Clone(first)
		maps.Copy(all, late)
		whole, _ := newMaker(t, names.ZTF, all)
		want, err := whole.Make(t.Context(), night, never)
		if err != nil {
			r.Fatal(err)
		}
		maker, server := newMaker(t, names.ZTF, first)
		got := tarball.Result{Outcome: tarball.Unfinished}
		for step := 0; len(late) > 0 || got.Outcome == tarball.Unfinished; step++ {
			if step > 100 {
				r.Fatal("there is no end to it")
			}
			for name, content := range late {
				if rapid.Bool().Draw(r, "comes now") || step > 10 {
					put(server, maker.Resources.AlertsBucket(), name, content)
					delete(late, name)
				}
			}
			parts := rapid.IntRange(1, 4).Draw(r, "parts in this step")
			if got, err = maker.Make(t.Context(), night, func() bool { parts--; return parts <= 0 }); err != nil {
				r.Fatal(err)
			}
		}
		if got.Outcome = tarball.Made; got != want {
			r.Fatalf("the tarball is %+v, want %+v", got, want)
		}
		const object = "tarballs/ztf_public_20260901.tar.gz"
		if !bytes.Equal(read(t, maker.Products.Object(object)), read(t, whole.Products.Object(object))) {
			r.Fatal("the bytes differ")
		}
	})
}
