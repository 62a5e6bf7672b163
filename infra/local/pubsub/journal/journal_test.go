package journal_test

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nightwire.dev/infra/local/pubsub/journal"
)

// fatal is what tests and rapid's have in common.
type fatal interface{ Fatal(...any) }

// ignore is for journals whose records are not wanted at the start.
func ignore(*journal.Record, map[uint64]uint32) error { return nil }

// from gives numbers from the first on.
func from(first uint64) func(n int) uint64 {
	next := first
	return func(n int) uint64 {
		next += uint64(n)
		return next - uint64(n)
	}
}

func open(t testing.TB, dir string, limit int64) *journal.Journal {
	t.Helper()
	return openFrom(t, 1, dir, limit)
}

func openFrom(t testing.TB, first uint64, dir string, limit int64) *journal.Journal {
	t.Helper()
	j, err := journal.Open(dir, limit, from(first), ignore)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func write(t fatal, j *journal.Journal, records ...[]byte) []*journal.Record {
	written, err := j.Append(len(records), func(dst []byte, i int) ([]byte, error) { return append(dst, records[i]...), nil })
	if err != nil {
		t.Fatal(err)
	}
	return written
}

func read(t fatal, r *journal.Record) []byte {
	record, _, err := r.Read(nil)
	if err != nil {
		t.Fatal(err)
	}
	return record
}

// kept is a record that is held, what it says, and its readers' last marks.
type kept struct {
	record *journal.Record
	text   []byte
	marks  map[uint64]uint32
}

// What is written and held is read again, under the number that it was given and
// with its marks, whatever the sizes, the batches, the restarts and what is
// released.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	dirs := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(dirs, "")
		if err != nil {
			t.Fatal(err)
		}
		limit := rapid.Int64Range(1, 300).Draw(t, "limit")
		next := uint64(1)
		number := func(n int) uint64 {
			next += uint64(rapid.IntRange(0, 3).Draw(t, "other journals")) + uint64(n)
			return next - uint64(n)
		}
		j, err := journal.Open(dir, limit, number, ignore)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { j.Close() }()
		want := make(map[uint64]*kept)
		draw := func(t *rapid.T) *kept {
			if len(want) == 0 {
				t.Skip("nothing is held")
			}
			return want[rapid.SampledFrom(slices.Sorted(maps.Keys(want))).Draw(t, "record")]
		}
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				batch := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 100), 1, 4).Draw(t, "batch")
				for i, r := range write(t, j, batch...) {
					if seq := next - uint64(len(batch)-i); r.Seq != seq {
						t.Fatalf("number %d, want %d", r.Seq, seq)
					}
					want[r.Seq] = &kept{record: r, text: batch[i], marks: make(map[uint64]uint32)}
				}
			},
			"mark": func(t *rapid.T) {
				k := draw(t)
				reader, value := rapid.Uint64Range(1, 3).Draw(t, "reader"), rapid.Uint32().Draw(t, "value")
				if err := k.record.Mark(reader, value); err != nil {
					t.Fatal(err)
				}
				k.marks[reader] = value
			},
			"release": func(t *rapid.T) {
				k := draw(t)
				k.record.Hold() // twice held, twice released
				delete(want, k.record.Seq)
				for range 2 {
					if err := k.record.Release(); err != nil {
						t.Fatal(err)
					}
				}
			},
			"reopen": func(t *rapid.T) {
				if err := j.Close(); err != nil {
					t.Fatal(err)
				}
				var found int
				j, err = journal.Open(dir, limit, number, func(r *journal.Record, marks map[uint64]uint32) error {
					k := want[r.Seq]
					if k == nil {
						return nil // released, but its segment has others
					}
					found++
					r.Hold()
					k.record = r
					for reader, value := range k.marks {
						if marks[reader] != value {
							t.Fatalf("record %d: mark %d of reader %d, want %d", r.Seq, marks[reader], reader, value)
						}
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if found != len(want) {
					t.Fatalf("%d records found, want %d", found, len(want))
				}
			},
			"": func(t *rapid.T) {
				for seq, k := range want {
					if got := read(t, k.record); !bytes.Equal(got, k.text) {
						t.Fatalf("record %d: got %x, want %x", seq, got, k.text)
					}
				}
			},
		})
	})
}

// A segment lasts for as long as it is written or one of its records is held.
func TestSegmentsGo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := func(want ...string) {
		t.Helper()
		paths, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, path := range paths {
			got = append(got, filepath.Base(path))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
	}
	first := []string{"00000000000000000001.log", "00000000000000000001.marks"}
	third := []string{"00000000000000000003.log", "00000000000000000003.marks"}
	j := open(t, dir, 1)
	two := write(t, j, []byte("one"), []byte("two"))
	if err := two[0].Release(); err != nil {
		t.Error(err)
	}
	files(first...)
	three := write(t, j, []byte("three"))
	files(append(first, third...)...)
	if err := errors.Join(two[1].Release(), three[0].Release()); err != nil {
		t.Error(err)
	}
	files(third...) // which is still being written
}

