package journal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"nightwire.dev/infra/local/pubsub/journal"
)

// fatal is what tests and rapid's have in common.
type fatal interface{ Fatal(...any) }

// ignore is for journals whose records are not wanted at the start.
func ignore(*journal.Record, uint32) {}

func open(t testing.TB, dir string, limit int64) *journal.Journal {
	t.Helper()
	j, err := journal.Open(dir, limit, ignore)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func write(t fatal, j *journal.Journal, seq uint64, text string) *journal.Record {
	r, err := j.Append(seq, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func read(t fatal, r *journal.Record) []byte {
	data, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// owed is a record that is not done, what it says, and its last mark.
type owed struct {
	record *journal.Record
	data   []byte
	mark   uint32
}

// What is written and not done is read again, under its number and with its last
// mark, whatever the sizes, the restarts and what is done.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	dirs := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(dirs, "")
		if err != nil {
			t.Fatal(err)
		}
		limit := rapid.Int64Range(1, 300).Draw(t, "limit")
		j, err := journal.Open(dir, limit, ignore)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { j.Close() }()
		var last uint64
		want := make(map[uint64]*owed)
		draw := func(t *rapid.T) *owed {
			if len(want) == 0 {
				t.Skip("nothing is owed")
			}
			return want[rapid.SampledFrom(slices.Sorted(maps.Keys(want))).Draw(t, "record")]
		}
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				last += rapid.Uint64Range(1, 4).Draw(t, "later")
				data := rapid.SliceOfN(rapid.Byte(), 0, 100).Draw(t, "data")
				r, err := j.Append(last, data)
				if err != nil {
					t.Fatal(err)
				}
				if r.Seq != last {
					t.Fatalf("number %d, want %d", r.Seq, last)
				}
				want[last] = &owed{record: r, data: data}
			},
			"mark": func(t *rapid.T) {
				o := draw(t)
				o.mark = rapid.Uint32Max(1000).Draw(t, "mark")
				if err := o.record.Mark(o.mark); err != nil {
					t.Fatal(err)
				}
			},
			"done": func(t *rapid.T) {
				o := draw(t)
				delete(want, o.record.Seq)
				if err := o.record.Mark(journal.Done); err != nil {
					t.Fatal(err)
				}
			},
			"reopen": func(t *rapid.T) {
				if err := j.Close(); err != nil {
					t.Fatal(err)
				}
				var found int
				j, err = journal.Open(dir, limit, func(r *journal.Record, mark uint32) {
					o := want[r.Seq]
					if o == nil || mark != o.mark {
						t.Fatalf("record %d with mark %d, want %+v", r.Seq, mark, o)
					}
					found++
					o.record = r
				})
				if err != nil {
					t.Fatal(err)
				}
				if found != len(want) {
					t.Fatalf("%d records found, want %d", found, len(want))
				}
			},
			"": func(t *rapid.T) {
				for seq, o := range want {
					if got := read(t, o.record); !bytes.Equal(got, o.data) {
						t.Fatalf("record %d: got %x, want %x", seq, got, o.data)
					}
				}
			},
		})
	})
}

// A segment lasts for as long as it is written or one of its records is owed.
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
	second := []string{"00000000000000000002.log", "00000000000000000002.marks"}
	j := open(t, dir, 17)
	one, two := write(t, j, 1, ""), write(t, j, 2, "")
	if err := one.Mark(journal.Done); err != nil {
		t.Error(err)
	}
	files(first...)
	three := write(t, j, 3, "three")
	files(append(first, second...)...)
	if err := errors.Join(two.Mark(journal.Done), three.Mark(journal.Done)); err != nil {
		t.Error(err)
	}
	files(second...) // which is still being written
}

// Marks stay for as long as their records do, and go after them: where the end
// was cut short they go at the start.
func TestMarksGoLast(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir, 1)
	one := write(t, j, 1, "one")
	write(t, j, 2, "two")
	path := filepath.Join(dir, "00000000000000000001")
	// A folder that is not empty cannot be removed as a file is.
	if err := errors.Join(os.Remove(path+".log"), os.MkdirAll(path+".log/x", 0o755), one.Mark(journal.Done)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + ".marks"); err != nil {
		t.Errorf("the marks are gone before the records: %v", err)
	}
	if err := os.RemoveAll(path + ".log"); err != nil {
		t.Fatal(err)
	}
	open(t, dir, 1)
	if _, err := os.Stat(path + ".marks"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("marks without records are kept (%v)", err)
	}
}

