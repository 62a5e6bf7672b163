// Package tarball makes one .tar.gz of all files of a night, as large as they
// may be, in little memory, and in as many attempts as it takes.
//
// The archive of a stream and a night (YYYY-MM-DD) enter. Four objects in the
// bucket of products leave: ztf_public_20260901.tar.gz, its SHA-256 as
// sha256sum writes it, an index with a line an alert ([Entry]), and what it was
// made of. The function tarball calls it, and so do infra's tests on the local
// Cloud Storage, which know no function.
//
// # The file
//
// The members are the files of the archive, byte for byte, in the order of
// their names there, which is that of the objects: <candid>.avro, in no folder,
// as other tarballs of ZTF have them; a conflict keeps the digest in its name.
// In a night with alerts of two schema versions each version has a folder, since
// both may have a candid. A member's time is that of the observation; owner,
// mode and compression are always the same. So the same files give the same
// bytes, whoever makes the tarball and however often he was interrupted (with
// the same release of Go, whose compressor may change with the next).
//
// The compressed file is a row of gzip members of some megabyte, which every
// reader takes for one stream (RFC 1952, section 2.2). One alert is had without
// the rest: read from where its entry says that the gzip member begins, gunzip,
// and take the alert's bytes.
//
//	curl -r $gzip- $url | gunzip | tail -c +$((inside + 1)) | head -c $size
//
// # How it is made
//
// The night is cut into parts of 32 MiB, each an object of its own that is
// written once, whole. A part's metadata says how far the tarball has come with
// it: the offsets, the state of SHA-256, and a digest of the listing of all
// files so far. That digest is also in its name, and each part names the one
// before it, so the parts form a chain that anybody can take up where it ends.
// When all parts are there, the night is listed again. A part whose files are
// not those that it was made of, because one came late, is made anew, and so are
// those behind it. Then the parts are composed into the tarball, and removed
// last.
//
// A process may die between any two requests, and two may do the same at once:
// an object is only ever written where its name says what is in it, or where its
// metadata can be compared with what is to be written.
package tarball

import (
	"context"
	"fmt"
	"time"

	"cloud.google.com/go/storage"
	"nightwire.dev/shared/names"
)

// Maker makes tarballs of one stream.
type Maker struct {
	Resources names.Resources
	Alerts    *storage.BucketHandle
	Products  *storage.BucketHandle

	// Sizes of another choice make other files. The zero value is the usual one.
	Sizes Sizes
}

// Sizes say where the tarball is cut: after the file with which so many bytes
// of tar are reached.
type Sizes struct {
	Part  int64 // an object, which is held in memory while it is made; 32 MiB
	Block int64 // a gzip member, the least that is read for one alert; 1 MiB
}

func (s Sizes) orUsual() Sizes {
	if s.Part <= 0 {
		s.Part = 32 << 20
	}
	if s.Block <= 0 {
		s.Block = 1 << 20
	}
	return s
}

// Outcome says what became of a night.
type Outcome string

// The outcomes.
const (
	Made       Outcome = "made"
	Unchanged  Outcome = "unchanged"  // it was there, of these very files
	Unfinished Outcome = "unfinished" // there was enough for now; the parts are kept
	Empty      Outcome = "empty"      // the night has no file, and so no tarball
)

// Result is the outcome, and the tarball as far as it has come.
type Result struct {
	Outcome Outcome
	Files   int64
	Bytes   int64
	SHA256  string // hexadecimal; of a tarball that is there
}

// NightError is a text that is no night.
type NightError struct{ Text string }

func (e *NightError) Error() string { return fmt.Sprintf("night %q: want YYYY-MM-DD", e.Text) }

// Permanent tells that trying again cannot help.
func (e *NightError) Permanent() bool { return true }

// Make makes the tarball of a night, or goes on with it until enough says so,
// which is asked after each part. Whoever calls again goes on from there.
func (m *Maker) Make(ctx context.Context, day string, enough func() bool) (Result, error) {
	began, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return Result{}, &NightError{day}
	}
	n := &night{Maker: m, day: day, began: began, sizes: m.Sizes.orUsual()}
	r, err := n.make(ctx, enough)
	if err != nil {
		return r, fmt.Errorf("tarball of %s: %w", day, err)
	}
	return r, nil
}

// night is a night whose tarball is being made.
type night struct {
	*Maker
	day      string
	began    time.Time
	sizes    Sizes
	versions []string // schema versions with files of the night
}

func (n *night) make(ctx context.Context, enough func() bool) (Result, error) {
	for {
		// Asked anew each time, as another instance may be ahead.
		if done, err := n.finished(ctx); err != nil || done != nil {
			return n.settle(ctx, done, Unchanged, err)
		}
		c, err := n.resume(ctx)
		if err != nil {
			return Result{}, err
		}
		if c.end().End {
			done, err := n.finish(ctx, c)
			return n.settle(ctx, done, Made, err)
		}
		at, err := n.extend(ctx, c.end(), enough)
		switch {
		case err != nil:
			return Result{}, err
		case at.Files == 0:
			return Result{Outcome: Empty}, nil
		case !at.End || enough():
			return Result{Outcome: Unfinished, Files: at.Files, Bytes: at.Bytes}, nil
		}
	}
}

// settle removes the parts of a tarball that is there.
func (n *night) settle(ctx context.Context, done *summary, outcome Outcome, err error) (Result, error) {
	if err == nil {
		err = n.sweep(ctx)
	}
	if err != nil {
		return Result{}, err
	}
	return Result{Outcome: outcome, Files: done.Files, Bytes: done.Bytes, SHA256: done.SHA256}, nil
}