// Marks stay for as long as their records do, and go after them.
func TestMarksGoLast(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	marks := filepath.Join(dir, "00000000000000000001.marks")
	j := open(t, dir, 1)
	r := write(t, j, []byte("one"))[0]
	write(t, j, []byte("two"))
	if err := os.Remove(filepath.Join(dir, "00000000000000000001.log")); err != nil {
		t.Fatal(err)
	}
	if err := r.Release(); err == nil {
		t.Error("no error of a log that cannot be removed")
	}
	if _, err := os.Stat(marks); err != nil {
		t.Error(err)
	}
	open(t, dir, 1)
	if _, err := os.Stat(marks); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("marks without records are kept (%v)", err)
	}
}

// What nobody takes at the start goes, but for the segment that is being written.
func TestUnheldSegmentsGoAtOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir, 1)
	for _, text := range []string{"one", "two", "three"} {
		write(t, j, []byte(text))
	}
	open(t, dir, 1)
	if paths, err := filepath.Glob(filepath.Join(dir, "*.log")); err != nil || len(paths) != 1 {
		t.Errorf("segments %v, error %v", paths, err)
	}
}

// A file cut at any byte opens with the records before the cut, and goes on
// from there.
func TestCutAnywhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir, 0)
	records := [][]byte{[]byte("first"), {}, []byte("a third record")}
	write(t, j, records...)
	path := filepath.Join(dir, "00000000000000000001.log")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ends := []int{16 + 5, 16 + 5 + 16, len(whole)}
	for cut := range len(whole) + 1 {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(path)), whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, end := range ends {
			if end <= cut {
				want++
			}
		}
		got := 0
		j, err := journal.Open(dir, 0, from(4), func(*journal.Record, map[uint64]uint32) error {
			got++
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Fatalf("cut at %d: %d records, want %d", cut, got, want)
		}
		r := write(t, j, []byte("after"))[0]
		if got := read(t, r); string(got) != "after" {
			t.Fatalf("cut at %d: read %q", cut, got)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Marks cut at any byte open with the marks before the cut, and go on from there.
func TestMarksCutAnywhere(t *testing.T) {
	t.Parallel()
	const path = "00000000000000000001.marks"
	for cut := range 2*20 + 1 {
		dir := t.TempDir()
		r := write(t, open(t, dir, 0), []byte("record"))[0]
		if err := errors.Join(r.Mark(1, 10), r.Mark(2, 20), os.Truncate(filepath.Join(dir, path), int64(cut))); err != nil {
			t.Fatal(err)
		}
		want := map[uint64]uint32{3: 30}
		if cut >= 20 {
			want[1] = 10
		}
		if cut >= 40 {
			want[2] = 20
		}
		var got map[uint64]uint32
		mark := func(r *journal.Record, marks map[uint64]uint32) error {
			got = marks
			return r.Mark(3, 30)
		}
		for range 2 { // the second finds what the first has marked
			j, err := journal.Open(dir, 0, from(2), mark)
			if err != nil {
				t.Fatal(err)
			}
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("cut at %d (-want +got):\n%s", cut, diff)
		}
	}
}

func TestFlippedByteIsNoticed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		offset int64
	}{{"in the length", 3}, {"in the sum", 5}, {"in the number", 8}, {"in the body", 17}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := write(t, open(t, dir, 0), []byte("record"))[0]
			file, err := os.OpenFile(filepath.Join(dir, "00000000000000000001.log"), os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if _, err := file.WriteAt([]byte{0xff}, tc.offset); err != nil {
				t.Fatal(err)
			}
			if got, _, err := r.Read(nil); err == nil {
				t.Errorf("read %q", got)
			}
		})
	}
}

func TestFullSegmentMustBeWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir, 1)
	write(t, j, []byte("record"))
	write(t, j, []byte("in the next segment"))
	if err := os.Truncate(filepath.Join(dir, "00000000000000000001.log"), 10); err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Open(dir, 1, from(1), ignore); err == nil {
		t.Error("a damaged journal was opened as if it were whole")
	}
}

func TestFailedEncodingLeavesNothing(t *testing.T) {
	t.Parallel()
	j := open(t, t.TempDir(), 0)
	broken := errors.New("broken")
	_, err := j.Append(2, func(dst []byte, i int) ([]byte, error) {
		return append(dst, "half"...), []error{nil, broken}[i]
	})
	if !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if r := write(t, j, []byte("whole"))[0]; string(read(t, r)) != "whole" {
		t.Errorf("record %d", r.Seq)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	j := open(t, t.TempDir(), 1000)
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			var buf []byte
			for range 200 {
				want := bytes.Repeat([]byte{byte(worker)}, 50)
				r := write(t, j, want)[0]
				var got []byte
				var err error
				got, buf, err = r.Read(buf)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("read %x, error %v", got, err)
				}
				if err := errors.Join(r.Mark(1, 1), r.Release()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}
