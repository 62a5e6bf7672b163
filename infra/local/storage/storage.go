// Package storage serves the part of the Google Cloud Storage JSON API that
// Nightwire uses, and that a person meets first, on plain files, so that the
// unchanged client (cloud.google.com/go/storage with STORAGE_EMULATOR_HOST)
// works on one machine without credentials or a network.
//
// In: HTTP requests for buckets, objects and notification configurations. Out:
// the real service's JSON, and, for each new object that a configuration asks
// for, a Pub/Sub message through a [Publisher]. The caller is the local stack.
// What the server does not support is refused by name with the real service's
// error, never ignored. Access control does not exist here: every caller may do
// everything.
//
// # On disk
//
// A bucket is a folder:
//
//	journal.jsonl   every change of the bucket, one JSON line each, in order
//	objects/        the contents, under their names, to be browsed by people
//	staging/        contents that are still arriving
//
// The journal is all that the server knows: what it holds in memory is where
// the line of each object lies, and it learns that by reading the lines again.
//
// # The life of an object
//
// The content arrives in a file in staging, and is complete there before the
// object exists. Then, one writer at a time, the preconditions are checked, a
// line is appended to the journal, the file is renamed to its name, and only
// now the object can be seen. A process that dies in between leaves either
// nothing or a last line whose rename is made good when the folder is next
// opened. The same line is the pending notification: each configuration has a
// sender, which goes from line to line and appends one that says how far
// Pub/Sub has accepted its messages. So an object and its notification are one
// write, and neither can be had without the other.
//
// An object that is composed of others is a copy of their contents, and arrives
// as any other does.
//
// The journal only grows; an archive whose objects are written once loses
// nothing by that. Resumable uploads end a week after their last chunk, or with
// the process.
//
// Nothing is flushed with fsync: what was acknowledged survives the death of
// the process at any moment, not that of the machine. The folder belongs to
// one process at a time, on a file system that tells upper from lower case.
package storage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"sync"
)

// Options says where a server keeps its files and what it talks to.
type Options struct {
	// Dir holds one folder a bucket. The first bucket makes it.
	Dir string

	// Publisher takes the notifications. There must be one.
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
	running context.Context
	stop    context.CancelFunc
	senders sync.WaitGroup
	uploads sync.Map // the resumable ones under way: *upload, by id

	mu      sync.RWMutex
	buckets map[string]*bucket
}

// Open reads the folder, mends what a killed process left half done, and starts
// sending the notifications that are still pending.
func Open(options Options) (*Server, error) {
	options.Logger = cmp.Or(options.Logger, slog.Default())
	options.URL = cmp.Or(options.URL, "https://www.googleapis.com")
	s := &Server{options: options, buckets: map[string]*bucket{}}
	s.running, s.stop = context.WithCancel(context.Background())
	if err := s.openBuckets(); err != nil {
		return nil, errors.Join(fmt.Errorf("open storage %s: %w", options.Dir, err), s.Close())
	}
	return s, nil
}

func (s *Server) openBuckets() error {
	journals, err := fs.Glob(os.DirFS(s.options.Dir), "*/"+journalFile)
	if err != nil {
		return err
	}
	for _, journal := range journals {
		b, err := s.openBucket(path.Dir(journal))
		if err != nil {
			return fmt.Errorf("bucket %s: %w", path.Dir(journal), err)
		}
		if b.resource.Name == "" { // its making ended before its first line
			_ = b.journal.file.Close()
			continue
		}
		s.buckets[b.resource.Name] = b
	}
	return nil
}

// Pending is the number of notifications that Pub/Sub has not yet accepted.
func (s *Server) Pending() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	pending := 0
	for _, b := range s.buckets {
		b.mu.Lock()
		for _, sender := range b.senders {
			pending += len(sender.queue)
		}
		b.mu.Unlock()
	}
	return pending
}

// Close stops the senders and closes the files. Requests should have ended:
// shut the HTTP server down first. A later one fails, as a fault of ours that
// clients try again; no bucket is said to be absent. Pending notifications are
// sent by the next server that opens the folder.
func (s *Server) Close() error {
	s.stop()
	s.senders.Wait()
	for _, u := range s.uploads.Range {
		u.(*upload).forget()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, b := range s.buckets {
		errs = append(errs, b.journal.file.Close())
	}
	return errors.Join(errs...)
}
