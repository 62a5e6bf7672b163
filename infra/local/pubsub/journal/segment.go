package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"slices"
)

const (
	recordsSuffix = ".log"
	marksSuffix   = ".marks"
)

// segment is some of the records, and the marks on them.
type segment struct {
	journal        *Journal
	first          uint64 // the number of its first record, and its name
	records, marks file
	held           int // how often its records are held
}

// file is written at its end only.
type file struct {
	*os.File
	size int64 // of what is whole
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
func (s *segment) load(last bool, found func(*Record, map[uint64]uint32) error) error {
	marks, err := s.loadMarks()
	if err != nil {
		return err
	}
	info, err := s.records.Stat()
	if err != nil {
		return err
	}
	var buf []byte
	for s.records.size < info.Size() {
		var header [headerBytes]byte
		if _, err := s.records.ReadAt(header[:], s.records.size); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		r := &Record{
			Seq:     binary.BigEndian.Uint64(header[8:]),
			Size:    headerBytes + int(binary.BigEndian.Uint32(header[:])),
			segment: s,
			offset:  s.records.size,
		}
		if r.offset+int64(r.Size) > info.Size() {
			err = errTorn
		} else if last {
			_, buf, err = r.Read(buf)
		}
		if last && errors.Is(err, errTorn) {
			return s.records.Truncate(s.records.size)
		}
		if err == nil {
			err = found(r, marks[r.Seq])
		}
		if err != nil {
			return fmt.Errorf("record %d: %w", r.Seq, err)
		}
		s.records.size += int64(r.Size)
	}
	return nil
}

// mark is what a reader has to say of a record.
type mark struct {
	Seq, Reader uint64
	Value       uint32
}

var markBytes = binary.Size(mark{})

// loadMarks reads the marks, by sequence number and reader.
func (s *segment) loadMarks() (map[uint64]map[uint64]uint32, error) {
	data, err := os.ReadFile(s.marks.Name())
	if err != nil {
		return nil, err
	}
	list := make([]mark, len(data)/markBytes) // what is left over, the next mark covers
	if s.marks.size = int64(len(list) * markBytes); len(list) > 0 {
		_, err = binary.Decode(data, binary.BigEndian, list)
	}
	marks := make(map[uint64]map[uint64]uint32)
	for _, m := range list {
		if marks[m.Seq] == nil {
			marks[m.Seq] = make(map[uint64]uint32)
		}
		marks[m.Seq][m.Reader] = m.Value
	}
	return marks, err
}

// Record is the place of one record.
type Record struct {
	Seq     uint64
	Size    int // in bytes, on disk
	segment *segment
	offset  int64
}

// Read returns the record, and the buffer that it is in: buf, if that is large
// enough. The sum is checked.
func (r *Record) Read(buf []byte) (record, buffer []byte, err error) {
	buf = slices.Grow(buf[:0], r.Size)[:r.Size]
	_, err = r.segment.records.ReadAt(buf, r.offset)
	if err == nil && !sealed(buf) {
		err = errTorn
	}
	if err != nil {
		return nil, buf, fmt.Errorf("read record %d of %s: %w", r.Seq, r.segment.records.Name(), err)
	}
	return buf[headerBytes:], buf, nil
}

// Mark writes down what a reader has to say of the record.
func (r *Record) Mark(reader uint64, value uint32) error {
	data, err := binary.Append(nil, binary.BigEndian, mark{r.Seq, reader, value})
	if err != nil {
		return err
	}
	r.segment.journal.mu.Lock()
	defer r.segment.journal.mu.Unlock()
	return r.segment.marks.append(data)
}

// Hold keeps the record on disk until it is released.
func (r *Record) Hold() {
	r.segment.journal.mu.Lock()
	defer r.segment.journal.mu.Unlock()
	r.segment.held++
}

// Release gives up one hold.
func (r *Record) Release() error {
	s := r.segment
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	if s.held--; s.held > 0 || s == s.journal.active {
		return nil
	}
	return s.journal.remove(s)
}

// headerBytes is the length of a record's header: its length, the CRC-32C of all
// but itself, both of 32 bits, and its number of 64, big-endian.
const headerBytes = 4 + 4 + 8

// errTorn means that a record is not what was written.
var errTorn = errors.New("torn record")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal writes the header of a record.
func seal(record []byte, seq uint64) {
	binary.BigEndian.PutUint32(record, uint32(len(record)-headerBytes))
	binary.BigEndian.PutUint64(record[8:], seq)
	binary.BigEndian.PutUint32(record[4:], sum(record))
}

// sealed says whether a record's length and sum are right.
func sealed(record []byte) bool {
	return binary.BigEndian.Uint32(record) == uint32(len(record)-headerBytes) &&
		binary.BigEndian.Uint32(record[4:]) == sum(record)
}

func sum(record []byte) uint32 {
	return crc32.Update(crc32.Checksum(record[:4], castagnoli), castagnoli, record[8:])
}
