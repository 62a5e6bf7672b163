package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"nightwire.dev/infra/filters"
	"nightwire.dev/infra/local/pubsub"
	"nightwire.dev/infra/terraform"
	"nightwire.dev/shared/names"
)

// IsSurveyTopic says whether a Kafka topic brings alerts of the stream.
func (e Endpoints) IsSurveyTopic(topic string) bool {
	if e.Stream == names.LSST {
		return topic == LSSTTopic
	}
	return strings.HasPrefix(topic, "ztf_") && slices.ContainsFunc(e.Stream.Programs(), func(program int) bool {
		return strings.HasSuffix(topic, fmt.Sprintf("_programid%d", program))
	})
}

// SurveyTopics describes the topics that bring the stream, for people.
func (e Endpoints) SurveyTopics() string {
	if e.Stream == names.LSST {
		return LSSTTopic
	}
	var forms []string
	for _, program := range e.Stream.Programs() {
		forms = append(forms, fmt.Sprintf("ztf_YYYYMMDD_programid%d", program))
	}
	return strings.Join(forms, ", ")
}

// Waiting is how many alerts stand before each stage.
type Waiting struct {
	Connector     int64          // in Kafka, not yet confirmed by Pub/Sub
	Notifications int            // files whose notification is not yet out
	Subscriptions map[string]int // messages not yet acknowledged, by subscription
}

// Total is the number that stands anywhere.
func (w Waiting) Total() int {
	n := int(w.Connector) + w.Notifications
	for _, waiting := range w.Subscriptions {
		n += waiting
	}
	return n
}

func (w Waiting) String() string {
	text := fmt.Sprintf("%d in Kafka, %d notifications", w.Connector, w.Notifications)
	for name, n := range w.Subscriptions {
		text += fmt.Sprintf(", %d for %s", n, name)
	}
	return text
}

// glance is how often we look at what waits; a look costs each server a little.
const glance = 250 * time.Millisecond

// patience is how long nothing may move before we call the stack stuck: longer
// than a publish and the pause after it may take.
const patience = 3 * time.Minute

// services is the client with which we ask for figures.
var services = &http.Client{Timeout: 10 * time.Second}

// Settle returns when no alert waits anywhere. It looks at the stages in the
// order in which alerts pass them, so an alert that leaves one before we look
// is seen at the next. Each look is told.
func (e Endpoints) Settle(ctx context.Context, tell func(Waiting)) error {
	last, moved := -1, time.Now()
	return await(ctx, glance, func() (bool, error) {
		w, err := e.Waiting(ctx)
		if err != nil {
			// A service that was killed is being started again.
			if time.Since(moved) > patience {
				return false, fmt.Errorf("wait for the alerts to pass: %w", err)
			}
			return false, nil
		}
		tell(w)
		if n := w.Total(); n != last {
			last, moved = n, time.Now()
		}
		if last > 0 && time.Since(moved) > patience {
			return false, fmt.Errorf("nothing has moved for %s: %s; see the logs in %s/log", patience, w, e.Dir)
		}
		return last == 0, nil
	})
}

// Watch tells what waits, now and then, until ctx ends.
func (e Endpoints) Watch(ctx context.Context, tell func(Waiting)) {
	tick := time.NewTicker(glance)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if w, err := e.Waiting(ctx); err == nil {
				tell(w)
			}
		case <-ctx.Done():
			return
		}
	}
}

// Waiting tells what waits now.
func (e Endpoints) Waiting(ctx context.Context) (Waiting, error) {
	w := Waiting{Subscriptions: map[string]int{}}
	partitions, err := e.Cluster().Offsets(ctx, e.Resources().ConsumerGroup(), e.IsSurveyTopic)
	if err != nil {
		return w, err
	}
	for _, p := range partitions {
		w.Connector += p.End - p.Committed
	}
	r := e.Resources()
	if err := e.backlog(ctx, r.RawTopic(), &w); err != nil {
		return w, err
	}
	if err := getJSON(ctx, "http://"+e.Storage+PendingPath, &w.Notifications); err != nil {
		return w, err
	}
	if err := e.backlog(ctx, r.ArchivedTopic(), &w); err != nil {
		return w, err
	}
	return w, e.matchesWaiting(ctx, &w)
}

// matchesWaiting counts what the filters chose for another function.
func (e Endpoints) matchesWaiting(ctx context.Context, w *Waiting) error {
	functions, err := terraform.Functions()
	if err != nil {
		return err
	}
	files, err := filters.All()
	if err != nil {
		return err
	}
	for _, f := range functions {
		if !slices.ContainsFunc(files, func(file filters.File) bool { return file.Name == f.Trigger }) {
			continue
		}
		if err := e.backlog(ctx, e.Resources().Topic(f.Trigger), w); err != nil {
			return err
		}
	}
	return nil
}

// PendingPath is where the storage process tells how many notifications are
// not out yet. No bucket can have such a name.
const PendingPath = "/_nightwire/pending"

func (e Endpoints) backlog(ctx context.Context, topic string, w *Waiting) error {
	var all []pubsub.Backlog
	if err := getJSON(ctx, "http://"+e.PubSubStatus+"/", &all); err != nil {
		return err
	}
	for _, b := range all {
		if strings.HasSuffix(b.Topic, "/"+topic) {
			w.Subscriptions[b.Subscription[strings.LastIndex(b.Subscription, "/")+1:]] = b.Undelivered
		}
	}
	return nil
}

func getJSON(ctx context.Context, url string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := services.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	return json.NewDecoder(response.Body).Decode(into)
}
