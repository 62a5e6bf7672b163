package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"cloud.google.com/go/storage"
	"nightwire.dev/infra/queries"
	"nightwire.dev/shared/bucket"
	"nightwire.dev/shared/replay"
	"nightwire.dev/shared/warehouse"
)

// Selection says which of the archive's alerts are meant: those to which all of
// it applies.
type Selection struct {
	Night   string // YYYY-MM-DD
	Object  string // as the archive's path has it: ZTF21abiuvdk; LSST: a diaObjectId or sso-<ssObjectId>
	Candids []int64
	Cone    *queries.Cone
}

// Validate says what is missing or malformed.
func (s Selection) Validate() error {
	if s.Night == "" && s.Object == "" && len(s.Candids) == 0 && s.Cone == nil {
		return errors.New("say which alerts: a night, an object, a circle on the sky, or candids")
	}
	if _, err := time.Parse(time.DateOnly, cmp.Or(s.Night, "2000-01-01")); err != nil {
		return fmt.Errorf("night %q: want YYYY-MM-DD", s.Night)
	}
	for _, candid := range s.Candids {
		if candid <= 0 {
			return fmt.Errorf("candid %d: want a positive number", candid)
		}
	}
	return nil
}

// String says it in words.
func (s Selection) String() string {
	var parts []string
	if s.Night != "" {
		parts = append(parts, "night "+s.Night)
	}
	if s.Object != "" {
		parts = append(parts, "object "+s.Object)
	}
	switch n := len(s.Candids); {
	case n == 1:
		parts = append(parts, fmt.Sprintf("candid %d", s.Candids[0]))
	case n > 1:
		parts = append(parts, fmt.Sprintf("%d candids", n))
	}
	if c := s.Cone; c != nil {
		parts = append(parts, fmt.Sprintf("within %g arcsec of %g, %g", c.RadiusArcsec, c.RADeg, c.DecDeg))
	}
	return strings.Join(parts, ", ")
}

// Archive plans to send the notifications of archived files again. A night
// alone is listed in the bucket, so that it is whole whatever the tables know;
// anything else is asked of the tables.
func Archive(ctx context.Context, t Target, archive *storage.BucketHandle, tables *warehouse.Warehouse, s Selection) (*Plan, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	p := &Plan{
		From: fmt.Sprintf("the archive of %s: %s", t.Resources.Stream, s),
		What: "notifications of files", To: t.Resources.TopicPath(t.Resources.ArchivedTopic()), Notify: t.Notify,
	}
	objects := night(ctx, archive, s.Night)
	var err error
	if s.Object != "" || len(s.Candids) > 0 || s.Cone != nil {
		objects, err = p.ask(ctx, t, tables, s)
	} else {
		err = p.count(objects)
	}
	if err != nil {
		return nil, err
	}
	sender := replay.Sender{Resources: t.Resources, Archive: archive, Topics: t.Topics, Notify: t.notify()}
	p.send = func(ctx context.Context, progress func(Result)) (Result, error) {
		report, err := sender.Send(ctx, objects, func(r replay.Report) { progress(resultOf(r)) })
		return resultOf(report), err
	}
	return p, nil
}

func resultOf(r replay.Report) Result { return Result{Sent: r.Sent, Bytes: r.Bytes, Gone: r.Gone} }

func (p *Plan) count(objects iter.Seq2[replay.Object, error]) error {
	for o, err := range objects {
		if err != nil {
			return err
		}
		p.add(o.Name, o.Attrs.Size)
	}
	return nil
}

// add counts one more thing to send.
func (p *Plan) add(name string, bytes int64) {
	if p.Count == 0 {
		p.First = name
	}
	p.Count, p.Bytes, p.Last = p.Count+1, p.Bytes+bytes, name
}

// night lists the files of a night, of each version of the survey's schema, as
// often as it is asked: a large night need not fit into memory.
func night(ctx context.Context, archive *storage.BucketHandle, night string) iter.Seq2[replay.Object, error] {
	return func(yield func(replay.Object, error) bool) {
		for file, err := range bucket.Night(ctx, archive, night) {
			if err != nil {
				yield(replay.Object{}, fmt.Errorf("list the archive under v*/night=%s/: %w", night, err))
				return
			}
			if !yield(replay.Listed(file), nil) {
				return
			}
		}
	}
}
