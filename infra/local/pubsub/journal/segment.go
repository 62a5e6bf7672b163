package journal

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const suffix = ".log"

// segment is one file of records and where each of them ends.
type segment struct {
	path  string
	first uint64
	ends  []uint32
}

// end is the number after that of the last record.
func (s *segment) end() uint64 { return s.first + uint64(len(s.ends)) }

// size is the number of bytes of whole records.
func (s *segment) size() int64 {
	if len(s.ends) == 0 {
		return 0
	}
	return int64(s.ends[len(s.ends)-1])
}

// bounds are the record's offsets in the file, header included.
func (s *segment) bounds(seq uint64) (from, to int64) {
	i := seq - s.first
	if i > 0 {
		from = int64(s.ends[i-1])
	}
	return from, int64(s.ends[i])
}

// compare orders segments by the numbers that they hold; zero means that seq
// is within.
func (s *segment) compare(seq uint64) int {
	switch {
	case s.end() <= seq:
		return -1
	case s.first > seq:
		return 1
	}
	return 0
}

// loadSegments finds the segments in dir, in order.
func loadSegments(dir string) ([]*segment, error) {
	// Glob returns names sorted, and the names' digits are padded.
	paths, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		return nil, fmt.Errorf("list segments: %w", err)
	}
	var segments []*segment
	for i, path := range paths {
		first, err := strconv.ParseUint(strings.TrimSuffix(filepath.Base(path), suffix), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("name of segment %s: %w", path, err)
		}
		s := &segment{path: path, first: first}
		if err := s.load(i == len(paths)-1); err != nil {
			return nil, fmt.Errorf("load segment %s: %w", path, err)
		}
		segments = append(segments, s)
	}
	return segments, nil
}

// load finds where the records end. Only the last segment can have been left
// half-written, so only there are the records' sums checked, and the file cut
// at the first that is not whole; a closed segment must be whole, and its
// records are checked when they are read.
func (s *segment) load(last bool) error {
	file, err := os.OpenFile(s.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	var record []byte
	for offset := int64(0); offset < info.Size(); {
		var header [headerBytes]byte
		if _, err := file.ReadAt(header[:], offset); err != nil && err != io.EOF {
			return err
		}
		length := headerBytes + int64(binary.BigEndian.Uint32(header[:]))
		whole := offset+length <= info.Size()
		if whole && last {
			record = slices.Grow(record[:0], int(length))[:length]
			if _, err := file.ReadAt(record, offset); err != nil {
				return err
			}
			_, whole = open(record)
		}
		if !whole && !last {
			return fmt.Errorf("record at offset %d is not whole", offset)
		}
		if !whole {
			return file.Truncate(offset)
		}
		offset += length
		s.ends = append(s.ends, uint32(offset))
	}
	return nil
}
