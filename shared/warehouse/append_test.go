package warehouse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/bigquery/storage/apiv1/storagepb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/event"
)

// small is a table as simple as it can be.
var small = schemas.Table{
	Name: "alerts", Description: "Alerts.", PartitionBy: "night", ClusterBy: []string{"objectId"},
	Columns: []schemas.Column{
		column("objectId", schemas.String, schemas.Required),
		column("note", schemas.String, schemas.Nullable),
		column("night", schemas.Date, schemas.Nullable),
	},
}

func rowOf(objectID string) Row { return Row{Values: Values{"objectId": objectID}} }

// limited is a context that fails the test rather than let it hang.
func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// await returns once a condition holds.
func await(t *testing.T, condition func() bool) {
	t.Helper()
	ctx := limited(t)
	for tick := time.NewTicker(time.Millisecond); !condition(); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("the condition does not come true")
		}
	}
}

// start appends a row and passes on what Append returns.
func start(t *testing.T, table *Table, row Row) <-chan error {
	t.Helper()
	returned := make(chan error, 1)
	go func() { returned <- table.Append(limited(t), row) }()
	return returned
}

// together puts rows in the queue while requests are on their way, so that the
// rows share the next request. It returns what becomes of each, and the
// request.
func together(t *testing.T, s *server, table *Table, rows ...Row) ([]<-chan error, *request) {
	t.Helper()
	var ahead []<-chan error
	for i := range maxInFlight {
		ahead = append(ahead, start(t, table, rowOf(fmt.Sprintf("ahead %d", i))))
		await(t, func() bool { return len(table.appender.slots) == i+1 })
	}
	var returned []<-chan error
	for _, row := range rows {
		returned = append(returned, enqueue(t, table, row))
	}
	await(t, func() bool { return len(table.appender.queue) == len(rows)-1 }) // the first waits for a slot
	for range ahead {
		s.receive(t).accept()
	}
	for _, r := range ahead {
		if err := <-r; err != nil {
			t.Fatal(err)
		}
	}
	return returned, s.receive(t)
}

// enqueue is start, but returns only once the row is in the queue.
func enqueue(t *testing.T, table *Table, row Row) <-chan error {
	t.Helper()
	p, err := table.put(limited(t), row)
	if err != nil {
		t.Fatal(err)
	}
	returned := make(chan error, 1)
	go func() { returned <- table.appender.wait(limited(t), p) }()
	return returned
}

