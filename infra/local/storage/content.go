package storage

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
)

// content is the content of an object to be, as it arrives in a file of the
// staging folder.
type content struct {
	name   string // of the file
	file   *os.File
	size   int64
	crc    hash.Hash32
	md5    hash.Hash
	placed bool // the file has become an object's

	// components is the number of uploads that a composite object is made of;
	// 0 for an upload.
	components int
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// stage begins a new content.
func (b *bucket) stage() (*content, error) {
	name := strconv.FormatInt(b.clock.next(), 10)
	file, err := os.OpenFile(filepath.Join(b.dir, stagingFolder, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	return &content{name: name, file: file, crc: crc32.New(castagnoli), md5: md5.New()}, nil
}

// Alerts arrive in one piece of this size, and are hashed and written in one.
const pieceBytes = 256 << 10

var pieces = sync.Pool{New: func() any { return new([pieceBytes]byte) }}

// unreadError is an error of the reader that a content comes from, not of the
// disk that it goes to.
type unreadError struct{ error }

func (e unreadError) Unwrap() error { return e.error }

// receive appends what the reader yields. What it got before an error counts.
func (c *content) receive(r io.Reader) error {
	piece := pieces.Get().(*[pieceBytes]byte)
	defer pieces.Put(piece)
	for {
		n, err := fill(r, piece[:])
		if n > 0 {
			if _, err := c.file.WriteAt(piece[:n], c.size); err != nil {
				return err
			}
			c.crc.Write(piece[:n])
			c.md5.Write(piece[:n])
			c.size += int64(n)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return unreadError{err}
		}
	}
}

// fill reads until the piece is full or the reader ends. Unlike io.ReadFull it
// leaves a reader's own io.ErrUnexpectedEOF, the mark of a body that was cut,
// apart from a good end.
func fill(r io.Reader, piece []byte) (n int, err error) {
	for n < len(piece) && err == nil {
		var read int
		read, err = r.Read(piece[n:])
		n += read
	}
	return n, err
}

// release closes the file, and removes it unless it has become an object's.
func (c *content) release() {
	c.file.Close()
	if !c.placed {
		os.Remove(c.file.Name())
	}
}

func (c *content) crc32c() string {
	return base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, c.crc.Sum32()))
}

// md5Hash is "" for a composite object, as the real service has none for it.
func (c *content) md5Hash() string {
	if c.components > 0 {
		return ""
	}
	return base64.StdEncoding.EncodeToString(c.md5.Sum(nil))
}

// checksums are what a client says of the content, in base64; "" if it does not.
type checksums struct {
	crc32c string
	md5    string
}

// header adds the checksums of an X-Goog-Hash header: crc32c=...,md5=...
func (s checksums) header(values []string) checksums {
	for value := range strings.SplitSeq(strings.Join(values, ","), ",") {
		switch kind, sum, _ := strings.Cut(strings.TrimSpace(value), "="); kind {
		case "crc32c":
			s.crc32c = sum
		case "md5":
			s.md5 = sum
		}
	}
	return s
}

func (s checksums) verify(c *content) error {
	if s.crc32c != "" && s.crc32c != c.crc32c() {
		return invalid("Provided CRC32C %q doesn't match calculated CRC32C %q.", s.crc32c, c.crc32c())
	}
	if s.md5 != "" && s.md5 != c.md5Hash() {
		return invalid("Provided MD5 hash %q doesn't match calculated MD5 hash %q.", s.md5, c.md5Hash())
	}
	return nil
}
