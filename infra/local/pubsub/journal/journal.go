// Package journal is what somebody still has to do, on disk: a log of records,
// each of which stays until it is done.
//
// What enters is opaque records, and marks on them; what leaves is each record,
// until it is done, and after a restart its last mark too. The Pub/Sub server keeps
// one journal a subscription; nothing else calls it.
//
// The log is in segments. A segment is two files that only grow, records and
// marks, and is removed when it is full and all of its records are done.
//
// What write(2) has taken survives the death of the process (SIGKILL), but it is
// not synced, so it may not survive the death of the machine. Records stay on
// disk; memory has the place of each that is not done.
package journal

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// SegmentBytes is the size from which a segment is full, unless the caller says
// otherwise.
const SegmentBytes = 64 << 20

// Journal is one log. Its methods, and its records', may be called concurrently.
type Journal struct {
	dir   string
	limit int64

	mu       sync.Mutex
	segments map[*segment]struct{}
	active   *segment // the one being written; nil if there is none
	newest   uint64   // its number
	buffer   []byte   // memory for the next append
}

// Open opens the journal in dir, which it creates if need be. What a dying
// process left half-written at the end is cut off. Found is called with each
// record that is not done, in order, and its last mark, or zero. A limit of zero
// means SegmentBytes.
func Open(dir string, limit int64, found func(r *Record, mark uint32)) (*Journal, error) {
	j := &Journal{dir: dir, limit: cmp.Or(limit, SegmentBytes), segments: make(map[*segment]struct{})}
	if err := j.load(found); err != nil {
		return nil, fmt.Errorf("open journal: %w", errors.Join(err, j.Close()))
	}
	return j, nil
}

func (j *Journal) load(found func(*Record, uint32)) error {
	if err := os.MkdirAll(j.dir, 0o755); err != nil {
		return err
	}
	// A segment's marks are there before its records, and go after them.
	entries, err := os.ReadDir(j.dir)
	if err != nil {
		return err
	}
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool { return filepath.Ext(e.Name()) != marksSuffix })
	for i, entry := range entries {
		var number uint64
		_, err := fmt.Sscanf(entry.Name(), segmentName+marksSuffix, &number)
		if err == nil {
			err = j.begin(number, 0)
		}
		if err == nil {
			err = j.active.load(i == len(entries)-1, found)
		}
		if err != nil {
			return fmt.Errorf("load %s: %w", entry.Name(), err)
		}
	}
	return nil
}

// Append writes a record. Its number is one that no other record of the journal
// has. After an error nothing of it is kept.
func (j *Journal) Append(seq uint64, data []byte) (*Record, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.active == nil || j.active.records.size >= j.limit {
		if err := j.begin(j.newest+1, os.O_TRUNC); err != nil {
			return nil, fmt.Errorf("append to journal: %w", err)
		}
	}
	s := j.active
	r := &Record{Seq: seq, Size: headerBytes + len(data), segment: s, offset: s.records.size}
	j.buffer = appendRecord(j.buffer[:0], seq, data)
	if err := s.records.append(j.buffer); err != nil {
		return nil, fmt.Errorf("append to journal: %w", err)
	}
	s.owed++
	return r, nil
}

// Close closes the journal. Nothing may be appended or read then.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var err error
	for s := range j.segments {
		err = errors.Join(err, s.records.Close(), s.marks.Close())
	}
	return err
}

// begin opens a segment in place of the active one. A new one is opened
// with os.O_TRUNC: there may be records that have lost their marks.
func (j *Journal) begin(number uint64, flag int) error {
	full := j.active
	if full != nil { // cut off what a failed append may have left
		if err := full.records.Truncate(full.records.size); err != nil {
			return err
		}
	}
	name := filepath.Join(j.dir, fmt.Sprintf(segmentName, number))
	marks, err := openFile(name+marksSuffix, flag)
	if err != nil {
		return err
	}
	records, err := openFile(name+recordsSuffix, flag)
	if err != nil {
		return errors.Join(err, marks.Close())
	}
	j.active, j.newest = &segment{journal: j, records: records, marks: marks}, number
	j.segments[j.active] = struct{}{}
	if full == nil || full.owed > 0 {
		return nil
	}
	return full.remove()
}
