// Package storage serves the part of the Google Cloud Storage JSON API that
// Nightwire's production code uses, on plain files, so that the unchanged
// client (cloud.google.com/go/storage with STORAGE_EMULATOR_HOST) works on one
// machine without credentials or a network.
//
// In: HTTP requests for buckets, objects and notification configurations. Out:
// the real service's JSON, and, for each change of an object that a
// notification configuration asks for, a Pub/Sub message through a [Publisher].
// The caller is the local stack. What the server does not support is refused
// by name with the real service's error, never ignored. Access control does not
// exist here: every caller may do everything.
//
// # On disk
//
// A bucket is a folder:
//
//	bucket.json     the bucket and its notification configurations
//	journal.jsonl   every change of every object, one JSON line each, in order
//	cursor-<id>     how far a notification configuration has been served
//	objects/        the contents, under their names, to be browsed by people
//	aside/          the contents whose names no file system can carry
//	staging/        contents that are still arriving
//
// # The life of an object
//
// The content arrives in a file in staging, and is complete there before the
// object exists. Then, one writer at a time, the preconditions are checked, a
// line is appended to the journal, the file is renamed to its name, and only
// now the object can be seen. A process that dies in between leaves either
// nothing or a last line whose rename is made good when the folder is next
// opened. The same line is the pending notification: a sender for each
// configuration follows the journal behind its cursor and moves the cursor once
// Pub/Sub has accepted the message. So an object and its notification are one
// write, and neither can be had without the other.
//
// An object that is composed of others is a copy of their contents, and arrives
// as any other does.
//
// The journal only grows; an archive whose objects are written once loses
// nothing by that. Resumable uploads end with the process.
//
// Nothing is flushed with fsync: what was acknowledged survives the death of
// the process at any moment, not that of the machine. The folder belongs to
// one process at a time, on a file system that tells upper from lower case.
package storage

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// Options says where a server keeps its files and what it talks to.
type Options struct {
	// Dir holds one folder a bucket. It is created if it is not there.
	Dir string

	// Publisher takes the notifications. Without one, notification
	// configurations are refused.
	Publisher Publisher

	// URL is the server's address as people and programs reach it, for the
	// links inside resources: "http://127.0.0.1:9023". The default is the real
	// service's address.
	URL string

	// Logger receives what nobody else is told, such as refused publishes. The
	// default is slog.Default.
	Logger *slog.Logger
}

// Server is the storage service over one folder.
type Server struct {
	options Options
	clock   clock
	running context.Context
	stop    context.CancelFunc

	mu      sync.RWMutex
	buckets map[string]*bucket

	uploads uploads
}

// Open reads the folder, mends what a killed process left half done, and starts
// sending the notifications that are still pending.
func Open(options Options) (*Server, error) {
	if options.Logger == nil {
		options.Logger = slog.Default()
	}
	if options.URL == "" {
		options.URL = "https://www.googleapis.com"
	}
	if err := os.MkdirAll(options.Dir, 0o777); err != nil {
		return nil, fmt.Errorf("open storage: %w", err)
	}
	s := &Server{options: options, buckets: map[string]*bucket{}}
	s.running, s.stop = context.WithCancel(context.Background())
	if err := s.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("open storage %s: %w", options.Dir, err), s.Close())
	}
	for _, b := range s.buckets {
		b.startSenders(s.running)
	}
	return s, nil
}

// Folders that a killed process may leave behind: a bucket that was being made,
// and one that was being removed. Bucket names never begin with a dot.
const (
	newPrefix     = ".new-"
	deletedPrefix = ".deleted-"
)

func (s *Server) load() error {
	folders, err := os.ReadDir(s.options.Dir)
	if err != nil {
		return err
	}
	for _, folder := range folders {
		path := filepath.Join(s.options.Dir, folder.Name())
		if strings.HasPrefix(folder.Name(), newPrefix) || strings.HasPrefix(folder.Name(), deletedPrefix) {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
			continue
		}
		if _, err := os.Stat(filepath.Join(path, settingsFile)); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		b, err := openBucket(path, s.environment())
		if err != nil {
			return fmt.Errorf("bucket %s: %w", folder.Name(), err)
		}
		s.buckets[folder.Name()] = b
	}
	return nil
}

// environment is what a bucket needs of its server.
func (s *Server) environment() environment {
	return environment{
		clock:     &s.clock,
		publisher: s.options.Publisher,
		url:       s.options.URL,
		log:       s.options.Logger,
	}
}

// Pending is the number of notifications that Pub/Sub has not yet accepted.
func (s *Server) Pending() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	pending := 0
	for _, b := range s.buckets {
		pending += b.pending()
	}
	return pending
}

// Close stops the senders and closes the files. Requests should have ended:
// shut the HTTP server down first. Pending notifications are sent by the next
// server that opens the folder.
func (s *Server) Close() error {
	s.stop()
	s.uploads.discardAll()
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, b := range s.buckets {
		errs = append(errs, b.close())
	}
	clear(s.buckets)
	return errors.Join(errs...)
}

// Handler serves the JSON API, uploads, and downloads at /bucket/object.
func (s *Server) Handler() http.Handler {
	return s.routes()
}

func (s *Server) bucket(name string) (*bucket, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	b, ok := s.buckets[name]
	if !ok {
		return nil, notFound("The specified bucket does not exist.")
	}
	return b, nil
}

func (s *Server) bucketNames() []string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	names := make([]string, 0, len(s.buckets))
	for name := range s.buckets {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func (s *Server) createBucket(name string, settings settings) (*bucket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, exists := s.buckets[name]; exists || slices.Contains(reservedBuckets, name) {
		return nil, conflict("The requested bucket name is not available. Please select a different name and try again.")
	}
	making := filepath.Join(s.options.Dir, fmt.Sprintf("%s%d", newPrefix, s.clock.next()))
	if err := makeBucket(making, settings); err != nil {
		return nil, err
	}
	path := filepath.Join(s.options.Dir, name)
	if err := os.Rename(making, path); err != nil {
		return nil, err
	}
	b, err := openBucket(path, s.environment())
	if err != nil {
		return nil, err
	}
	s.buckets[name] = b
	return b, nil
}

func (s *Server) deleteBucket(name string, conditions conditions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.buckets[name]
	if !ok {
		return notFound("The specified bucket does not exist.")
	}
	if err := b.retire(conditions); err != nil {
		return err
	}
	delete(s.buckets, name)
	removing := filepath.Join(s.options.Dir, fmt.Sprintf("%s%d", deletedPrefix, s.clock.next()))
	if err := os.Rename(b.dir, removing); err != nil {
		return err
	}
	return errors.Join(b.close(), os.RemoveAll(removing))
}