// Records that have lost their marks were being deleted: they do not come again
// with those of the segment that takes their place.
func TestRecordsWithoutMarks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir, 0)
	write(t, j, 1, "old")
	write(t, j, 2, "old")
	if err := os.Remove(filepath.Join(dir, "00000000000000000001.marks")); err != nil {
		t.Fatal(err)
	}
	write(t, open(t, dir, 0), 3, "new")
	var got []uint64
	again, err := journal.Open(dir, 0, func(r *journal.Record, _ uint32) { got = append(got, r.Seq) })
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if diff := cmp.Diff([]uint64{3}, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// A segment that was done when its process died goes at the start, but for the
// last one.
func TestSegmentsThatAreDoneGoAtOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir, 1)
	for seq := uint64(1); seq <= 3; seq++ {
		write(t, j, seq, "text")
		mark := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64(nil, seq), journal.Done)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%020d.marks", seq)), mark, 0o600); err != nil {
			t.Fatal(err)
		}
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
	for i, text := range []string{"first", "", "a third record"} {
		write(t, j, uint64(i+1), text)
	}
	path := filepath.Join(dir, "00000000000000000001.log")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ends := []int{16 + 5, 16 + 5 + 16, len(whole)}
	for cut := range len(whole) + 1 {
		dir := t.TempDir()
		records := filepath.Join(dir, filepath.Base(path))
		marks := strings.TrimSuffix(records, ".log") + ".marks"
		if err := errors.Join(os.WriteFile(records, whole[:cut], 0o600), os.WriteFile(marks, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, end := range ends {
			if end <= cut {
				want++
			}
		}
		got := 0
		j, err := journal.Open(dir, 0, func(*journal.Record, uint32) { got++ })
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Fatalf("cut at %d: %d records, want %d", cut, got, want)
		}
		if got := read(t, write(t, j, 4, "after")); string(got) != "after" {
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
	for cut := range 2*12 + 1 {
		dir := t.TempDir()
		j := open(t, dir, 0)
		one, two := write(t, j, 1, "one"), write(t, j, 2, "two")
		if err := errors.Join(one.Mark(10), two.Mark(20), os.Truncate(filepath.Join(dir, path), int64(cut))); err != nil {
			t.Fatal(err)
		}
		want := map[uint64]uint32{1: 0, 2: 0}
		if cut >= 12 {
			want[1] = 10
		}
		if cut >= 24 {
			want[2] = 20
		}
		for range 2 { // the second finds what the first has marked
			got := make(map[uint64]uint32)
			records := make(map[uint64]*journal.Record)
			j, err := journal.Open(dir, 0, func(r *journal.Record, mark uint32) { got[r.Seq], records[r.Seq] = mark, r })
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("cut at %d (-want +got):\n%s", cut, diff)
			}
			want[2] = 30
			if err := errors.Join(records[2].Mark(30), j.Close()); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestFlippedByteIsNoticed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		offset int64
	}{{"in the sum", 3}, {"in the length", 5}, {"in the number", 8}, {"in the body", 17}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := write(t, open(t, dir, 0), 1, "record")
			file, err := os.OpenFile(filepath.Join(dir, "00000000000000000001.log"), os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if _, err := file.WriteAt([]byte{0xff}, tc.offset); err != nil {
				t.Fatal(err)
			}
			if got, err := r.Read(); err == nil {
				t.Errorf("read %q", got)
			}
		})
	}
}

func TestFullSegmentMustBeWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir, 1)
	write(t, j, 1, "record")
	write(t, j, 2, "in the next segment")
	if err := os.Truncate(filepath.Join(dir, "00000000000000000001.log"), 10); err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Open(dir, 1, ignore); err == nil {
		t.Error("a damaged journal was opened as if it were whole")
	}
}

// The rest of an append that failed is cut off when the next segment begins, so
// that the full one is whole.
func TestRestOfFailedAppend(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir, 1)
	write(t, j, 1, "record")
	file, err := os.OpenFile(filepath.Join(dir, "00000000000000000001.log"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteString("the rest"); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, j, 2, "in the next segment")
	open(t, dir, 1)
}

// A segment that cannot be begun leaves no more than one file of marks, however
// often it is tried.
func TestSegmentThatDoesNotBegin(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir, 1)
	write(t, j, 1, "record")
	if err := os.Mkdir(filepath.Join(dir, "00000000000000000002.log"), 0o755); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := j.Append(2, nil); err == nil {
			t.Fatal("a record in a folder")
		}
	}
	if paths, err := filepath.Glob(filepath.Join(dir, "*.marks")); err != nil || len(paths) != 2 {
		t.Errorf("marks %v, error %v", paths, err)
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	j := open(t, t.TempDir(), 1000)
	var group sync.WaitGroup
	for worker := range uint64(4) {
		group.Go(func() {
			for i := range uint64(200) {
				want := bytes.Repeat([]byte{byte(worker)}, 50)
				r, err := j.Append(worker<<32+i, want)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := r.Read(); err != nil || !bytes.Equal(got, want) {
					t.Errorf("read %x, error %v", got, err)
				}
				if err := errors.Join(r.Mark(1), r.Mark(journal.Done)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}
