package catalogue

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/storage"
	"golang.org/x/sync/errgroup"
	"nightwire.dev/shared/names"
)

// Missed is an alert that a filter was paused for, or failed on, and that it
// has not been asked about since.
type Missed struct {
	Object     string // its file
	Generation int64
}

// missed finds for each file the last row that says that the filter was held
// back, and the last that settles it: the filter ran, and did not match or was
// notified.
const missed = `
WITH told AS (
  SELECT object, generation, evaluated_at,
    @filter IN UNNEST(paused) OR EXISTS (SELECT 1 FROM UNNEST(failed) AS f WHERE f.filter = @filter) AS held,
    EXISTS (SELECT 1 FROM UNNEST(matched) AS id WHERE STARTS_WITH(id, @prefix)) AS matched,
    EXISTS (SELECT 1 FROM UNNEST(notified) AS id WHERE STARTS_WITH(id, @prefix)) AS notified
  FROM evaluations
  WHERE night >= CAST(@since AS DATE)
), files AS (
  SELECT object, generation, MAX(IF(held, evaluated_at, NULL)) AS held,
    MAX(IF(NOT held AND (notified OR NOT matched), evaluated_at, NULL)) AS settled
  FROM told
  GROUP BY object, generation
)
SELECT object, generation
FROM files
WHERE held IS NOT NULL AND (settled IS NULL OR settled <= held)
ORDER BY object, generation`

// Missed lists the alerts that a filter missed, of the nights from since on,
// YYYY-MM-DD, in the order of their files.
func (c *Catalogue) Missed(ctx context.Context, filter, since string) ([]Missed, error) {
	var list []Missed
	err := c.ask(ctx, missed, map[string]any{"filter": filter, "prefix": filter + "@", "since": since}, func(row []any) {
		list = append(list, Missed{Object: as[string](row[0]), Generation: as[int64](row[1])})
	})
	if err != nil {
		return nil, fmt.Errorf("ask what filter %s missed: %w", filter, err)
	}
	return list, nil
}

// atOnce is how many files are looked at, at one time.
const atOnce = 16

// Backfill sends the notifications of the alerts again, to one filter alone.
// It may be interrupted and repeated: what was notified is not notified again.
// gone is how many files are no longer there.
func (c *Catalogue) Backfill(ctx context.Context, filter string, alerts []Missed, progress func(done int)) (gone int, err error) {
	publisher := c.Topics.Publisher(c.Resources.TopicPath(c.Resources.ArchivedTopic()))
	defer publisher.Stop()
	group, sending := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	var mu sync.Mutex
	done := 0
	for _, alert := range alerts {
		group.Go(func() error {
			err := c.sendAgain(sending, publisher, filter, alert)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, storage.ErrObjectNotExist):
				gone++
			case err != nil:
				return err
			}
			done++
			progress(done)
			return nil
		})
	}
	err = group.Wait()
	return gone, err
}

// sendAgain sends one file's notification, for the filter alone.
func (c *Catalogue) sendAgain(ctx context.Context, publisher *pubsub.Publisher, filter string, alert Missed) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	attrs, err := c.Archive.Object(alert.Object).Generation(alert.Generation).Attrs(ctx)
	if err != nil {
		return fmt.Errorf("look at %s: %w", alert.Object, err)
	}
	message, err := notification(attrs, filter)
	if err != nil {
		return fmt.Errorf("notification of %s: %w", alert.Object, err)
	}
	if _, err := publisher.Publish(ctx, message).Get(ctx); err != nil {
		return fmt.Errorf("send the notification of %s: %w", alert.Object, err)
	}
	return nil
}

// resource is an object in the form in which a bucket tells of it, payload
// JSON_API_V1.
type resource struct {
	Kind           string            `json:"kind"`
	ID             string            `json:"id"`
	Name           string            `json:"name"`
	Bucket         string            `json:"bucket"`
	Generation     string            `json:"generation"`
	Metageneration string            `json:"metageneration"`
	ContentType    string            `json:"contentType,omitempty"`
	TimeCreated    time.Time         `json:"timeCreated"`
	Updated        time.Time         `json:"updated"`
	StorageClass   string            `json:"storageClass,omitempty"`
	Size           string            `json:"size"`
	MD5Hash        string            `json:"md5Hash,omitempty"`
	CRC32C         string            `json:"crc32c"`
	ETag           string            `json:"etag,omitempty"`
	Metadata       map[string]string `json:"metadata,omitempty"`
}

// notification is the bucket's own, but for the two attributes that say that
// it is a replay, and for whom. It names no notification configuration, since
// none sends it.
func notification(o *storage.ObjectAttrs, filter string) (*pubsub.Message, error) {
	generation := strconv.FormatInt(o.Generation, 10)
	data, err := json.Marshal(resource{
		Kind: "storage#object", ID: o.Bucket + "/" + o.Name + "/" + generation, Name: o.Name, Bucket: o.Bucket,
		Generation: generation, Metageneration: strconv.FormatInt(o.Metageneration, 10), ContentType: o.ContentType,
		TimeCreated: o.Created, Updated: o.Updated, StorageClass: o.StorageClass, Size: strconv.FormatInt(o.Size, 10),
		MD5Hash: base64.StdEncoding.EncodeToString(o.MD5),
		CRC32C:  base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, o.CRC32C)),
		ETag:    o.Etag, Metadata: o.Metadata,
	})
	if err != nil {
		return nil, err
	}
	return &pubsub.Message{Data: data, Attributes: map[string]string{
		"eventType": storage.ObjectFinalizeEvent, "payloadFormat": storage.JSONPayload,
		"bucketId": o.Bucket, "objectId": o.Name, "objectGeneration": generation,
		"eventTime":           o.Created.UTC().Format(time.RFC3339Nano),
		names.AttributeReplay: "true", names.AttributeNotify: filter,
	}}, nil
}
