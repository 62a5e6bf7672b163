package storage

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// record is one line of a journal; one of its fields is set. The first line of
// every journal is the bucket.
type record struct {
	Bucket       *bucketResource `json:"bucket,omitempty"`
	Notification *notification   `json:"notification,omitempty"` // a new configuration
	Forgotten    string          `json:"forgotten,omitempty"`    // the id of one that is no more
	Told         *told           `json:"told,omitempty"`
	Change       *change         `json:"change,omitempty"`
}

// told says how far Pub/Sub has accepted the messages of a configuration.
type told struct {
	ID   string `json:"id"`
	UpTo int64  `json:"upTo"` // where the line of the last change begins
}

// The kinds of change, by the names that the real service's notifications give
// them.
const (
	finalize = "OBJECT_FINALIZE"
	update   = "OBJECT_METADATA_UPDATE"
	deletion = "OBJECT_DELETE"
)

// change is one change of one object.
type change struct {
	Event  string    `json:"event"`
	Time   time.Time `json:"time"`   // later from line to line
	Object object    `json:"object"` // after the change, or before its deletion

	// File is where the content lies, below the bucket's folder, and Staged
	// where that of a new object arrived, below staging.
	File   string `json:"file"`
	Staged string `json:"staged,omitempty"`

	// Replaced is the generation that a new one took the place of.
	Replaced int64 `json:"replaced,omitempty"`
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
func (j *journal) change(at span) (*change, error) {
	line := make([]byte, at.length)
	var r record
	_, err := j.file.ReadAt(line, at.offset)
	if err == nil {
		err = json.Unmarshal(line, &r)
	}
	if err != nil {
		return nil, fmt.Errorf("read journal at byte %d: %w", at.offset, err)
	}
	return r.Change, nil
}
