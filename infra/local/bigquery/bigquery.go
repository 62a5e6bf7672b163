// Package bigquery is BigQuery on one machine: the REST API and the Storage
// Write API, spoken on loopback by a server that keeps its tables in DuckDB.
//
// What enters are the calls of the unchanged clients cloud.google.com/go/bigquery
// and its managedwriter, given the server's addresses by option.WithEndpoint;
// what leaves are the service's answers, with its error codes and reasons. The
// local stack starts one server; the functions and the command line call it.
//
// A dataset is a DuckDB schema and a table a DuckDB table. The resources that
// clients set (schemas, descriptions, partitioning, clustering) are kept in the
// same database, changed in the same transaction as the table itself, so a
// crash cannot part them. An append is answered once its transaction is on
// disk; appends that wait for a commit share the next one.
//
// Partitioning, clustering and keys are kept and given back but steer nothing:
// no partition expires here. What the server does not do it refuses by name. SQL
// that defines tables goes the way of the REST API's calls.
//
// Where its answers are known to differ from the service's, the README of local
// says so.
package bigquery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"cloud.google.com/go/bigquery/storage/apiv1/storagepb"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
)

// Options say where the server keeps its data and what it may use.
type Options struct {
	Dir      string       // holds the database and what queries spill
	Project  string       // the only project served
	Location string       // where datasets are said to be; "US" if empty
	Storage  string       // host:port of the Cloud Storage that load jobs read; they are refused if empty
	MemoryMB int          // DuckDB's; 512 if zero. The process uses more.
	Threads  int          // DuckDB's; 2 if zero
	Logger   *slog.Logger // the default logger if nil
}

// Server is a BigQuery project on one machine.
type Server struct {
	options   Options
	log       *slog.Logger
	db        *database
	catalogue *catalogue
	jobs      *jobs
	committer *committer
	web       *http.Client // to Cloud Storage
	rest      *http.Server
	calls     sync.RWMutex // each call of REST reads it; Close locks it for good
	write     *grpc.Server
}

// Open opens the database in the options' directory, or makes it.
func Open(o Options) (*Server, error) {
	if o.Dir == "" || o.Project == "" {
		return nil, errors.New("open bigquery: the directory and the project must be named")
	}
	o.Location, o.MemoryMB, o.Threads = cmp.Or(o.Location, "US"), cmp.Or(o.MemoryMB, 512), cmp.Or(o.Threads, 2)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("open bigquery: %w", err)
	}
	db, err := openDatabase(o)
	if err != nil {
		return nil, fmt.Errorf("open bigquery: %w", err)
	}
	s := &Server{options: o, log: o.Logger, db: db, web: &http.Client{Transport: &http.Transport{}}}
	if s.catalogue, err = loadCatalogue(context.Background(), db, o.Project); err != nil {
		return nil, errors.Join(fmt.Errorf("open bigquery: %w", err), db.Close())
	}
	s.committer = newCommitter(s)
	s.jobs = newJobs(s)
	s.rest = &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
	s.write = grpc.NewServer(grpc.MaxRecvMsgSize(maxAppend), grpc.WaitForHandlers(true))
	storagepb.RegisterBigQueryWriteServer(s.write, &writeService{Server: s})
	return s, nil
}

// maxAppend is the service's limit on one append, with room for its envelope.
const maxAppend = 20 << 20

// Serve answers REST on one listener and gRPC on the other until Close, or until
// the database is broken. All that was acknowledged is on disk then, and there
// for the next process.
func (s *Server) Serve(rest, write net.Listener) error {
	both, failed := errgroup.WithContext(context.Background())
	both.Go(func() error { return s.rest.Serve(rest) })
	both.Go(func() error { return s.write.Serve(write) })
	both.Go(func() error {
		select {
		case err := <-s.db.broken:
			return err
		case <-failed.Done():
			return nil
		}
	})
	context.AfterFunc(failed, s.stop)
	if err := both.Wait(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve bigquery: %w", err)
	}
	return nil
}

func (s *Server) stop() {
	s.write.Stop()
	_ = s.rest.Close()
}

// Close ends the calls in flight and closes the database.
func (s *Server) Close() error {
	s.stop()
	s.calls.Lock()
	s.committer.close()
	s.jobs.close()
	s.web.CloseIdleConnections()
	return s.db.Close()
}
