package storage

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// The kinds of change, by the names that notifications give them.
const (
	finalize       = "OBJECT_FINALIZE"
	metadataUpdate = "OBJECT_METADATA_UPDATE"
	deletion       = "OBJECT_DELETE"
)

// record is one change of one object, and one line of the journal.
type record struct {
	Sequence int64     `json:"sequence"` // increases from line to line
	Event    string    `json:"event"`
	Time     time.Time `json:"time"`

	// Staged is the file in staging that holds a new object's content.
	Staged string `json:"staged,omitempty"`

	// Aside says that the content lies in the aside folder.
	Aside bool `json:"aside,omitempty"`

	// Object is the object after the change, or as it was before its deletion.
	Object object `json:"object"`

	// Replaced is the generation that a new one took the place of.
	Replaced *object `json:"replaced,omitempty"`
}

// span is where a record's line lies in the journal.
type span struct {
	offset int64
	length int
}

// journal is an append-only file of records. One goroutine writes at a time;
// any number read, up to what has been kept.
type journal struct {
	file *os.File
	size atomic.Int64 // of the lines that have been kept
}

// openJournal opens a journal, cuts off a torn last line, and passes every
// record to visit.
func openJournal(path string, visit func(record, span) error) (*journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	j := &journal{file: file}
	if err := j.scan(visit); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	if err := file.Truncate(j.size.Load()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return j, nil
}

func (j *journal) scan(visit func(record, span) error) error {
	lines := bufio.NewReaderSize(j.file, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		at := span{offset: j.size.Load(), length: len(line)}
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			return fmt.Errorf("journal at byte %d: %w", at.offset, err)
		}
		if err := visit(r, at); err != nil {
			return err
		}
		j.size.Add(int64(len(line)))
	}
}

// write puts a record behind the kept ones, where it counts for a process that
// opens the folder after a crash, but not yet for readers of this one.
func (j *journal) write(r record) (span, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return span{}, err
	}
	line = append(line, '\n')
	at := span{offset: j.size.Load(), length: len(line)}
	if _, err := j.file.WriteAt(line, at.offset); err != nil {
		return span{}, errors.Join(err, j.discard())
	}
	return at, nil
}

// keep lets readers see the record just written.
func (j *journal) keep(at span) { j.size.Store(at.offset + int64(at.length)) }

// discard takes back the record just written.
func (j *journal) discard() error { return j.file.Truncate(j.size.Load()) }

// at reads one record.
func (j *journal) at(s span) (record, error) {
	line := make([]byte, s.length)
	if _, err := j.file.ReadAt(line, s.offset); err != nil {
		return record{}, fmt.Errorf("read journal at byte %d: %w", s.offset, err)
	}
	var r record
	if err := json.Unmarshal(line, &r); err != nil {
		return record{}, fmt.Errorf("read journal at byte %d: %w", s.offset, err)
	}
	return r, nil
}

// from passes the kept records from an offset on to visit, until it returns
// false or the journal ends, and returns the offset behind the last one visited.
func (j *journal) from(offset int64, visit func(record) bool) (int64, error) {
	section := io.NewSectionReader(j.file, offset, j.size.Load()-offset)
	lines := bufio.NewReaderSize(section, 64<<10)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return offset, nil
		}
		if err != nil {
			return offset, fmt.Errorf("read journal at byte %d: %w", offset, err)
		}
		var r record
		if err := json.Unmarshal(bytes.TrimSpace(line), &r); err != nil {
			return offset, fmt.Errorf("read journal at byte %d: %w", offset, err)
		}
		offset += int64(len(line))
		if !visit(r) {
			return offset, nil
		}
	}
}

func (j *journal) close() error { return j.file.Close() }