func TestAppendReturnsOnceItsRowIsStored(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	table := s.table(t, small)
	returned := start(t, table, rowOf("a"))
	r := s.receive(t)
	select {
	case err := <-returned:
		t.Fatalf("Append returned %v before the answer", err)
	default:
	}
	r.accept()
	if err := <-returned; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a"}, s.stored("objectId")); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

func TestConcurrentAppendsShareRequests(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	table := s.table(t, small)
	var rows []Row
	for i := range 100 {
		rows = append(rows, rowOf(fmt.Sprint(i)))
	}
	returned, r := together(t, s, table, rows...)
	if len(r.rows) != len(rows) {
		t.Errorf("the request has %d rows, want %d", len(r.rows), len(rows))
	}
	r.accept()
	for i, returned := range returned {
		if err := <-returned; err != nil {
			t.Errorf("row %d: %v", i, err)
		}
	}
	if got := len(s.stored("objectId")); got != len(rows)+maxInFlight {
		t.Errorf("%d rows are stored, want %d", got, len(rows)+maxInFlight)
	}
}

// TestManyAppends runs as a night does: many callers, none of whom waits for
// another, and each row is stored once.
func TestManyAppends(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	table := s.table(t, small)
	s.serve(t)
	ctx := limited(t)
	want := map[string]int{}
	var wg sync.WaitGroup
	for caller := range 50 {
		for i := range 20 {
			want[fmt.Sprintf("%d/%d", caller, i)] = 1
		}
		wg.Go(func() {
			for i := range 20 {
				if err := table.Append(ctx, rowOf(fmt.Sprintf("%d/%d", caller, i))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	got := map[string]int{}
	for _, objectID := range s.stored("objectId") {
		got[objectID]++
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("how often each row is stored (-want +got):\n%s", diff)
	}
}

// TestRequestsAreBounded queues rows that are too large to go together.
func TestRequestsAreBounded(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	table := s.table(t, small)
	var rows []Row
	for i := range 12 {
		rows = append(rows, Row{Values: Values{"objectId": fmt.Sprint(i), "note": strings.Repeat("x", 1<<20)}})
	}
	returned, r := together(t, s, table, rows...)
	for stored := 0; ; r = s.receive(t) {
		if r.bytes > maxBatchBytes+2<<20 || r.bytes > 10<<20 {
			t.Errorf("a request has %d bytes", r.bytes)
		}
		r.accept()
		if stored += len(r.rows); stored >= len(rows) {
			break
		}
	}
	for i, returned := range returned {
		if err := <-returned; err != nil {
			t.Errorf("row %d: %v", i, err)
		}
	}
}

// TestRefusedRow has a bad row between good ones: the request stores nothing,
// and the good rows go round again.
func TestRefusedRow(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	table := s.table(t, small)
	returned, r := together(t, s, table, rowOf("good"), rowOf("bad"), rowOf("also good"))
	r.refuse("some rows are bad", &storagepb.RowError{
		Index: r.find("bad"), Code: storagepb.RowError_FIELDS_ERROR, Message: "no such night",
	})
	err := <-returned[1]
	var refused *RowError
	if !errors.As(err, &refused) || !event.IsPermanent(err) {
		t.Fatalf("error of the bad row is %v, want a permanent *RowError", err)
	}
	if diff := cmp.Diff(&RowError{Code: "FIELDS_ERROR", Message: "no such night"}, refused); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
	for range 2 { // the good rows come again, in one request or in two
		again := s.receive(t)
		if again.find("bad") >= 0 {
			t.Error("the bad row went round again")
		}
		again.accept()
		if len(again.rows) == 2 {
			break
		}
	}
	for _, i := range []int{0, 2} {
		if err := <-returned[i]; err != nil {
			t.Errorf("good row %d: %v", i, err)
		}
	}
	if diff := cmp.Diff([]string{"also good", "good"}, behind(s.stored("objectId"))); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

// behind are the rows that together did not send ahead.
func behind(stored []string) []string {
	return slices.DeleteFunc(stored, func(id string) bool { return strings.HasPrefix(id, "ahead ") })
}

// TestRefusedRequest has an error that is about no row in particular.
func TestRefusedRequest(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	table := s.table(t, small)
	returned, r := together(t, s, table, rowOf("a"), rowOf("b"), rowOf("c"))
	r.refuse("the table is being moved")
	for i, returned := range returned {
		err := <-returned
		if err == nil || !strings.Contains(err.Error(), "the table is being moved") || event.IsPermanent(err) {
			t.Errorf("row %d: error is %v, want the server's, not permanent", i, err)
		}
	}
	next := start(t, table, rowOf("d"))
	s.receive(t).accept()
	if err := <-next; err != nil {
		t.Errorf("the next row: %v", err)
	}
	if diff := cmp.Diff([]string{"d"}, behind(s.stored("objectId"))); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

func TestBrokenConnection(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	table := s.table(t, small)
	returned := start(t, table, rowOf("a"))
	s.receive(t).answer <- status.Error(codes.Unavailable, "the server restarts")
	again := s.receive(t)
	again.accept()
	if err := <-returned; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a"}, s.stored("objectId")); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
}

func TestCallerGoesAway(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	table := s.table(t, small)
	ctx, cancel := context.WithCancel(limited(t))
	returned := make(chan error, 1)
	go func() { returned <- table.Append(ctx, rowOf("a")) }()
	r := s.receive(t)
	cancel()
	if err := <-returned; !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want that of the context", err)
	}
	r.accept()
	next := start(t, table, rowOf("b"))
	s.receive(t).accept()
	if err := <-next; err != nil {
		t.Errorf("another caller: %v", err)
	}
}

func TestRowThatCannotBeEncoded(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	table := s.table(t, small)
	err := table.Append(limited(t), Row{Values: Values{"object": "a"}})
	if err == nil || !strings.Contains(err.Error(), "no column") {
		t.Errorf("error is %v", err)
	}
}

// TestCloseEndsEveryWait closes while rows are on their way, wait for a slot,
// and lie in the queue: more of them than one request could take.
func TestCloseEndsEveryWait(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	w := s.connect(t)
	table, err := w.Table(limited(t), small)
	if err != nil {
		t.Fatal(err)
	}
	note := strings.Repeat("x", 20<<10)
	var returned []<-chan error
	for i := range maxInFlight {
		returned = append(returned, start(t, table, rowOf("ahead")))
		await(t, func() bool { return len(table.appender.slots) == i+1 })
	}
	for range maxBatchRows {
		returned = append(returned, enqueue(t, table, Row{Values: Values{"objectId": "a", "note": note}}))
	}
	s.receive(t)
	if err := w.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	for i, returned := range returned {
		if err := <-returned; err == nil || errors.Is(err, context.DeadlineExceeded) || event.IsPermanent(err) {
			t.Fatalf("row %d: error is %v, want that the table is closed", i, err)
		}
	}
	if err := table.Append(limited(t), rowOf("late")); !errors.Is(err, errClosed) {
		t.Errorf("a row after the end: %v", err)
	}
}
