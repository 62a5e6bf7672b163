package tarball

import (
	"archive/tar"
	"path"
	"strconv"
	"strings"
	"time"

	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/origin"
)

// Entry is one line of a tarball's index, in JSON.
type Entry struct {
	Name     string `json:"name"` // in the tarball
	ObjectID string `json:"objectId"`
	Candid   string `json:"candid"` // in decimal, as text, which no reader rounds
	Size     int64  `json:"size"`   // of the file, in bytes
	Offset   int64  `json:"offset"` // of the member's header in the uncompressed tar
	Gzip     int64  `json:"gzip"`   // where in the .tar.gz the gzip member begins that holds the file
	Inside   int64  `json:"inside"` // where in that gzip member, uncompressed, the file begins

	Object string         `json:"object"` // the file's name in the archive
	SHA256 string         `json:"sha256"` // of the packet as the survey sent it
	Kafka  map[string]any `json:"kafka,omitempty"`
}

// inFolders says whether each schema version has a folder in the tarball.
func (n *night) inFolders() bool { return len(n.versions) > 1 }

// member is the name of a file in the tarball.
func (n *night) member(f file) string {
	if folder, _, _ := strings.Cut(f.name, "/"); n.inFolders() {
		return folder + "/" + path.Base(f.name)
	}
	return path.Base(f.name)
}

// header is the member's header. The owner is nobody; the time is that of the
// observation, to the second, and without one the night's.
func (n *night) header(f file) *tar.Header {
	observed := n.began
	if mjd, err := strconv.ParseFloat(f.metadata["mjd"], 64); err == nil {
		if t := alert.Time(mjd); t.Unix() > 0 {
			observed = t.Truncate(time.Second)
		}
	}
	return &tar.Header{
		Typeflag: tar.TypeReg, Name: n.member(f), Size: f.size, Mode: 0o644, ModTime: observed, Format: tar.FormatUSTAR,
	}
}

// entry is the file's line in the index, but for its place in the tarball.
func (n *night) entry(f file) Entry {
	object := path.Base(path.Dir(f.name))
	candid, _, _ := strings.Cut(path.Base(f.name), ".")
	e := Entry{
		Name: n.member(f), ObjectID: object, Candid: candid, Size: f.size,
		Object: f.name, SHA256: f.metadata["sha256"],
	}
	if from, err := origin.Parse(f.metadata); err == nil {
		e.Kafka = from.Columns()
	}
	return e
}

// sumLine is what sha256sum writes of the tarball.
func (n *night) sumLine(sha256 string) string {
	return sha256 + "  " + path.Base(n.Resources.TarballObject(n.day)) + "\n"
}

func (n *night) folder() string { return names.TarballFolder(n.day) }
