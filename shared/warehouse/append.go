package warehouse

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"cloud.google.com/go/bigquery/storage/apiv1/storagepb"
	"cloud.google.com/go/bigquery/storage/managedwriter"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The largest request that we make. The API takes 10 MB; a smaller request
// keeps the rows behind it from waiting.
const (
	maxBatchRows  = 500
	maxBatchBytes = 4 << 20
)

// maxInFlight is how many requests are on their way at once. While they are,
// the rows that arrive gather for the next one: the busier, the larger. With
// fewer, a row would often wait for the answer to others' before it is sent.
const maxInFlight = 8

// confirmTimeout bounds the wait for an answer that was lost on the way: the
// rows are then appended again, when their events come again.
const confirmTimeout = 2 * time.Minute

// RowError is a row that the table refuses.
type RowError struct {
	Code    string
	Message string
}

func (e *RowError) Error() string { return fmt.Sprintf("row refused: %s: %s", e.Code, e.Message) }

// Permanent tells that trying again cannot help.
func (e *RowError) Permanent() bool { return true }

// Append stores a row and returns once BigQuery has confirmed it. Rows of
// concurrent calls share requests. A row that the table refuses because its
// columns have changed meanwhile is written anew for them.
func (t *Table) Append(ctx context.Context, row Row) error {
	for {
		p, err := t.put(ctx, row)
		if err != nil {
			return err
		}
		err = t.appender.wait(ctx, p)
		if status.Code(err) != codes.InvalidArgument {
			return err
		}
		again, cannot := t.refresh(ctx, p.layout)
		if !again {
			return errors.Join(err, cannot)
		}
	}
}

// put encodes a row and puts it in the queue.
func (t *Table) put(ctx context.Context, row Row) (*pendingRow, error) {
	l := t.layout.Load()
	encoded, err := l.encode(row)
	if err != nil {
		return nil, err
	}
	p := &pendingRow{row: encoded, layout: l, done: make(chan error, 1)}
	return p, t.appender.put(ctx, p)
}

// pendingRow is a row that waits for its confirmation.
type pendingRow struct {
	row    []byte
	layout *layout
	done   chan error
}

// appender gathers rows into requests.
type appender struct {
	stream *managedwriter.ManagedStream
	queue  chan *pendingRow
	slots  chan struct{}
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	sent *layout // the layout that the stream knows
}

func newAppender(stream *managedwriter.ManagedStream, known *layout) *appender {
	ctx, cancel := context.WithCancel(context.Background())
	a := &appender{
		stream: stream, sent: known, ctx: ctx, cancel: cancel,
		queue: make(chan *pendingRow, maxBatchRows),
		slots: make(chan struct{}, maxInFlight),
	}
	a.wg.Go(a.run)
	return a
}

// close ends the appender; callers that still wait get errClosed and will be
// asked again by Pub/Sub.
func (a *appender) close() {
	a.cancel()
	a.wg.Wait()
	_ = a.stream.Close()
}

var errClosed = errors.New("the table is closed")

func (a *appender) put(ctx context.Context, p *pendingRow) error {
	select {
	case a.queue <- p:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-a.ctx.Done():
		return errClosed
	}
}

// wait returns what became of a row of the queue.
func (a *appender) wait(ctx context.Context, p *pendingRow) error {
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-a.ctx.Done():
		return errClosed
	}
}

func (a *appender) run() {
	var next *pendingRow
	for {
		if next == nil {
			select {
			case next = <-a.queue:
			case <-a.ctx.Done():
				return
			}
		}
		select {
		case a.slots <- struct{}{}:
			var batch []*pendingRow
			batch, next = a.gather(next)
			a.send(batch)
		case <-a.ctx.Done():
			return
		}
	}
}

// gather adds to the first row what is in the queue, up to the largest request
// or to a row of another layout, which begins the next one.
func (a *appender) gather(first *pendingRow) (batch []*pendingRow, next *pendingRow) {
	batch, size := []*pendingRow{first}, len(first.row)
	for len(batch) < maxBatchRows && size < maxBatchBytes {
		select {
		case p := <-a.queue:
			if p.layout != first.layout {
				return batch, p
			}
			batch, size = append(batch, p), size+len(p.row)
		default:
			return batch, nil
		}
	}
	return batch, nil
}

// send appends a batch of one layout.
func (a *appender) send(batch []*pendingRow) {
	rows := make([][]byte, len(batch))
	for i, p := range batch {
		rows[i] = p.row
	}
	var options []managedwriter.AppendOption
	if l := batch[0].layout; l != a.sent {
		options = append(options, managedwriter.UpdateSchemaDescriptor(l.descriptor))
	}
	result, err := a.stream.AppendRows(a.ctx, rows, options...)
	if err != nil {
		<-a.slots
		a.finish(batch, fmt.Errorf("append rows: %w", err))
		return
	}
	a.sent = batch[0].layout
	a.wg.Go(func() {
		ctx, cancel := context.WithTimeout(a.ctx, confirmTimeout)
		defer cancel()
		response, err := result.FullResponse(ctx)
		<-a.slots
		a.settle(batch, response, err)
	})
}

// settle tells each caller what became of its row. A request with a bad row
// stores none of its rows: the good ones go round again.
func (a *appender) settle(batch []*pendingRow, response *storagepb.AppendRowsResponse, err error) {
	refused := response.GetRowErrors()
	if len(refused) == 0 {
		if err != nil {
			err = fmt.Errorf("append rows: %w", err)
		}
		a.finish(batch, err)
		return
	}
	for _, e := range refused {
		if i := int(e.GetIndex()); i >= 0 && i < len(batch) && batch[i] != nil {
			batch[i].done <- &RowError{Code: e.GetCode().String(), Message: e.GetMessage()}
			batch[i] = nil
		}
	}
	for _, p := range batch {
		if p != nil {
			_ = a.put(a.ctx, p) // fails only once closed, and then nobody waits
		}
	}
}

// finish ends the wait of each caller with err; nil means that all are stored.
func (a *appender) finish(batch []*pendingRow, err error) {
	for _, p := range batch {
		p.done <- err
	}
}
