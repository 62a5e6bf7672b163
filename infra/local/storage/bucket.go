package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
)

// What lies in a bucket's folder.
const (
	settingsFile  = "bucket.json"
	journalFile   = "journal.jsonl"
	cursorPrefix  = "cursor-"
	objectsFolder = "objects"
	asideFolder   = "aside"
	stagingFolder = "staging"
)

// environment is what a bucket uses of the server.
type environment struct {
	clock     *clock
	publisher Publisher
	url       string
	log       *slog.Logger
}

// bucket is one folder of objects. Changes happen one at a time, under the
// lock; the bytes of contents are moved outside it.
type bucket struct {
	environment
	dir string

	mu        sync.RWMutex
	settings  settings
	journal   *journal
	catalogue catalogue
	senders   map[string]*sender
	retired   bool // the bucket is being removed
}

// makeBucket writes the folder of a new bucket.
func makeBucket(dir string, s settings) error {
	for _, folder := range []string{objectsFolder, asideFolder, stagingFolder} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o777); err != nil {
			return err
		}
	}
	return writeSettings(dir, s)
}

// writeSettings replaces the settings as a whole.
func writeSettings(dir string, s settings) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, settingsFile)
	if err := os.WriteFile(path+".new", text, 0o666); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func readSettings(dir string) (settings, error) {
	var s settings
	text, err := os.ReadFile(filepath.Join(dir, settingsFile))
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("%s: %w", settingsFile, err)
	}
	return s, nil
}

// openBucket reads a bucket's folder and finishes what was interrupted.
func openBucket(dir string, env environment) (*bucket, error) {
	b := &bucket{
		environment: env,
		dir:         dir,
		catalogue:   catalogue{entries: map[string]entry{}},
		senders:     map[string]*sender{},
	}
	var err error
	if b.settings, err = readSettings(dir); err != nil {
		return nil, err
	}
	for _, n := range b.settings.Notifications {
		if err := b.addSender(n); err != nil {
			return nil, errors.Join(err, b.close())
		}
	}
	if err := b.replay(); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

// replay reads the journal into the catalogue, counts what the senders still
// have to send, and completes the last change. Earlier ones are complete, for
// a change begins when the one before it has ended.
func (b *bucket) replay() error {
	var last *record
	var err error
	b.journal, err = openJournal(filepath.Join(b.dir, journalFile), func(r record, at span) error {
		b.catalogue.apply(r, at)
		b.clock.atLeast(r.Sequence)
		for _, s := range b.senders {
			s.replay(r, at)
		}
		last = &r
		return nil
	})
	if err != nil {
		return err
	}
	if last != nil {
		if err := b.apply(*last); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("complete the last change: %w", err)
		}
	}
	return b.clearStaging()
}

// clearStaging removes the contents whose uploads did not end.
func (b *bucket) clearStaging() error {
	staging := filepath.Join(b.dir, stagingFolder)
	if err := os.RemoveAll(staging); err != nil {
		return err
	}
	return os.Mkdir(staging, 0o777)
}

// change writes a record, does what it says to the files, and lets it be seen.
// The caller holds the lock.
func (b *bucket) change(r record) error {
	if b.retired {
		return notFound("The specified bucket does not exist.")
	}
	at, err := b.journal.write(r)
	if err != nil {
		return err
	}
	if err := b.apply(r); err != nil {
		return errors.Join(err, b.journal.discard())
	}
	b.journal.keep(at)
	b.catalogue.apply(r, at)
	for _, s := range b.senders {
		s.notice(r)
	}
	return nil
}

// apply does to the files what a record says.
func (b *bucket) apply(r record) error {
	switch r.Event {
	case finalize:
		return os.Rename(filepath.Join(b.dir, stagingFolder, r.Staged), b.contentPath(r.Object.Name, r.Aside))
	case deletion:
		path := b.contentPath(r.Object.Name, r.Aside)
		if err := os.Remove(path); err != nil {
			return err
		}
		b.removeEmptyFolders(filepath.Dir(path))
	}
	return nil
}

// contentPath is where an object's content lies.
func (b *bucket) contentPath(name string, aside bool) string {
	if place, ok := naturalPlace(name); ok && !aside {
		return filepath.Join(b.dir, objectsFolder, place)
	}
	return filepath.Join(b.dir, asideFolder, asidePlace(name))
}

// makeRoom makes the folder for a new object and says whether it has to go
// aside, because its natural place is a folder or below a file.
func (b *bucket) makeRoom(name string) (aside bool) {
	if _, ok := naturalPlace(name); !ok {
		return true
	}
	path := b.contentPath(name, false)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return true
	}
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// removeEmptyFolders climbs from a folder until one is still in use.
func (b *bucket) removeEmptyFolders(dir string) {
	for dir != filepath.Join(b.dir, objectsFolder) && dir != filepath.Join(b.dir, asideFolder) {
		if os.Remove(dir) != nil {
			return
		}
		dir = filepath.Dir(dir)
	}
}

func (b *bucket) startSenders(ctx context.Context) {
	for _, s := range b.senders {
		s.start(ctx)
	}
}

func (b *bucket) pending() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	pending := 0
	for _, s := range b.senders {
		pending += int(s.waiting.Load())
	}
	return pending
}

// retire ends the bucket's life unless it still holds objects. Requests that
// found the bucket before it was removed change nothing in it any more.
func (b *bucket) retire(c conditions) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := c.check(0, b.settings.Bucket.Metageneration); err != nil {
		return err
	}
	if len(b.catalogue.entries) > 0 {
		return conflict("The bucket you tried to delete is not empty.")
	}
	b.retired = true
	return nil
}

func (b *bucket) close() error {
	var errs []error
	for _, s := range b.senders {
		errs = append(errs, s.stop())
	}
	if b.journal != nil {
		errs = append(errs, b.journal.close())
	}
	return errors.Join(errs...)
}
