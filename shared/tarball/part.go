package tarball

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
)

// position is how far a tarball has come: all that the next part has to know of
// those before it.
type position struct {
	Parts    int64  `json:"parts"`
	Files    int64  `json:"files"`
	Bytes    int64  `json:"bytes"`          // of the .tar.gz
	TarBytes int64  `json:"tarBytes"`       // of the tar in it
	Last     string `json:"last,omitempty"` // the last file, by its name in the archive
	Listing  string `json:"listing"`        // digest of the listing of all files so far
	Hash     []byte `json:"hash,omitempty"` // state of SHA-256
	End      bool   `json:"end,omitempty"`  // nothing follows
}

// hasher goes on with the SHA-256 of the tarball.
func (p position) hasher() (hash.Hash, error) {
	h := sha256.New()
	if len(p.Hash) == 0 {
		return h, nil
	}
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(p.Hash); err != nil {
		return nil, fmt.Errorf("state of SHA-256 after %d bytes: %w", p.Bytes, err)
	}
	return h, nil
}

// sum is the SHA-256 so far.
func (p position) sum() (string, error) {
	h, err := p.hasher()
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// part is a part of a tarball.
type part struct {
	Before  string   `json:"before"`          // the listing's digest before its first file
	After   string   `json:"after,omitempty"` // the last file before it
	Offset  int64    `json:"offset"`          // of its first byte in the .tar.gz
	Index   string   `json:"index,omitempty"` // the object that holds its lines of the index
	Reached position `json:"reached"`

	object string // that holds it
}

// upTo is the last file that can belong to the part; "" if all that follow do.
func (p part) upTo() string {
	if p.Reached.End {
		return ""
	}
	return p.Reached.Last
}

// builder makes parts, one after the other, in memory.
type builder struct {
	night   *night
	from    position
	reached position

	out, index bytes.Buffer
	gzip       *gzip.Writer
	tar        *tar.Writer
	listing    digest
	raw        int64 // bytes of tar
	block      int64 // of them before the gzip member that is being written
	blockAt    int64 // where in out that begins
}

// level is a compromise: an alert's stamps are compressed already, its schema
// and numbers are small enough at any level.
const level = gzip.BestSpeed

func newBuilder(n *night) (*builder, error) {
	b := &builder{night: n}
	var err error
	b.gzip, err = gzip.NewWriterLevel(&b.out, level)
	return b, err
}

// begin begins a part.
func (b *builder) begin(at position) {
	b.from, b.reached = at, at
	b.out.Reset()
	b.index.Reset()
	b.gzip.Reset(&b.out)
	b.tar = tar.NewWriter(b)
	b.listing = newDigest(at.Listing)
	b.raw, b.block, b.blockAt = 0, 0, 0
}

// Write takes the bytes of the tar.
func (b *builder) Write(p []byte) (int, error) {
	b.raw += int64(len(p))
	return b.gzip.Write(p)
}

// add puts a file into the part. A gzip member holds whole files.
func (b *builder) add(f file, content []byte) error {
	if int64(len(content)) != f.size {
		return fmt.Errorf("%s has %d bytes, listed are %d", f.name, len(content), f.size)
	}
	if b.raw-b.block >= b.night.sizes.Block {
		if err := b.gzip.Close(); err != nil {
			return err
		}
		b.gzip.Reset(&b.out)
		b.block, b.blockAt = b.raw, int64(b.out.Len())
	}
	e := b.night.entry(f)
	e.Offset, e.Gzip = b.from.TarBytes+b.raw, b.from.Bytes+b.blockAt
	if err := b.tar.WriteHeader(b.night.header(f)); err != nil {
		return fmt.Errorf("header of %s: %w", f.name, err)
	}
	e.Inside = b.raw - b.block
	if _, err := b.tar.Write(content); err != nil {
		return err
	}
	if err := b.tar.Flush(); err != nil { // the padding belongs to this part
		return err
	}
	b.listing.add(f)
	b.reached.Files, b.reached.Last = b.reached.Files+1, f.name
	line, err := json.Marshal(e)
	b.index.Write(append(line, '\n'))
	return err
}

// finish completes the part; with the last one the tar ends.
func (b *builder) finish(end bool) (part, error) {
	if end {
		if err := b.tar.Close(); err != nil {
			return part{}, err
		}
	}
	if err := b.gzip.Close(); err != nil {
		return part{}, err
	}
	h, err := b.from.hasher()
	if err != nil {
		return part{}, err
	}
	h.Write(b.out.Bytes())
	b.reached.Parts, b.reached.End = b.from.Parts+1, end
	b.reached.Bytes += int64(b.out.Len())
	b.reached.TarBytes += b.raw
	b.reached.Listing = b.listing.sum(end)
	b.reached.Hash, err = h.(encoding.BinaryMarshaler).MarshalBinary()
	return part{Before: b.from.Listing, After: b.from.Last, Offset: b.from.Bytes, Reached: b.reached}, err
}
