package main

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// epoch is the time of every file in the archive: the first that ZIP can say.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// pack writes the folder's files into a ZIP archive and returns the SHA-256 of
// it. Names are in order, times and rights are fixed: nothing in the archive
// tells when, where or by whom it was made.
func pack(folder, archive string) (digest string, err error) {
	file, err := os.Create(archive)
	if err != nil {
		return "", fmt.Errorf("pack %s: %w", folder, err)
	}
	sum := sha256.New()
	out := zip.NewWriter(io.MultiWriter(file, sum))
	err = errors.Join(addAll(out, folder), out.Close(), file.Close())
	if err != nil {
		return "", fmt.Errorf("pack %s: %w", folder, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func addAll(out *zip.Writer, folder string) error {
	return filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		return add(out, filepath.ToSlash(name), path)
	})
}

func add(out *zip.Writer, name, path string) error {
	header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: epoch}
	header.SetMode(0o644)
	to, err := out.CreateHeader(header)
	if err != nil {
		return err
	}
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	_, err = io.Copy(to, from)
	return err
}
