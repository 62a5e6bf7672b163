package source

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// tarball reads a tar file member by member; it is never held in memory.
func tarball(path string) (*Source, error) {
	count := 0
	err := members(path, func(_ *tar.Header, r io.Reader) (bool, error) {
		count++
		_, err := io.Copy(io.Discard, r) // a tarball that was cut is refused before anything is sent
		return true, err
	})
	if err != nil {
		return nil, fmt.Errorf("alerts: %s: %w", path, err)
	}
	if count == 0 {
		return nil, fmt.Errorf("alerts: the tarball %s holds no .avro file", path)
	}
	return &Source{Name: path, Count: count, Packets: func(yield func(Packet, error) bool) {
		err := members(path, func(h *tar.Header, r io.Reader) (bool, error) {
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

// members visits the .avro files of a tarball until visit says stop.
func members(path string, visit func(*tar.Header, io.Reader) (more bool, err error)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var content io.Reader = bufio.NewReaderSize(f, 1<<20)
	if !strings.HasSuffix(path, ".tar") {
		if content, err = gzip.NewReader(content); err != nil {
			return err
		}
	}
	for archive := tar.NewReader(content); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
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
