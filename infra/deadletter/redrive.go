package deadletter

import (
	"context"
	"errors"
	"fmt"

	"cloud.google.com/go/pubsub/v2"
	"nightwire.dev/infra/terraform"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
)

// Route says where the messages of dead letters came from.
type Route struct {
	resources names.Resources
	topics    map[string]string // by function: the topic that triggers it
}

// NewRoute reads from the deployment which topic triggers which function.
func NewRoute(r names.Resources) (*Route, error) {
	functions, err := terraform.Functions()
	if err != nil {
		return nil, err
	}
	route := &Route{resources: r, topics: map[string]string{}}
	for _, f := range functions {
		route.topics[f.Name] = r.Topic(f.Trigger)
	}
	return route, nil
}

// Message is the message that became the letter, and the topic that it came
// from. The error says why there is none to send.
func (r *Route) Message(l *Letter) (topic string, m *pubsub.Message, err error) {
	topic, known := r.topics[l.Function]
	switch {
	case l.Attributes[event.AttributeDropped] != "":
		return "", nil, errors.New("its content was too large to keep: replay the record from Kafka")
	case l.Function == "connector":
		return "", nil, errors.New("it is a notice of what Kafka alone has, or has lost: replay what is there from Kafka")
	case !known:
		return "", nil, fmt.Errorf("the deployment has no function %q", l.Function)
	case l.forwardedFrom() == r.resources.Subscription(topic, l.Function):
		return topic, &pubsub.Message{Data: l.Data, Attributes: original(l.Attributes)}, nil
	case l.forwardedFrom() != "":
		return "", nil, fmt.Errorf("the deployment has no subscription %q", l.forwardedFrom())
	case l.Attributes[event.AttributeSubscription] == "":
		return "", nil, errors.New("it is an event out of which no message could be read")
	}
	return topic, &pubsub.Message{Data: l.Data, Attributes: event.Original(l.Attributes)}, nil
}

// Redriven is what a redrive did, or would do.
type Redriven struct {
	Walked Walked
	Sent   map[string]int // letters by topic
	Bytes  int64
	Stay   map[string]int // chosen letters that cannot be sent, by the reason why
}

// Redrive sends the messages of the chosen letters to where they came from. A
// letter ends only when Pub/Sub has confirmed its message. One whose message
// fails again becomes a letter anew, which this redrive does not touch. With
// dryRun it tells what it would do. A choice that names what is not there is an
// error, after all that it names besides is sent.
//
// A message that is sent and whose letter stays, since the process died between
// the two, is sent again by the next redrive; the functions do each thing once.
// These messages are no replays: what a function could not process the first
// time is still news.
func (b *Box) Redrive(ctx context.Context, choice Choice, dryRun bool, progress func(sent int)) (*Redriven, error) {
	route, err := NewRoute(b.Resources)
	if err != nil {
		return nil, err
	}
	out := &sender{client: b.Client, resources: b.Resources, publishers: map[string]*pubsub.Publisher{}}
	defer out.stop()
	done := &Redriven{Sent: map[string]int{}, Stay: map[string]int{}}
	sent, chosen := 0, newChooser(choice)
	done.Walked, err = b.Walk(ctx, func(ctx context.Context, letters []*Letter) ([]*Letter, error) {
		var posts []post
		for _, l := range letters {
			if !chosen.takes(l) {
				continue
			}
			topic, m, err := route.Message(l)
			if err != nil {
				done.Stay[err.Error()]++
				continue
			}
			posts = append(posts, post{letter: l, topic: topic, message: m})
		}
		if !dryRun {
			posts, err = out.send(ctx, posts)
		}
		var settled []*Letter
		for _, p := range posts {
			done.Sent[p.topic]++
			done.Bytes += int64(len(p.message.Data))
			if !dryRun {
				settled = append(settled, p.letter)
			}
		}
		sent += len(posts)
		progress(sent)
		return settled, err
	})
	if err == nil {
		err = chosen.missed()
	}
	return done, err
}

// post is a letter's message on its way.
type post struct {
	letter  *Letter
	topic   string
	message *pubsub.Message
}

// sender publishes to the topics that letters came from.
type sender struct {
	client     *pubsub.Client
	resources  names.Resources
	publishers map[string]*pubsub.Publisher
}

// send publishes messages, and returns those that Pub/Sub has confirmed.
func (s *sender) send(ctx context.Context, posts []post) (confirmed []post, err error) {
	results := make([]*pubsub.PublishResult, len(posts))
	for i, p := range posts {
		results[i] = s.publisher(p.topic).Publish(ctx, p.message)
	}
	var errs []error
	for i, result := range results {
		if _, err := result.Get(ctx); err != nil {
			errs = append(errs, fmt.Errorf("send the message of letter %s to %s: %w", posts[i].letter.ID, posts[i].topic, err))
			continue
		}
		confirmed = append(confirmed, posts[i])
	}
	if len(errs) > 0 { // all for one cause, most likely
		return confirmed, errs[0]
	}
	return confirmed, nil
}

func (s *sender) publisher(topic string) *pubsub.Publisher {
	p := s.publishers[topic]
	if p == nil {
		p = s.client.Publisher(s.resources.TopicPath(topic))
		p.PublishSettings.ByteThreshold = 1e6 // larger batches run into gRPC's 4 MB
		s.publishers[topic] = p
	}
	return p
}

func (s *sender) stop() {
	for _, p := range s.publishers {
		p.Stop()
	}
}
