package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
)

// What a segment's files are named. The digits are padded, so that names are in
// the order of numbers.
const (
	segmentName   = "%020d"
	recordsSuffix = ".log"
	marksSuffix   = ".marks"
)

// segment is some of the records, and the marks on them.
type segment struct {
	journal        *Journal
	records, marks *file
	owed           int // records that are not done
}

// file is written at its end only.
type file struct {
	*os.File
	size int64 // of what is whole
}

func openFile(path string, flag int) (*file, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|flag, 0o644)
	return &file{File: f}, err
}

func (f *file) append(data []byte) error {
	if _, err := f.WriteAt(data, f.size); err != nil {
		return errors.Join(err, f.Truncate(f.size))
	}
	f.size += int64(len(data))
	return nil
}

// load finds the records and their marks. Only the last segment can have been
// left half-written, so only there are the records' sums checked, and the file
// cut at the first that is not whole; the others' are checked when they are read.
func (s *segment) load(last bool, found func(*Record, uint32)) error {
	marks, err := s.loadMarks()
	if err != nil {
		return err
	}
	info, err := s.records.Stat()
	if err != nil {
		return err
	}
	header := make([]byte, headerBytes)
	for s.records.size < info.Size() {
		if _, err := s.records.ReadAt(header, s.records.size); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		r := &Record{
			Seq:     binary.BigEndian.Uint64(header[8:]),
			Size:    headerBytes + int(binary.BigEndian.Uint32(header[4:])),
			segment: s,
			offset:  s.records.size,
		}
		if s.records.size+int64(r.Size) > info.Size() {
			err = errTorn
		} else if last {
			_, err = r.Read()
		}
		if last && errors.Is(err, errTorn) {
			return s.records.Truncate(s.records.size)
		}
		if err != nil {
			return fmt.Errorf("record %d: %w", r.Seq, err)
		}
		if mark := marks[r.Seq]; mark != Done {
			s.owed++
			found(r, mark)
		}
		s.records.size += int64(r.Size)
	}
	return nil
}

// loadMarks reads the last mark of each record.
func (s *segment) loadMarks() (map[uint64]uint32, error) {
	marks := make(map[uint64]uint32)
	data, err := io.ReadAll(s.marks)
	for ; len(data) >= markBytes; data = data[markBytes:] { // what is left over, the next mark covers
		marks[binary.BigEndian.Uint64(data)] = binary.BigEndian.Uint32(data[8:])
		s.marks.size += markBytes
	}
	return marks, err
}

// remove removes a segment. Its marks go last, for without them its records
// would all come again.
func (s *segment) remove() error {
	delete(s.journal.segments, s)
	err := errors.Join(s.records.Close(), s.marks.Close(), os.Remove(s.records.Name()))
	if err != nil {
		return err
	}
	return os.Remove(s.marks.Name())
}

// Record is the place of one record.
type Record struct {
	Seq     uint64
	Size    int // in bytes, on disk
	segment *segment
	offset  int64
}

// headerBytes is the length of a record's header: the CRC-32C of all that
// follows, the length of the data, both of 32 bits, and the number, of 64.
const headerBytes = 4 + 4 + 8

// markBytes is the length of a mark: the record's number, and a value of 32 bits.
const markBytes = 8 + 4

// Done is the mark on a record that is done.
const Done = math.MaxUint32

// errTorn means that a record is not what was written.
var errTorn = errors.New("torn record")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendRecord appends a record as it is on disk to an empty slice.
func appendRecord(b []byte, seq uint64, data []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, 0) // the sum, in the end
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	b = binary.BigEndian.AppendUint64(b, seq)
	b = append(b, data...)
	binary.BigEndian.PutUint32(b, crc32.Checksum(b[4:], castagnoli))
	return b
}

// Read returns the record's data. Its sum is checked.
func (r *Record) Read() ([]byte, error) {
	b := make([]byte, r.Size)
	_, err := r.segment.records.ReadAt(b, r.offset)
	if err == nil && binary.BigEndian.Uint32(b) != crc32.Checksum(b[4:], castagnoli) {
		err = errTorn
	}
	if err != nil {
		return nil, fmt.Errorf("read record %d of %s: %w", r.Seq, r.segment.records.Name(), err)
	}
	return b[headerBytes:], nil
}

// Mark writes down what has become of the record. One that is done, which it is
// once, may be gone then.
func (r *Record) Mark(value uint32) error {
	s := r.segment
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	mark := binary.BigEndian.AppendUint64(nil, r.Seq)
	err := s.marks.append(binary.BigEndian.AppendUint32(mark, value))
	if err != nil || value != Done {
		return err
	}
	if s.owed--; s.owed == 0 && s != s.journal.active {
		_ = s.remove() // or else at the next start, which tells why it cannot
	}
	return nil
}
