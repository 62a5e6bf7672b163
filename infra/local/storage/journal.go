package storage

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// record is one line of a journal: the bucket, which is the first, a change of
// its notification configurations, how far one of them is told, or a change of an
// object.
type record struct {
	Bucket       *bucketResource `json:"bucket,omitempty"`
	Notification *notification   `json:"notification,omitempty"` // a new configuration
	Forgotten    string          `json:"forgotten,omitempty"`    // the id of one that is no more
	Told         string          `json:"told,omitempty"`         // the id of one, and the byte of the line
	UpTo         int64           `json:"upTo,omitempty"`         // up to which Pub/Sub has accepted its messages
	Change       *change         `json:"change,omitempty"`
}

// change is an object that is made, perhaps in the place of another, patched, or
// deleted.
type change struct {
	Object   object `json:"object"` // of one that is deleted, the name; Updated is later from line to line
	Deleted  bool   `json:"deleted,omitempty"`
	Staged   string `json:"staged,omitempty"`   // where a new content arrived, below staging
	Replaced int64  `json:"replaced,omitempty"` // the generation whose place it takes
}

// span is where a line lies in the journal.
type span struct {
	offset int64
	length int
}

// journal is an append-only file of records. One goroutine writes at a time,
// any number read.
type journal struct {
	file *os.File
	size int64
}

// openJournal opens a journal, passes every record to visit, and cuts off a torn
// last line.
func openJournal(path string, visit func(record, span)) (*journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	j := &journal{file: file}
	if err := j.scan(visit); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return j, nil
}

func (j *journal) scan(visit func(record, span)) error {
	for lines := bufio.NewReaderSize(j.file, 1<<20); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return j.file.Truncate(j.size)
		}
		if err != nil {
			return err
		}
		var r record
		if err := json.Unmarshal(line, &r); err != nil {
			return fmt.Errorf("journal at byte %d: %w", j.size, err)
		}
		if r == (record{}) {
			return fmt.Errorf("journal at byte %d: not a record of this version", j.size)
		}
		at := span{j.size, len(line)}
		j.size += int64(len(line))
		visit(r, at)
	}
}

// append writes a record behind the others.
func (j *journal) append(r record) (span, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return span{}, err
	}
	line = append(line, '\n')
	at := span{j.size, len(line)}
	if _, err := j.file.WriteAt(line, at.offset); err != nil {
		return at, errors.Join(err, j.cut(at))
	}
	j.size += int64(len(line))
	return at, nil
}

// cut takes back the last record.
func (j *journal) cut(at span) error {
	j.size = at.offset
	return j.file.Truncate(at.offset)
}

// change reads the change that lies at a span.
func (j *journal) change(at span) (change, error) {
	line := make([]byte, at.length)
	r := record{Change: &change{}}
	_, err := j.file.ReadAt(line, at.offset)
	if err == nil {
		err = json.Unmarshal(line, &r)
	}
	if err != nil {
		return change{}, fmt.Errorf("read journal at byte %d: %w", at.offset, err)
	}
	return *r.Change, nil
}
