package models

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io/fs"
)

// inMemory is a folder that is not on a disk: its files by their paths. The
// zip archive of the standard library is one.
func inMemory(files map[string][]byte) (fs.FS, error) {
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for path, content := range files {
		f, err := w.CreateHeader(&zip.FileHeader{Name: path, Method: zip.Store})
		if err != nil {
			return nil, fmt.Errorf("make folder in memory: %s: %w", path, err)
		}
		if _, err := f.Write(content); err != nil {
			return nil, fmt.Errorf("make folder in memory: %s: %w", path, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("make folder in memory: %w", err)
	}
	folder, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	if err != nil {
		return nil, fmt.Errorf("make folder in memory: %w", err)
	}
	return folder, nil
}
