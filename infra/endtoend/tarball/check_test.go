package tarball_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/tarball"
)

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
	object := a.Products.Object(resources.TarballObject(day))
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
