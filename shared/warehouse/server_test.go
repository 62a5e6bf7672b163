package warehouse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/bigquery/storage/apiv1/storagepb"
	"go.uber.org/goleak"
	bigqueryapi "google.golang.org/api/bigquery/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"
	"nightwire.dev/schemas"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The client's statistics worker lives as long as the process.
		goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"),
		// A writer that reconnects lets its old connection drain for 20 seconds.
		goleak.IgnoreAnyFunction("cloud.google.com/go/bigquery/storage/managedwriter.(*connection).getStream.func1"),
		// It tries requests again that were on their way when it was closed.
		goleak.IgnoreAnyFunction("cloud.google.com/go/bigquery/storage/managedwriter.(*ManagedStream).processRetry"))
}

// server is a BigQuery that keeps tables in memory. Its REST part makes, shows
// and alters them; its gRPC part hands each request for rows to the test,
// which decides what becomes of it.
type server struct {
	storagepb.UnimplementedBigQueryWriteServer
	rest     *httptest.Server
	write    net.Listener
	received chan *request

	mu     sync.Mutex
	tables map[string]*bigqueryapi.Table
	calls  []string // of REST: the method, and If-Match where there is one
	before map[string]func()
	answer func(sql string) (count int64, refusal string) // to a query
	rows   []map[string]any
}

func newServer(t *testing.T) *server {
	t.Helper()
	s := &server{
		received: make(chan *request), tables: map[string]*bigqueryapi.Table{}, before: map[string]func(){},
	}
	mux := http.NewServeMux()
	const path = "/bigquery/v2/projects/p/datasets/d/tables"
	mux.HandleFunc("GET "+path+"/{table}", s.locked(s.get))
	mux.HandleFunc("POST "+path, s.locked(s.insert))
	mux.HandleFunc("PATCH "+path+"/{table}", s.locked(s.patch))
	mux.HandleFunc("POST /bigquery/v2/projects/p/queries", s.query)
	mux.HandleFunc("GET /bigquery/v2/projects/p/queries/{job}", s.results)
	s.rest = httptest.NewServer(mux)
	t.Cleanup(s.rest.Close)

	var err error
	if s.write, err = new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer(grpc.MaxRecvMsgSize(10 << 20))
	storagepb.RegisterBigQueryWriteServer(g, s)
	served := make(chan error, 1)
	go func() { served <- g.Serve(s.write) }()
	t.Cleanup(func() {
		g.Stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return s
}

// open connects to the server until the test ends.
func (s *server) open(t *testing.T) *Warehouse {
	t.Helper()
	w := s.connect(t)
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// connect connects to the server with the clients that production uses.
func (s *server) connect(t *testing.T) *Warehouse {
	t.Helper()
	c := Config{Endpoint: s.rest.URL, WriteEndpoint: s.write.Addr().String()}
	w, err := Open(context.Background(), c, "p", "d", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// table opens a table and makes it where it is absent.
func (s *server) table(t *testing.T, definition schemas.Table) *Table {
	t.Helper()
	table, err := s.open(t).Table(limited(t), definition)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// locked runs a REST call alone, after what the test wants to happen before.
func (s *server) locked(handle func(http.ResponseWriter, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		call := r.Method
		if match := r.Header.Get("If-Match"); match != "" {
			call += " " + match
		}
		s.calls = append(s.calls, call)
		if before := s.before[r.Method]; before != nil {
			delete(s.before, r.Method)
			before()
		}
		handle(w, r)
	}
}

func (s *server) get(w http.ResponseWriter, r *http.Request) {
	table, ok := s.tables[r.PathValue("table")]
	if !ok {
		refuse(w, http.StatusNotFound, "notFound")
		return
	}
	answer(w, table)
}

func (s *server) insert(w http.ResponseWriter, r *http.Request) {
	table := new(bigqueryapi.Table)
	if err := json.NewDecoder(r.Body).Decode(table); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	if _, ok := s.tables[table.TableReference.TableId]; ok {
		refuse(w, http.StatusConflict, "duplicate")
		return
	}
	s.put(table.TableReference.TableId, table)
	answer(w, table)
}

func (s *server) patch(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("table")
	table := s.tables[name]
	if match := r.Header.Get("If-Match"); match != table.Etag {
		refuse(w, http.StatusPreconditionFailed, "conditionNotMet")
		return
	}
	if err := json.NewDecoder(r.Body).Decode(table); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	s.put(name, table)
	answer(w, table)
}

// put keeps a table under a new etag.
func (s *server) put(name string, table *bigqueryapi.Table) {
	version := 1
	if _, err := fmt.Sscanf(table.Etag, "version-%d", &version); err == nil {
		version++
	}
	table.Etag = fmt.Sprintf("version-%d", version)
	s.tables[name] = table
}

func answer(w http.ResponseWriter, table *bigqueryapi.Table) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(table)
}

func refuse(w http.ResponseWriter, code int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"code": code, "message": reason}})
}

// take returns the REST calls since the last time.
func (s *server) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

// columns are the names and types of a table's columns.
func (s *server) columns(table string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, f := range s.tables[table].Schema.Fields {
		names = append(names, f.Name+" "+f.Type)
	}
	return names
}

// kept are the stored rows.
func (s *server) kept() []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.rows)
}

