package source

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// tarball reads a tar file member by member; it is never held in memory. Where
// the file that sha256sum makes of it lies beside it, as it does beside the
// tarballs that Nightwire makes, its digest has to be that.
func tarball(path string) (*Source, error) {
	count, sum := 0, sha256.New()
	err := members(path, sum, func(_ *tar.Header, r io.Reader) (bool, error) {
		count++
		_, err := io.Copy(io.Discard, r) // a tarball that was cut is refused before anything is sent
		return true, err
	})
	if err != nil {
		return nil, fmt.Errorf("alerts: %s: %w", path, err)
	}
	if err := compare(path, hex.EncodeToString(sum.Sum(nil))); err != nil {
		return nil, fmt.Errorf("alerts: %w", err)
	}
	if count == 0 {
		return nil, fmt.Errorf("alerts: the tarball %s holds no .avro file", path)
	}
	return &Source{Name: path, Count: count, Packets: func(yield func(Packet, error) bool) {
		err := members(path, io.Discard, func(h *tar.Header, r io.Reader) (bool, error) {
			content, err := io.ReadAll(r)
			if err != nil {
				return false, err
			}
			return yield(Packet{Name: h.Name, Bytes: content}, nil), nil
		})
		if err != nil {
			yield(Packet{}, fmt.Errorf("alerts: %s: %w", path, err))
		}
	}}, nil
}

// compare says whether a digest is that of the file beside a tarball, if there
// is one.
func compare(path, sum string) error {
	beside := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(path, ".tgz"), ".gz"), ".tar") + ".sha256"
	line, err := os.ReadFile(beside)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if want, _, _ := strings.Cut(string(line), " "); strings.TrimSpace(want) != sum {
		return fmt.Errorf("%s is not the file that %s is of: its SHA-256 is %s", path, filepath.Base(beside), sum)
	}
	return nil
}

// members visits the .avro files of a tarball until visit says stop, and copies
// the bytes of a tarball that it reads to its end.
func members(path string, copied io.Writer, visit func(*tar.Header, io.Reader) (more bool, err error)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	raw := bufio.NewReaderSize(io.TeeReader(f, copied), 1<<20)
	var content io.Reader = raw
	if !strings.HasSuffix(path, ".tar") {
		if content, err = gzip.NewReader(content); err != nil {
			return err
		}
	}
	for archive := tar.NewReader(content); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			_, err := io.Copy(io.Discard, raw) // what may follow the end of the tar
			return err
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg || !isAvro(h.Name) {
			continue
		}
		if more, err := visit(h, archive); err != nil || !more {
			return err
		}
	}
}
