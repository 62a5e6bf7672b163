package pubsub

import (
	"cmp"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"
)

var fullName = regexp.MustCompile(`^projects/[A-Za-z0-9][A-Za-z0-9.:_-]*/(topics|subscriptions)/([A-Za-z][A-Za-z0-9._~+%-]{2,254})$`)

// checkName checks a full name, projects/P/topics/T for one.
func checkName(collection, name string) error {
	parts := fullName.FindStringSubmatch(name)
	if parts == nil || parts[1] != collection || strings.HasPrefix(parts[2], "goog") {
		return status.Errorf(codes.InvalidArgument, "name %q: want projects/PROJECT/%s/ID, ID of 3 to 255 characters, a letter first", name, collection)
	}
	return nil
}

// checkRange holds a number to the service's limits.
func checkRange(what string, n, low, high int) error {
	if n < low || n > high {
		return status.Errorf(codes.InvalidArgument, "%s: %d, want %d to %d", what, n, low, high)
	}
	return nil
}

// refuseBeyond refuses a request that sets any field but those supported:
// better to fail by name than to leave out what was asked for.
func refuseBeyond(m proto.Message, supported ...protoreflect.Name) error {
	var err error
	m.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		if !slices.Contains(supported, f.Name()) {
			err = status.Errorf(codes.Unimplemented, "the local server does not support field %s of %s", f.Name(), f.Parent().Name())
		}
		return err == nil
	})
	return err
}

// checkSubscription checks a definition and fills in the service's defaults.
// The caller holds mu.
func (s *Server) checkSubscription(d *pubsubpb.Subscription) error {
	d.AckDeadlineSeconds = cmp.Or(d.AckDeadlineSeconds, 10)
	if s.topics[d.GetTopic()] == nil {
		return notFound("topic", d.GetTopic())
	}
	return cmp.Or(
		checkName("subscriptions", d.GetName()),
		refuseBeyond(d, "name", "topic", "labels", "push_config", "ack_deadline_seconds", "filter",
			"dead_letter_policy", "retry_policy"),
		checkRange("ack deadline", int(d.AckDeadlineSeconds), 10, 600),
		checkPush(d.GetPushConfig()),
		checkRetry(d.GetRetryPolicy()),
		s.checkDeadLetter(d.GetDeadLetterPolicy()),
	)
}

func checkPush(c *pubsubpb.PushConfig) error {
	u, err := url.Parse(c.GetPushEndpoint())
	if c.GetPushEndpoint() != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		return status.Errorf(codes.InvalidArgument, "push endpoint %q: want an http or https URL", c.GetPushEndpoint())
	}
	return refuseBeyond(c, "push_endpoint")
}

func checkRetry(p *pubsubpb.RetryPolicy) error {
	if p == nil {
		return nil
	}
	p.MinimumBackoff = cmp.Or(p.MinimumBackoff, durationpb.New(10*time.Second))
	p.MaximumBackoff = cmp.Or(p.MaximumBackoff, durationpb.New(600*time.Second))
	low, high := int(p.MinimumBackoff.AsDuration().Milliseconds()), int(p.MaximumBackoff.AsDuration().Milliseconds())
	err := checkRange("milliseconds of the minimum back-off", low, 0, 600_000)
	return cmp.Or(err, checkRange("milliseconds of the maximum back-off", high, low, 600_000))
}

func (s *Server) checkDeadLetter(p *pubsubpb.DeadLetterPolicy) error {
	if p == nil {
		return nil
	}
	if s.topics[p.GetDeadLetterTopic()] == nil {
		return notFound("topic", p.GetDeadLetterTopic())
	}
	p.MaxDeliveryAttempts = cmp.Or(p.MaxDeliveryAttempts, 5)
	return checkRange("max delivery attempts", int(p.MaxDeliveryAttempts), 5, 100)
}

// checkPublish holds a request to the service's limits, but for those on the
// number and the length of attributes (cloud.google.com/pubsub/quotas).
func checkPublish(r *pubsubpb.PublishRequest) error {
	err := checkRange("messages of a request", len(r.GetMessages()), 1, 1000)
	for _, m := range r.GetMessages() {
		size := len(m.GetData()) + len(m.GetAttributes())
		err = cmp.Or(err, checkRange("bytes and attributes of a message", size, 1, 10_000_000))
	}
	return cmp.Or(err, checkRange("bytes of a request", proto.Size(r), 0, 10<<20))
}

// list lists what is the project's, by name. It is not cut into pages.
func list[V any](byName map[string]V, project string) (all []V) {
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		if strings.HasPrefix(name, project+"/") {
			all = append(all, byName[name])
		}
	}
	return all
}

// unavailable is the error of a disk that fails or is full, at whose code clients
// try again.
func unavailable(what string, err error) error {
	if err == nil {
		return nil
	}
	return status.Errorf(codes.Unavailable, "%s: %v", what, err)
}

func notFound(what, name string) error {
	return status.Errorf(codes.NotFound, "%s not found: %s", what, name)
}
