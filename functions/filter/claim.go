package filter

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"cloud.google.com/go/storage"
	"nightwire.dev/shared/bucket"
)

// claims are the objects by which one instance at a time notifies the matches
// of an alert. Google's clocks agree to far less than a lease.
type claims struct {
	bucket  *storage.BucketHandle
	history history
	lease   time.Duration
	now     func() time.Time
}

// claimed is what a claim's object says.
type claimed struct {
	Filters  []string  `json:"filters"`            // IDs that someone is notifying
	At       time.Time `json:"at"`                 // since when
	Notified []string  `json:"notified,omitempty"` // IDs that Pub/Sub has confirmed, where there may be no row that says so
	By       string    `json:"by,omitempty"`       // a mark of the one write that made it
}

// claim is one that we hold.
type claim struct {
	object     *storage.ObjectHandle
	generation int64
	others     []string // IDs that another instance is notifying under it

	todo     []string // IDs that are ours to notify
	notified []string // IDs that were notified before
	recorded bool     // a row of this file says so, if the tables were asked
}

// errBusy has the event sent again: either the other instance will have
// finished by then, or its lease will be over.
var errBusy = errors.New("another instance is notifying the matches of this alert")

// take claims the filters for an alert. Where there was no claim, which is
// nearly always so, that is one write.
func (c *claims) take(ctx context.Context, e *evaluation, ids []string) (*claim, error) {
	object := c.bucket.Object(e.claimName())
	there, generation, err := put(ctx, object, storage.Conditions{DoesNotExist: true}, claimed{Filters: ids, At: c.now()})
	if err == nil {
		return c.recall(ctx, e, &claim{object: object, generation: generation, todo: ids})
	}
	if !errors.Is(err, errTaken) {
		return nil, fmt.Errorf("claim its matches: %w", err)
	}
	held := &claim{object: object, generation: generation, notified: there.Notified}
	// One that was given back says all itself: after an outage of BigQuery, in
	// which many were, the tables are not asked about each.
	if len(there.Filters) > 0 {
		if err := c.askTables(ctx, held, e, ids); err != nil {
			return nil, fmt.Errorf("ask what was notified: %w", err)
		}
	}
	return held, c.join(ctx, held, there, ids)
}

// recall leaves of a new claim what nobody notified before. Of news that is all.
// The claim on an alert that is sent again may have come to its end: the bucket
// keeps claims for some months, the tables for good.
func (c *claims) recall(ctx context.Context, e *evaluation, held *claim) (*claim, error) {
	if !e.replay {
		return held, nil
	}
	if err := c.askTables(ctx, held, e, held.todo); err != nil {
		return nil, errors.Join(fmt.Errorf("ask what was notified: %w", err), c.giveBack(ctx, held, nil))
	}
	held.todo = without(held.todo, held.notified)
	return held, nil
}

// askTables learns what was notified under a claim.
func (c *claims) askTables(ctx context.Context, held *claim, e *evaluation, ids []string) error {
	past, err := c.history.Evaluations(ctx, e.night, e.alert.ObjectID, e.alert.Candid)
	if err != nil {
		return err
	}
	for _, row := range past {
		held.notified = union(held.notified, row.Notified)
		ofThisFile := row.Object == e.object.Name && row.Generation == e.object.Generation
		held.recorded = held.recorded || ofThisFile && len(without(ids, row.Notified)) == 0
	}
	return nil
}

// join takes from a claim that is there what is not notified: what is new, and
// what its holder has left lying for longer than the lease.
func (c *claims) join(ctx context.Context, held *claim, there claimed, ids []string) error {
	held.todo = without(ids, held.notified)
	if len(held.todo) == 0 {
		return nil
	}
	if c.now().Sub(there.At) < c.lease {
		held.others = without(there.Filters, held.notified)
	}
	if len(without(held.todo, held.others)) < len(held.todo) {
		return errBusy
	}
	_, generation, err := put(ctx, held.object, storage.Conditions{GenerationMatch: held.generation},
		claimed{Filters: union(held.others, held.todo), At: c.now(), Notified: held.notified})
	if errors.Is(err, errTaken) {
		return errBusy
	}
	if err != nil {
		return fmt.Errorf("take over the claim on its matches: %w", err)
	}
	held.generation = generation
	return nil
}

// giveBack ends a claim before its lease, and tells what was notified under it,
// also where the time of what was done under it is over. Where that fails, the
// claim ends with its lease.
func (c *claims) giveBack(ctx context.Context, held *claim, notified []string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.lease/4)
	defer cancel()
	left := claimed{Filters: held.others, At: c.now(), Notified: notified}
	object := held.object.If(storage.Conditions{GenerationMatch: held.generation})
	var err error
	if len(left.Filters)+len(left.Notified) == 0 {
		err = object.Delete(ctx)
	} else {
		_, err = write(ctx, object, left)
	}
	if err != nil {
		return fmt.Errorf("give back the claim: %w", err)
	}
	return nil
}

// errTaken is a claim that another has made.
var errTaken = errors.New("the claim is taken")

// put makes a claim. With errTaken comes the one that is there. A write whose
// answer is lost may have been done; where the client tries it again, it is then
// refused by its own work. So after any failure a claim with our mark is ours.
func put(ctx context.Context, object *storage.ObjectHandle, where storage.Conditions, content claimed) (there claimed, generation int64, err error) {
	content.By = rand.Text()
	generation, failed := write(ctx, object.If(where), content)
	if failed == nil {
		return content, generation, nil
	}
	there, generation, err = readClaim(ctx, object)
	switch {
	case err == nil && there.By == content.By:
		return there, generation, nil
	case !bucket.IsTaken(failed):
		return there, 0, failed
	case errors.Is(err, storage.ErrObjectNotExist):
		return there, 0, errBusy // given back this moment
	case err != nil:
		return there, 0, fmt.Errorf("read the claim that is there: %w", err)
	}
	return there, generation, errTaken
}

func readClaim(ctx context.Context, object *storage.ObjectHandle) (there claimed, generation int64, err error) {
	r, err := object.NewReader(ctx)
	if err != nil {
		return there, 0, err
	}
	defer r.Close()
	if err := json.NewDecoder(r).Decode(&there); err != nil {
		return there, 0, err
	}
	return there, r.Attrs.Generation, nil
}

// write stores a small JSON document.
func write(ctx context.Context, object *storage.ObjectHandle, content any) (generation int64, err error) {
	text, err := json.Marshal(content)
	if err != nil {
		return 0, err
	}
	return bucket.Write(ctx, object, "application/json", text, nil)
}

// without is a list without the items of another.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}

// union is a list and what another has beyond it.
func union(list, other []string) []string {
	return append(slices.Clone(list), without(other, list)...)
}
