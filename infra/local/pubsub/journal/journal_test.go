package journal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"nightwire.dev/infra/local/pubsub/journal"
)

func open(t testing.TB, dir string, limit int64) *journal.Journal {
	t.Helper()
	j, err := journal.Open(dir, limit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func write(t interface{ Fatal(...any) }, j *journal.Journal, records ...[]byte) uint64 {
	var b journal.Batch
	for _, r := range records {
		if err := b.Add(func(dst []byte) ([]byte, error) { return append(dst, r...), nil }); err != nil {
			t.Fatal(err)
		}
	}
	first, err := j.Append(&b)
	if err != nil {
		t.Fatal(err)
	}
	return first
}

// What is written is read again, under the number that it was given, whatever
// the sizes, the batches, the restarts and the discarded segments.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	dirs := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp(dirs, "")
		if err != nil {
			t.Fatal(err)
		}
		limit := rapid.Int64Range(1, 300).Draw(t, "limit")
		j, err := journal.Open(dir, limit)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { j.Close() }()
		var want [][]byte
		discarded := uint64(0) // all below may be gone
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				batch := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 100), 1, 4).Draw(t, "batch")
				if first := write(t, j, batch...); first != uint64(len(want))+1 {
					t.Fatalf("first number %d, want %d", first, len(want)+1)
				}
				want = append(want, batch...)
			},
			"reopen": func(t *rapid.T) {
				if err := j.Close(); err != nil {
					t.Fatal(err)
				}
				if j, err = journal.Open(dir, limit); err != nil {
					t.Fatal(err)
				}
			},
			"discard": func(t *rapid.T) {
				below := rapid.Uint64Range(1, uint64(len(want))+1).Draw(t, "below")
				if err := j.Discard(func(_, end uint64) bool { return end <= below }); err != nil {
					t.Fatal(err)
				}
				discarded = max(discarded, below)
			},
			"": func(t *rapid.T) {
				if j.Next() != uint64(len(want))+1 {
					t.Fatalf("next number %d, want %d", j.Next(), len(want)+1)
				}
				for i, record := range want {
					seq := uint64(i) + 1
					got, err := j.Read(seq, nil)
					if errors.Is(err, journal.ErrAbsent) && seq < discarded {
						continue
					}
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(got, record) || j.Size(seq) != len(record) {
						t.Fatalf("record %d: got %x (size %d), want %x", seq, got, j.Size(seq), record)
					}
				}
			},
		})
	})
}

func TestReadAbsent(t *testing.T) {
	t.Parallel()
	j := open(t, t.TempDir(), 0)
	write(t, j, []byte("one"))
	for _, seq := range []uint64{0, 2} {
		if _, err := j.Read(seq, nil); !errors.Is(err, journal.ErrAbsent) {
			t.Errorf("record %d: error %v", seq, err)
		}
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
	ends := []int{8 + 5, 8 + 5 + 8, len(whole)}
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
		j := open(t, dir, 0)
		if got := int(j.Next()) - 1; got != want {
			t.Fatalf("cut at %d: %d records, want %d", cut, got, want)
		}
		seq := write(t, j, []byte("after"))
		if got, err := j.Read(seq, nil); err != nil || string(got) != "after" {
			t.Fatalf("cut at %d: read %q, error %v", cut, got, err)
		}
	}
}

func TestFlippedByteIsNoticed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		offset int64
	}{{"in the sum", 5}, {"in the body", 9}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			j := open(t, dir, 1)
			write(t, j, []byte("record"))
			write(t, j, []byte("in the next segment"))
			file, err := os.OpenFile(filepath.Join(dir, "00000000000000000001.log"), os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			if _, err := file.WriteAt([]byte{0xff}, tc.offset); err != nil {
				t.Fatal(err)
			}
			if got, err := j.Read(1, nil); err == nil {
				t.Errorf("read %q", got)
			}
		})
	}
}

func TestClosedSegmentMustBeWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir, 1)
	write(t, j, []byte("record"))
	write(t, j, []byte("in the next segment"))
	if err := os.Truncate(filepath.Join(dir, "00000000000000000001.log"), 10); err != nil {
		t.Fatal(err)
	}
	if _, err := journal.Open(dir, 1); err == nil {
		t.Error("a damaged journal was opened as if it were whole")
	}
}

func TestAdvance(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir, 0)
	write(t, j, []byte("one"))
	for _, to := range []uint64{10, 5} {
		if err := j.Advance(to); err != nil {
			t.Fatal(err)
		}
	}
	if seq := write(t, j, []byte("ten")); seq != 10 {
		t.Errorf("number %d, want 10", seq)
	}
	j = open(t, dir, 0)
	for seq, want := range map[uint64]string{1: "one", 10: "ten"} {
		if got, err := j.Read(seq, nil); err != nil || string(got) != want {
			t.Errorf("record %d: %q, error %v", seq, got, err)
		}
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
				got, err := j.Read(write(t, j, want), buf)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("read %x, error %v", got, err)
				}
				buf = got
			}
		})
	}
	group.Wait()
}
