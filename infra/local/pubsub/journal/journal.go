// Package journal is an append-only log of records on disk, and of what readers
// have done with them, in segments.
//
// What enters is opaque records, some at a time, and readers' marks on them;
// what leaves is each record, for as long as somebody holds it, and after a
// restart its marks too. The Pub/Sub server keeps one journal a topic; nothing
// else calls it.
//
// A segment is two files, records and marks, named after the number of its first
// record. It is removed when it is full and nobody holds any of its records.
//
// What write(2) has taken survives the death of the process (SIGKILL), but it is
// not synced, so it may not survive the death of the machine. Records stay on
// disk; memory has the place of each that is held.
package journal

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// SegmentBytes is the size from which a segment is full, unless the caller says
// otherwise.
const SegmentBytes = 64 << 20

// keptBytes is the largest buffer that is kept for the next append: that of a
// usual request, but not of one of the rare 10 MB.
const keptBytes = 2 << 20

// Journal is one log. Its methods, and its records', may be called concurrently.
type Journal struct {
	dir    string
	limit  int64
	number func(n int) uint64

	mu       sync.Mutex
	segments map[*segment]struct{}
	active   *segment // the one being written; nil if there is none
	buffer   []byte   // of the append under way
}

// Open opens the journal in dir, which it creates if need be. What a dying
// process left half-written at the end is cut off. Found is called with each
// record, in order, and the last mark of each of its readers; it may hold the
// record. A limit of zero means SegmentBytes. Number gives n numbers that follow
// on, of which it returns the first; it never gives one twice.
func Open(dir string, limit int64, number func(n int) uint64, found func(r *Record, marks map[uint64]uint32) error) (*Journal, error) {
	j := &Journal{dir: dir, limit: cmp.Or(limit, SegmentBytes), number: number, segments: make(map[*segment]struct{})}
	if err := j.load(found); err != nil {
		return nil, fmt.Errorf("open journal: %w", errors.Join(err, j.Close()))
	}
	return j, nil
}

func (j *Journal) load(found func(*Record, map[uint64]uint32) error) error {
	if err := os.MkdirAll(j.dir, 0o755); err != nil {
		return err
	}
	files, err := os.ReadDir(j.dir)
	if err != nil {
		return err
	}
	// They are in order, since the names' digits are padded. Where the removal of a
	// segment was cut short its marks are left: without records it goes now.
	var firsts []uint64
	for _, f := range files {
		digits, _, _ := strings.Cut(f.Name(), ".")
		if first, err := strconv.ParseUint(digits, 10, 64); err == nil {
			firsts = append(firsts, first)
		}
	}
	firsts = slices.Compact(firsts)
	for i, first := range firsts {
		if err := j.begin(first); err != nil {
			return err
		}
		if err := j.active.load(i == len(firsts)-1, found); err != nil {
			return fmt.Errorf("load segment %d: %w", first, err)
		}
	}
	return nil
}

// Newest is the number that the segment being written is named after, which stands
// though its records were lost; zero if there is no segment.
func (j *Journal) Newest() uint64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.active == nil {
		return 0
	}
	return j.active.first
}

// Append writes n records with one write, and returns them in order, each held
// once by the caller. Encode appends the bytes of record i to the slice that it
// is given. After an error nothing of them is kept.
func (j *Journal) Append(n int, encode func(dst []byte, i int) ([]byte, error)) ([]*Record, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	first := j.number(n)
	if j.active == nil || j.active.records.size >= j.limit {
		if err := j.begin(first); err != nil {
			return nil, fmt.Errorf("append to journal: %w", err)
		}
	}
	s, data, records := j.active, j.buffer[:0], make([]*Record, n)
	for i := range records {
		start := len(data)
		var err error
		if data, err = encode(append(data, make([]byte, headerBytes)...), i); err != nil {
			return nil, fmt.Errorf("append to journal: record %d: %w", i, err)
		}
		seal(data[start:], first+uint64(i))
		records[i] = &Record{Seq: first + uint64(i), Size: len(data) - start, segment: s, offset: s.records.size + int64(start)}
	}
	if cap(data) <= keptBytes {
		j.buffer = data
	}
	if err := s.records.append(data); err != nil {
		return nil, fmt.Errorf("append to journal: %w", err)
	}
	s.held += n
	return records, nil
}

// Close closes the journal. Nothing may be appended or read then.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var errs []error
	for s := range j.segments {
		errs = append(errs, s.records.Close(), s.marks.Close())
	}
	return errors.Join(errs...)
}

// begin opens a segment, new or old, in place of the active one.
func (j *Journal) begin(first uint64) error {
	name := filepath.Join(j.dir, fmt.Sprintf("%020d", first))
	records, err := os.OpenFile(name+recordsSuffix, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("open segment: %w", err)
	}
	marks, err := os.OpenFile(name+marksSuffix, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("open segment: %w", errors.Join(err, records.Close()))
	}
	s := &segment{journal: j, first: first, records: file{File: records}, marks: file{File: marks}}
	full := j.active
	j.segments[s], j.active = struct{}{}, s
	if full == nil || full.held > 0 {
		return nil
	}
	return j.remove(full)
}

// remove removes a segment. Its marks go last, for without them its records
// would all come again.
func (j *Journal) remove(s *segment) error {
	delete(j.segments, s)
	err := errors.Join(s.records.Close(), s.marks.Close(), os.Remove(s.records.Name()))
	if err == nil {
		err = os.Remove(s.marks.Name())
	}
	return err
}
