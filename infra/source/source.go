// Package source is where alerts come from when no survey sends them: a
// folder, a file or a tarball of Avro files, or a synthetic night. What leaves
// are the packets' bytes as they are, in a fixed order. The command line feeds
// them to Kafka.
package source

import (
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Packet is one alert packet.
type Packet struct {
	Name  string // of its file, for messages
	Bytes []byte
}

// Source is a number of packets that can be read again and again.
type Source struct {
	Name    string // for people
	Count   int
	Packets iter.Seq2[Packet, error]
}

// Open finds the packets at a path: a folder with .avro files at any depth, an
// .avro file, or a .tar, .tar.gz or .tgz with .avro files.
func Open(path string) (*Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("alerts: %w", err)
	}
	switch {
	case info.IsDir():
		return folder(path)
	case isTar(path):
		return tarball(path)
	case isAvro(path):
		return files(path, []string{path}), nil
	default:
		return nil, fmt.Errorf("alerts: %s is none of a folder, an .avro file, a .tar, a .tar.gz", path)
	}
}

func isAvro(name string) bool {
	return strings.HasSuffix(name, ".avro") && !strings.HasPrefix(filepath.Base(name), ".")
}

func isTar(name string) bool {
	return slices.ContainsFunc([]string{".tar", ".tar.gz", ".tgz"}, func(end string) bool { return strings.HasSuffix(name, end) })
}

func folder(path string) (*Source, error) {
	var found []string
	err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && isAvro(name) {
			found = append(found, name)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("alerts: %w", err)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("alerts: the folder %s holds no .avro file", path)
	}
	return files(path, found), nil
}

func files(name string, paths []string) *Source {
	return &Source{Name: name, Count: len(paths), Packets: func(yield func(Packet, error) bool) {
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if !yield(Packet{Name: path, Bytes: content}, err) || err != nil {
				return
			}
		}
	}}
}
