package models

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
)

// largestFile bounds a file of an archive; those of a model have a few MB.
const largestFile = 256 << 20

// unpack puts the files of an archive into one folder, whatever folders they
// are in there: a model is one folder of files. Two of one name are refused.
func unpack(archive, folder string) error {
	packed, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer packed.Close()
	unzipped, err := gzip.NewReader(packed)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	seen := map[string]bool{}
	for files := tar.NewReader(unzipped); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		name := path.Base(header.Name)
		if header.Typeflag != tar.TypeReg || name[0] == '.' {
			continue
		}
		switch {
		case seen[name]:
			return fmt.Errorf("there are two files %s", name)
		case header.Size > largestFile:
			return fmt.Errorf("%s has %d bytes: want at most %d", name, header.Size, largestFile)
		}
		seen[name] = true
		if err := save(filepath.Join(folder, name), files); err != nil {
			return err
		}
	}
	if len(seen) == 0 {
		return errors.New("there are no files in it")
	}
	return nil
}

// save writes a file, which has its name only once it is complete.
func save(target string, content io.Reader) error {
	out, err := os.Create(target + partEnd)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, content)
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return errors.Join(err, os.Remove(out.Name()))
	}
	return os.Rename(out.Name(), target)
}