// stored are the values of a column over all stored rows, sorted.
func (s *server) stored(column string) []string {
	values := []string{}
	for _, row := range s.kept() {
		values = append(values, fmt.Sprint(row[column]))
	}
	slices.Sort(values)
	return values
}

// request is a request for rows that waits for its answer.
type request struct {
	rows   []map[string]any
	bytes  int
	answer chan any // *storagepb.AppendRowsResponse, or an error that breaks the stream
}

// receive waits for the next request.
func (s *server) receive(t *testing.T) *request {
	t.Helper()
	select {
	case r := <-s.received:
		return r
	case <-time.After(2 * time.Minute):
		t.Fatal("no request came")
		return nil
	}
}

// serve accepts every request until the test ends.
func (s *server) serve(t *testing.T) {
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() {
		for {
			select {
			case r := <-s.received:
				r.accept()
			case <-done:
				return
			}
		}
	})
	t.Cleanup(func() { close(done); wg.Wait() })
}

func (r *request) accept() { r.answer <- &storagepb.AppendRowsResponse{} }

// refuse answers that the request is invalid, and because of which rows.
func (r *request) refuse(message string, rows ...*storagepb.RowError) {
	invalid := status.New(codes.InvalidArgument, message).Proto()
	r.answer <- &storagepb.AppendRowsResponse{Response: &storagepb.AppendRowsResponse_Error{Error: invalid}, RowErrors: rows}
}

// find is the place in the request of the row with an objectId.
func (r *request) find(objectID string) int64 {
	return int64(slices.IndexFunc(r.rows, func(row map[string]any) bool { return row["objectId"] == objectID }))
}

func (s *server) GetWriteStream(_ context.Context, r *storagepb.GetWriteStreamRequest) (*storagepb.WriteStream, error) {
	return &storagepb.WriteStream{Name: r.GetName(), Location: "here"}, nil
}

func (s *server) AppendRows(stream storagepb.BigQueryWrite_AppendRowsServer) error {
	var l *layout
	for {
		message, err := stream.Recv()
		if err != nil {
			return nil //nolint:nilerr // the client has gone
		}
		if schema := message.GetProtoRows().GetWriterSchema(); schema != nil {
			l = &layout{descriptor: schema.GetProtoDescriptor()}
		}
		r, err := read(l, message)
		if err != nil {
			return err
		}
		if err := s.settle(stream, r); err != nil {
			return err
		}
	}
}

// settle has the test decide, and does what it decides.
func (s *server) settle(stream storagepb.BigQueryWrite_AppendRowsServer, r *request) error {
	ctx := stream.Context()
	select {
	case s.received <- r:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case decision := <-r.answer:
		response, ok := decision.(*storagepb.AppendRowsResponse)
		if !ok {
			err, _ := decision.(error)
			return err
		}
		if response.GetError() == nil {
			s.mu.Lock()
			s.rows = append(s.rows, r.rows...)
			s.mu.Unlock()
		}
		return stream.Send(response)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// read decodes a request's rows.
func read(l *layout, message *storagepb.AppendRowsRequest) (*request, error) {
	r := &request{bytes: proto.Size(message), answer: make(chan any)}
	if l == nil {
		return nil, errors.New("the first request of a connection has no schema")
	}
	descriptor, err := l.message()
	if err != nil {
		return nil, err
	}
	for _, encoded := range message.GetProtoRows().GetRows().GetSerializedRows() {
		row := dynamicpb.NewMessage(descriptor)
		if err := proto.Unmarshal(encoded, row); err != nil {
			return nil, err
		}
		values := columnsOf(row)
		if unknown := row.GetUnknown(); len(unknown) > 0 {
			values["unknown fields"] = len(unknown)
		}
		r.rows = append(r.rows, values)
	}
	return r, nil
}
