// Package journal is an append-only log of records on disk, in segment files.
//
// What enters is a batch of opaque records; what leaves is each record again,
// by its sequence number, for as long as its segment has not been discarded.
// The Pub/Sub server keeps one journal a topic; nothing else calls it.
//
// A record is its length and its CRC-32C (both 32 bits, big-endian; the sum
// covers the length too), then its bytes. A segment's file is named after the
// sequence number of its first record, so numbers survive a restart and are
// never given twice, even when every record has been discarded.
//
// An append returns when write(2) has returned: it survives the death of the
// process (SIGKILL), but it is not synced, so it may not survive the death of
// the machine. Records stay on disk; memory holds four bytes for each.
package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// SegmentBytes is the size from which a segment is closed and the next begun,
// unless the caller says otherwise.
const SegmentBytes = 64 << 20

// ErrAbsent means that the journal holds no record of that number: it was
// discarded, or not yet written.
var ErrAbsent = errors.New("record absent")

// Journal is one log. Its methods may be called concurrently.
type Journal struct {
	dir   string
	limit int64

	mu       sync.RWMutex
	segments []*segment // in order; the last one is being written
	file     *os.File   // the last segment's
	broken   error      // set when the file can no longer be trusted
}

// Open opens the journal in dir, which it creates if need be. What a dying
// process left half-written at the end is cut off. A limit of zero means
// SegmentBytes.
func Open(dir string, limit int64) (*Journal, error) {
	if limit == 0 {
		limit = SegmentBytes
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	j := &Journal{dir: dir, limit: limit}
	segments, err := loadSegments(dir)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	if len(segments) == 0 {
		if err := j.begin(1); err != nil {
			return nil, fmt.Errorf("open journal: %w", err)
		}
		return j, nil
	}
	j.segments = segments
	last := segments[len(segments)-1]
	j.file, err = os.OpenFile(last.path, os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return j, nil
}

// Append writes the batch with one write and returns the number of its first
// record; the others follow on. After an error nothing of it is kept.
func (j *Journal) Append(b *Batch) (uint64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return 0, fmt.Errorf("append to journal %s: %w", j.dir, j.broken)
	}
	if j.active().size() >= j.limit {
		if err := j.begin(j.active().end()); err != nil {
			return 0, fmt.Errorf("append to journal: %w", err)
		}
	}
	active := j.active()
	if _, err := j.file.Write(b.data); err != nil {
		// A part may have been written. If it cannot be cut off, records written
		// after it would be lost at the next start: better to take no more.
		if cut := os.Truncate(active.path, active.size()); cut != nil {
			j.broken = cut
		}
		return 0, fmt.Errorf("append to journal: %w", err)
	}
	first, base := active.end(), uint32(active.size())
	for _, end := range b.ends {
		active.ends = append(active.ends, base+end)
	}
	return first, nil
}

// Read returns the record of that number, in buf's memory if it is large
// enough. The sum is checked. The error is ErrAbsent if there is no such record.
func (j *Journal) Read(seq uint64, buf []byte) ([]byte, error) {
	j.mu.RLock()
	s := j.find(seq)
	if s == nil {
		j.mu.RUnlock()
		return nil, fmt.Errorf("read record %d: %w", seq, ErrAbsent)
	}
	from, to := s.bounds(seq)
	j.mu.RUnlock()

	file, err := os.Open(s.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read record %d: %w", seq, ErrAbsent)
	}
	if err != nil {
		return nil, fmt.Errorf("read record %d: %w", seq, err)
	}
	defer file.Close()
	buf = slices.Grow(buf[:0], int(to-from))[:to-from]
	if _, err := file.ReadAt(buf, from); err != nil {
		return nil, fmt.Errorf("read record %d: %w", seq, err)
	}
	payload, ok := open(buf)
	if !ok {
		return nil, fmt.Errorf("read record %d of %s: checksum differs", seq, s.path)
	}
	return payload, nil
}

// Size returns the number of bytes of the record of that number, or zero.
func (j *Journal) Size(seq uint64) int {
	j.mu.RLock()
	defer j.mu.RUnlock()
	s := j.find(seq)
	if s == nil {
		return 0
	}
	from, to := s.bounds(seq)
	return int(to-from) - headerBytes
}

// Next is the number that the next record will have.
func (j *Journal) Next() uint64 {
	j.mu.RLock()
	defer j.mu.RUnlock()
	return j.active().end()
}

// Advance makes the next record's number at least next. A reader may remember
// records that the journal lost with the machine: their numbers must not come
// again, or new records would be taken for old ones.
func (j *Journal) Advance(next uint64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if next <= j.active().end() {
		return nil
	}
	return j.begin(next)
}

// Discard removes every closed segment of which done says that its records,
// from first up to but not including end, are no longer wanted. A file that
// cannot be removed is out of the journal until the next Open.
func (j *Journal) Discard(done func(first, end uint64) bool) error {
	j.mu.RLock()
	closed := slices.Clone(j.segments[:len(j.segments)-1])
	j.mu.RUnlock()
	used := slices.DeleteFunc(closed, func(s *segment) bool { return !done(s.first, s.end()) })
	if len(used) == 0 {
		return nil
	}
	j.mu.Lock()
	j.segments = slices.DeleteFunc(j.segments, func(s *segment) bool { return slices.Contains(used, s) })
	j.mu.Unlock()
	// The system takes its time to remove a large file: not under the lock.
	var errs []error
	for _, s := range used {
		errs = append(errs, os.Remove(s.path))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("discard segments: %w", err)
	}
	return nil
}

// Close closes the journal. No append may follow.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.broken = os.ErrClosed
	if err := j.file.Close(); err != nil {
		return fmt.Errorf("close journal: %w", err)
	}
	return nil
}

func (j *Journal) active() *segment { return j.segments[len(j.segments)-1] }

// find returns the segment that holds the record, or nil.
func (j *Journal) find(seq uint64) *segment {
	i, ok := slices.BinarySearchFunc(j.segments, seq, (*segment).compare)
	if !ok {
		return nil
	}
	return j.segments[i]
}

// begin closes the segment being written and starts one at first.
func (j *Journal) begin(first uint64) error {
	path := filepath.Join(j.dir, fmt.Sprintf("%020d%s", first, suffix))
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("begin segment: %w", err)
	}
	if j.file != nil {
		if err := j.file.Close(); err != nil {
			return fmt.Errorf("close segment: %w", err)
		}
	}
	j.file = file
	j.segments = append(j.segments, &segment{path: path, first: first})
	return nil
}
