package pubsub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/protobuf/encoding/protojson"

	"nightwire.dev/infra/local/pubsub/filter"
	"nightwire.dev/infra/local/pubsub/journal"
	"nightwire.dev/infra/local/pubsub/queue"
)

// catalogue is the file of all definitions, written whole at each change. In
// the server's folder stand
//
//	catalogue.json
//	topics/<number>/<first sequence number>.log
//	subscriptions/<number>.json
type catalogue struct {
	Last          uint64                  `json:"last"` // the last number given
	Topics        []catalogueTopic        `json:"topics"`
	Subscriptions []catalogueSubscription `json:"subscriptions"`
}

type catalogueTopic struct {
	Number     uint64          `json:"number"`
	Deleted    bool            `json:"deleted,omitempty"`
	Definition json.RawMessage `json:"definition"`
}

type catalogueSubscription struct {
	Number     uint64          `json:"number"`
	Topic      uint64          `json:"topic"`
	From       uint64          `json:"from"`
	Definition json.RawMessage `json:"definition"`
}

func (s *Server) cataloguePath() string { return filepath.Join(s.options.Dir, "catalogue.json") }

func (s *Server) topicDir(number uint64) string {
	return filepath.Join(s.options.Dir, "topics", strconv.FormatUint(number, 10))
}

func (s *Server) subscriptionPath(number uint64) string {
	return filepath.Join(s.options.Dir, "subscriptions", strconv.FormatUint(number, 10)+".json")
}

// save writes the catalogue. The caller holds admin.
func (s *Server) save() error {
	c := catalogue{Last: s.last}
	for _, t := range s.topics {
		definition, err := protojson.Marshal(t.definition)
		if err != nil {
			return fmt.Errorf("save catalogue: %w", err)
		}
		c.Topics = append(c.Topics, catalogueTopic{t.number, s.named[t.definition.GetName()] != t, definition})
	}
	for _, sub := range s.subscriptions {
		definition, err := protojson.Marshal(sub.definition.Load())
		if err != nil {
			return fmt.Errorf("save catalogue: %w", err)
		}
		c.Subscriptions = append(c.Subscriptions, catalogueSubscription{sub.number, sub.topic.number, sub.from, definition})
	}
	if err := writeJSON(s.cataloguePath(), c); err != nil {
		return fmt.Errorf("save catalogue: %w", err)
	}
	return nil
}

// load recovers everything that the catalogue names, and removes what it does
// not: the files of what was deleted, if the removal was cut short.
func (s *Server) load() error {
	for _, dir := range []string{"topics", "subscriptions"} {
		if err := os.MkdirAll(filepath.Join(s.options.Dir, dir), 0o755); err != nil {
			return err
		}
	}
	var c catalogue
	err := readJSON(s.cataloguePath(), &c)
	if errors.Is(err, os.ErrNotExist) {
		err = s.checkNew()
	}
	if err != nil {
		return fmt.Errorf("load catalogue: %w", err)
	}
	s.last = c.Last
	for _, entry := range c.Topics {
		if err := s.loadTopic(entry); err != nil {
			return fmt.Errorf("load topic %d: %w", entry.Number, err)
		}
	}
	for _, entry := range c.Subscriptions {
		if err := s.loadSubscription(entry); err != nil {
			return fmt.Errorf("load subscription %d: %w", entry.Number, err)
		}
	}
	return s.removeOrphans()
}

// checkNew refuses a folder that has logs but no catalogue to say whose: they
// would be taken for remains, and removed.
func (s *Server) checkNew() error {
	logs, err := os.ReadDir(filepath.Join(s.options.Dir, "topics"))
	if err == nil && len(logs) > 0 {
		err = fmt.Errorf("%s is gone, but there are logs of %d topics", s.cataloguePath(), len(logs))
	}
	return err
}

func (s *Server) loadTopic(entry catalogueTopic) error {
	var definition pubsubpb.Topic
	if err := protojson.Unmarshal(entry.Definition, &definition); err != nil {
		return err
	}
	j, err := journal.Open(s.topicDir(entry.Number), s.options.SegmentBytes)
	if err != nil {
		return err
	}
	t := &topic{number: entry.Number, definition: &definition, journal: j, deleted: entry.Deleted}
	s.topics[t.number] = t
	if !t.deleted {
		s.named[definition.GetName()] = t
	}
	return nil
}

func (s *Server) loadSubscription(entry catalogueSubscription) error {
	var definition pubsubpb.Subscription
	if err := protojson.Unmarshal(entry.Definition, &definition); err != nil {
		return err
	}
	t := s.topics[entry.Topic]
	if t == nil {
		return fmt.Errorf("topic %d is not in the catalogue", entry.Topic)
	}
	state := queue.State{Floor: entry.From}
	if err := readJSON(s.subscriptionPath(entry.Number), &state); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := t.journal.Advance(state.Log); err != nil {
		return err
	}
	sub, err := s.newSubscription(entry.Number, t, &definition, entry.From, state)
	if err != nil {
		return err
	}
	if err := sub.filterAgain(max(state.Log, entry.From)); err != nil {
		return err
	}
	t.subscriptions = append(t.subscriptions, sub)
	s.subscriptions[definition.GetName()] = sub
	return nil
}

// newSubscription makes a subscription in memory only.
func (s *Server) newSubscription(number uint64, t *topic, d *pubsubpb.Subscription, from uint64, state queue.State) (*subscription, error) {
	wants, err := filter.Parse(d.GetFilter())
	if err != nil {
		return nil, err
	}
	sub := &subscription{
		number: number,
		topic:  t,
		from:   from,
		path:   s.subscriptionPath(number),
		wants:  wants,
		queue:  queue.New(policy(d), state, t.journal.Next(), t.journal.Size),
		saved:  state,
	}
	sub.definition.Store(d)
	sub.live, sub.end = context.WithCancel(s.stopping)
	return sub, nil
}

func (s *Server) removeOrphans() error {
	known := make(map[string]bool)
	for number := range s.topics {
		known[s.topicDir(number)] = true
	}
	for _, sub := range s.subscriptions {
		known[sub.path] = true
	}
	for _, dir := range []string{"topics", "subscriptions"} {
		entries, err := os.ReadDir(filepath.Join(s.options.Dir, dir))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if path := filepath.Join(s.options.Dir, dir, e.Name()); !known[path] {
				if err := os.RemoveAll(path); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// writeJSON replaces the file with the value in one step.
func writeJSON(path string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", data, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func readJSON(path string, value any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, value)
}
