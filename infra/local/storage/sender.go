package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/googleapis/gax-go/v2"
)

// A publish call carries at most this much, well within Pub/Sub's limits.
const (
	maxBatchMessages = 500
	maxBatchBytes    = 1 << 20
)

// A publish that failed is tried again after pauses that double.
const (
	firstPause     = 50 * time.Millisecond
	longestPause   = 5 * time.Second
	publishTimeout = 30 * time.Second
)

// sender follows a bucket's journal for one notification configuration.
type sender struct {
	notification notification
	bucket       *bucket
	cursor       *os.File     // holds the sequence of the last record served
	served       int64        // the same, as it was when the folder was opened
	position     int64        // offset in the journal of the next record to serve
	waiting      atomic.Int64 // messages that Pub/Sub has not accepted

	wake   chan struct{}
	cancel context.CancelFunc
	done   chan struct{}
}

func cursorPath(dir, id string) string { return filepath.Join(dir, cursorPrefix+id) }

// addSender opens the sender of a configuration. Its cursor must be there
// before the configuration is, or everything would be sent again.
func (b *bucket) addSender(n notification) error {
	if b.publisher == nil {
		return errors.New("notification configurations need a publisher")
	}
	cursor, err := os.OpenFile(cursorPath(b.dir, n.ID), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(cursor)
	if err != nil {
		return errors.Join(err, cursor.Close())
	}
	served, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return errors.Join(fmt.Errorf("cursor of notification configuration %s: %w", n.ID, err), cursor.Close())
	}
	b.senders[n.ID] = &sender{
		notification: n, bucket: b, cursor: cursor, served: served,
		wake: make(chan struct{}, 1),
	}
	return nil
}

// cursorText has one width, so that one write replaces it.
func cursorText(sequence int64) []byte { return fmt.Appendf(nil, "%019d\n", sequence) }

// replay takes note of a record while the journal is read at the start.
func (s *sender) replay(r record, at span) {
	if r.Sequence <= s.served {
		s.position = at.offset + int64(at.length)
		return
	}
	s.waiting.Add(int64(s.notification.count(r)))
}

// notice takes note of a new record.
func (s *sender) notice(r record) {
	count := s.notification.count(r)
	if count == 0 {
		return
	}
	s.waiting.Add(int64(count))
	select {
	case s.wake <- struct{}{}:
	default: // it is awake
	}
}

func (s *sender) start(ctx context.Context) {
	ctx, s.cancel = context.WithCancel(ctx)
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		s.run(ctx)
	}()
}

// stop ends the sender; what it has not sent stays pending in the journal.
func (s *sender) stop() error {
	if s.cancel != nil {
		s.cancel()
		<-s.done
	}
	return s.cursor.Close()
}

// run sends until the context ends.
func (s *sender) run(ctx context.Context) {
	for ctx.Err() == nil {
		found, err := s.collect()
		if err != nil {
			s.log(ctx, "collect notifications", err)
			_ = gax.Sleep(ctx, longestPause)
			continue
		}
		if found.next == s.position {
			select {
			case <-s.wake:
			case <-ctx.Done():
			}
			continue
		}
		if !s.publish(ctx, found.messages) {
			return
		}
		s.position = found.next
		if _, err := s.cursor.WriteAt(cursorText(found.sequence), 0); err != nil && !errors.Is(err, fs.ErrClosed) {
			// After a restart these notifications are sent once more.
			s.log(ctx, "write cursor", err)
		}
		s.waiting.Add(-int64(len(found.messages)))
	}
}

// batch is what one publish call carries.
type batch struct {
	messages []*pubsubpb.PubsubMessage
	next     int64 // offset in the journal behind the records in it
	sequence int64 // of the last of them
}

// collect gathers messages from the journal, as many as a call carries.
func (s *sender) collect() (batch, error) {
	var b batch
	bytes := 0
	var failed error
	next, err := s.bucket.journal.from(s.position, func(r record) bool {
		messages, err := s.notification.messages(r, s.bucket.url)
		if err != nil {
			failed = err
			return false
		}
		for _, m := range messages {
			bytes += len(m.Data)
		}
		b.messages = append(b.messages, messages...)
		b.sequence = r.Sequence
		return len(b.messages) < maxBatchMessages && bytes < maxBatchBytes
	})
	b.next = next
	return b, errors.Join(err, failed)
}

// publish tries until the messages are accepted, or the context ends.
func (s *sender) publish(ctx context.Context, messages []*pubsubpb.PubsubMessage) bool {
	if len(messages) == 0 {
		return true
	}
	topic := strings.TrimPrefix(s.notification.Topic, topicPrefix)
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		call, cancel := context.WithTimeout(ctx, publishTimeout)
		err := s.bucket.publisher.Publish(call, topic, messages...)
		cancel()
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		s.log(ctx, "publish notifications", err, slog.Int("messages", len(messages)))
		if gax.Sleep(ctx, pause) != nil {
			return false
		}
	}
}

func (s *sender) log(ctx context.Context, message string, err error, more ...any) {
	s.bucket.log.With(
		slog.String("bucket", filepath.Base(s.bucket.dir)),
		slog.String("topic", s.notification.Topic),
	).With(more...).WarnContext(ctx, message, slog.Any("error", err))
}
