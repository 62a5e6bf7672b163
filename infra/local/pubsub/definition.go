package pubsub

import (
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

	"nightwire.dev/infra/local/pubsub/filter"
)

var (
	idPattern      = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._~+%-]{2,254}$`)
	projectPattern = regexp.MustCompile(`^[A-Za-z0-9.:_-]+$`)
)

// checkName checks a full name, projects/P/topics/T for one.
func checkName(collection, name string) error {
	parts := strings.Split(name, "/")
	if len(parts) != 4 || parts[0] != "projects" || !projectPattern.MatchString(parts[1]) || parts[2] != collection ||
		!idPattern.MatchString(parts[3]) || strings.HasPrefix(parts[3], "goog") {
		return status.Errorf(codes.InvalidArgument, "name %q: want projects/PROJECT/%s/ID, ID of 3 to 255 characters, a letter first", name, collection)
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
func (s *Server) checkSubscription(d *pubsubpb.Subscription) error {
	if err := checkName("subscriptions", d.GetName()); err != nil {
		return err
	}
	if err := refuseBeyond(d, "name", "topic", "labels", "push_config", "ack_deadline_seconds", "filter",
		"dead_letter_policy", "retry_policy", "expiration_policy", "state"); err != nil {
		return err
	}
	// No ttl means that the subscription never expires: here, none does.
	if err := refuseBeyond(d.GetExpirationPolicy()); err != nil {
		return err
	}
	if _, err := filter.Parse(d.GetFilter()); err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	if d.AckDeadlineSeconds == 0 {
		d.AckDeadlineSeconds = 10
	}
	if d.AckDeadlineSeconds < 10 || d.AckDeadlineSeconds > 600 {
		return status.Errorf(codes.InvalidArgument, "ack deadline %d s: want 10 to 600", d.AckDeadlineSeconds)
	}
	d.State = pubsubpb.Subscription_ACTIVE
	if err := checkPush(d.GetPushConfig()); err != nil {
		return err
	}
	if err := checkRetry(d.GetRetryPolicy()); err != nil {
		return err
	}
	return s.checkDeadLetter(d.GetDeadLetterPolicy())
}

func checkPush(c *pubsubpb.PushConfig) error {
	if err := refuseBeyond(c, "push_endpoint", "attributes"); err != nil {
		return err
	}
	for key, value := range c.GetAttributes() {
		if key != "x-goog-version" || value != "v1" {
			return status.Errorf(codes.Unimplemented, "the local server does not support push attribute %s = %q", key, value)
		}
	}
	endpoint := c.GetPushEndpoint()
	if endpoint == "" {
		return nil
	}
	if u, err := url.Parse(endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return status.Errorf(codes.InvalidArgument, "push endpoint %q: want an http or https URL", endpoint)
	}
	return nil
}

func checkRetry(p *pubsubpb.RetryPolicy) error {
	if p == nil {
		return nil
	}
	if p.MinimumBackoff == nil {
		p.MinimumBackoff = durationpb.New(10 * time.Second)
	}
	if p.MaximumBackoff == nil {
		p.MaximumBackoff = durationpb.New(600 * time.Second)
	}
	low, high := p.MinimumBackoff.AsDuration(), p.MaximumBackoff.AsDuration()
	if low < 0 || high > 600*time.Second || low > high {
		return status.Errorf(codes.InvalidArgument, "retry policy %v to %v: want 0 s <= minimum <= maximum <= 600 s", low, high)
	}
	return nil
}

func (s *Server) checkDeadLetter(p *pubsubpb.DeadLetterPolicy) error {
	if p == nil {
		return nil
	}
	if _, err := s.topic(p.GetDeadLetterTopic()); err != nil {
		return err
	}
	if p.MaxDeliveryAttempts == 0 {
		p.MaxDeliveryAttempts = 5
	}
	if p.MaxDeliveryAttempts < 5 || p.MaxDeliveryAttempts > 100 {
		return status.Errorf(codes.InvalidArgument, "max delivery attempts %d: want 5 to 100", p.MaxDeliveryAttempts)
	}
	return nil
}

// page lists the names that begin with the prefix, in order, from the token on:
// size of them (all, if zero), and the token of the rest.
func page[V any](byName map[string]V, prefix string, size int32, token string) (names []string, next string) {
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		if !strings.HasPrefix(name, prefix) || name < token {
			continue
		}
		if size > 0 && len(names) == int(size) {
			return names, name
		}
		names = append(names, name)
	}
	return names, ""
}
