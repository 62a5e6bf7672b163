package storage

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// What lies in a bucket's folder.
const (
	journalFile   = "journal.jsonl"
	objectsFolder = "objects"
	stagingFolder = "staging"
)

// bucket is one folder of objects. Changes happen one at a time, under the
// lock; the bytes of contents are moved outside it.
type bucket struct {
	server *Server
	dir    string

	mu       sync.Mutex
	journal  *journal
	resource bucketResource
	entries  map[string]entry   // the live objects, by name
	names    []string           // of all of them, in order; nil if they must be sorted again
	senders  map[string]*sender // one a notification configuration, by its id
	lastID   int                // of a configuration; none is used twice
	clock    int64              // of the last change, in microseconds since 1970
}

// entry is what is kept in memory of a live object. All else is in the journal.
type entry struct {
	last       span // its last change
	generation int64
}

// openBucket reads a bucket's folder, which it makes if there is none, and
// finishes what was interrupted.
func (s *Server) openBucket(name string) (*bucket, error) {
	b := &bucket{server: s, dir: filepath.Join(s.options.Dir, name), entries: map[string]entry{}, senders: map[string]*sender{}}
	if err := os.MkdirAll(b.path(objectsFolder), 0o777); err != nil {
		return nil, err
	}
	var last *change
	var err error
	b.journal, err = openJournal(b.path(journalFile), func(r record, at span) {
		b.apply(r, at)
		if r.Change != nil {
			last = r.Change
		}
	})
	if err != nil {
		return nil, err
	}
	if err := b.recover(last); err != nil {
		return nil, errors.Join(err, b.journal.file.Close())
	}
	for _, sender := range b.senders {
		sender.start()
	}
	return b, nil
}

// recover completes the last change. Earlier ones are complete, for a change
// begins when the one before it has ended. Uploads that had not ended go.
func (b *bucket) recover(last *change) error {
	if err := b.move(last); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("complete the last change: %w", err)
	}
	staging := b.path(stagingFolder)
	return errors.Join(os.RemoveAll(staging), os.Mkdir(staging, 0o777))
}

// path is where something lies in the bucket's folder.
func (b *bucket) path(elements ...string) string {
	return filepath.Join(append([]string{b.dir}, elements...)...)
}

// commit writes a record, does what it says to the files, and lets it be seen.
// The caller holds the lock.
func (b *bucket) commit(r record) error {
	at, err := b.journal.append(r)
	if err != nil {
		return err
	}
	if err := b.move(r.Change); err != nil {
		return errors.Join(err, b.journal.cut(at))
	}
	b.apply(r, at)
	return nil
}

// move does to the files what a change says.
func (b *bucket) move(c *change) error {
	if c == nil {
		return nil
	}
	file := b.file(c.Object.Name)
	switch {
	case c.Deleted:
		return b.remove(file)
	case c.Staged == "":
		return nil
	}
	err := os.MkdirAll(filepath.Dir(file), 0o777)
	if err == nil {
		err = os.Rename(b.path(stagingFolder, c.Staged), file)
	}
	if err != nil {
		b.prune(file)
	}
	return err
}

// remove removes a content, and the folders that it leaves empty. People may
// have been before us: what is gone already is no error.
func (b *bucket) remove(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	b.prune(file)
	return nil
}

// prune removes the folders above a file that is gone, or never came, as far as
// they are empty.
func (b *bucket) prune(file string) {
	for folder := filepath.Dir(file); folder != b.path(objectsFolder); folder = filepath.Dir(folder) {
		if err := syscall.Rmdir(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return // others are in it, or it is none
		}
	}
}

// apply takes over a record, be it new or read again at the start.
func (b *bucket) apply(r record, at span) {
	switch {
	case r.Bucket != nil:
		b.resource = *r.Bucket
	case r.Notification != nil:
		b.lastID++
		b.senders[r.Notification.ID] = newSender(b, *r.Notification)
	case r.Forgotten != "":
		delete(b.senders, r.Forgotten)
	case r.Told != "":
		if s, ok := b.senders[r.Told]; ok {
			s.told(r.UpTo)
		}
	case r.Change != nil:
		b.applyChange(r.Change, at)
	}
}

func (b *bucket) applyChange(c *change, at span) {
	name := c.Object.Name
	b.clock = c.Object.Updated.UnixMicro()
	if c.Deleted {
		delete(b.entries, name)
	} else {
		b.entries[name] = entry{at, c.Object.Generation}
	}
	if c.Deleted || c.Replaced == 0 {
		b.names = nil
	}
	for _, s := range b.senders {
		s.notice(c, at)
	}
}

// tick is the time of a change, and the generation of an object that it makes:
// microseconds since 1970, as the real service's generations look, and always
// above those before.
func (b *bucket) tick() (int64, time.Time) {
	now := max(b.clock+1, time.Now().UnixMicro())
	return now, time.UnixMicro(now).UTC()
}

// file is where the content of an object lies.
func (b *bucket) file(name string) string {
	return b.path(objectsFolder, place(name))
}

// What a file system takes, in bytes. It cannot be asked beforehand: of a path
// whose first folder is not there yet it says only that.
const (
	maxElementBytes = 255
	maxPathBytes    = 4095
)

// checkPlace refuses a name under which there can be no file.
func (b *bucket) checkPlace(name string) error {
	file := b.file(name)
	long := func(element string) bool { return len(element) > maxElementBytes }
	info, err := os.Lstat(file)
	if err == nil && info.IsDir() || errors.Is(err, syscall.ENOTDIR) ||
		len(file) > maxPathBytes || slices.ContainsFunc(strings.Split(place(name), "/"), long) {
		return unsupported("an object above or beneath another, or of a name too long for a file: " + name)
	}
	return nil
}

// emptyElement stands for the nothing between two slashes: a percent sign that
// no hexadecimal digits follow.
const emptyElement = "%"

// place is the path, below the objects folder, under which people find the
// object: its name, with what a path element cannot be or hold written as %XX.
// The path is local, and no two names share one.
func place(name string) string {
	elements := strings.Split(name, "/")
	for i, element := range elements {
		element = cmp.Or(url.PathEscape(element), emptyElement)
		if element[0] == '.' {
			element = "%2E" + element[1:]
		}
		elements[i] = element
	}
	return filepath.Join(elements...)
}
