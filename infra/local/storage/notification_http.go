package storage

import (
	"context"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
)

var (
	notificationTopic = regexp.MustCompile(`^//pubsub\.googleapis\.com/projects/[^/]+/topics/[^/]+$`)
	eventTypes        = []string{finalize, metadataUpdate, deletion, "OBJECT_ARCHIVE"}
)

func (s *Server) insertNotification(b *bucket, w http.ResponseWriter, r *http.Request) error {
	var n notification
	if err := decode(r.Body, &n); err != nil {
		return err
	}
	if err := n.check(); err != nil {
		return err
	}
	made, err := b.addNotification(s.running, n)
	if err != nil {
		return err
	}
	return reply(w, r, made.link(s.options.URL, r.PathValue("bucket")))
}

func (n notification) check() error {
	if !notificationTopic.MatchString(n.Topic) {
		return invalid("Invalid Google Cloud Pub/Sub topic: '%s'", n.Topic)
	}
	if n.PayloadFormat != payloadJSON && n.PayloadFormat != payloadNone {
		return invalid("Invalid payload format: '%s'", n.PayloadFormat)
	}
	for _, event := range n.EventTypes {
		if !slices.Contains(eventTypes, event) {
			return invalid("Invalid event type: '%s'", event)
		}
	}
	return nil
}

// addNotification makes a configuration that is told of every later change,
// and sends until the context ends.
func (b *bucket) addNotification(ctx context.Context, n notification) (notification, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.publisher == nil {
		return n, unsupported("notification configurations without a Pub/Sub server")
	}
	changed := b.settings
	changed.LastNotification++
	n.ID = strconv.Itoa(changed.LastNotification)
	changed.Notifications = append(slices.Clone(changed.Notifications), n)
	if err := os.WriteFile(cursorPath(b.dir, n.ID), cursorText(b.clock.next()), 0o666); err != nil {
		return n, err
	}
	if err := writeSettings(b.dir, changed); err != nil {
		return n, err
	}
	b.settings = changed
	if err := b.addSender(n); err != nil {
		return n, err
	}
	b.senders[n.ID].position = b.journal.size.Load()
	b.senders[n.ID].start(ctx)
	return n, nil
}

type notificationList struct {
	Kind  string         `json:"kind"`
	Items []notification `json:"items,omitempty"`
}

func (s *Server) listNotifications(b *bucket, w http.ResponseWriter, r *http.Request) error {
	list := notificationList{Kind: "storage#notifications"}
	for _, n := range b.notifications() {
		list.Items = append(list.Items, n.link(s.options.URL, r.PathValue("bucket")))
	}
	return reply(w, r, list)
}

func (s *Server) getNotification(b *bucket, w http.ResponseWriter, r *http.Request) error {
	for _, n := range b.notifications() {
		if n.ID == r.PathValue("id") {
			return reply(w, r, n.link(s.options.URL, r.PathValue("bucket")))
		}
	}
	return noSuchNotification(r)
}

func (s *Server) deleteNotification(b *bucket, w http.ResponseWriter, r *http.Request) error {
	removed, err := b.removeNotification(r.PathValue("id"))
	if err != nil {
		return err
	}
	if removed == nil {
		return noSuchNotification(r)
	}
	if err := removed.stop(); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func noSuchNotification(r *http.Request) error {
	return notFound("The specified notification configuration does not exist: " + r.PathValue("id"))
}

func (b *bucket) notifications() []notification {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.settings.Notifications
}

// removeNotification takes a configuration away, with what is pending for it,
// and returns its sender to be stopped; nil if there is none.
func (b *bucket) removeNotification(id string) (*sender, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	removed, ok := b.senders[id]
	if !ok {
		return nil, nil
	}
	changed := b.settings
	changed.Notifications = slices.DeleteFunc(slices.Clone(changed.Notifications),
		func(n notification) bool { return n.ID == id })
	if err := writeSettings(b.dir, changed); err != nil {
		return nil, err
	}
	b.settings = changed
	delete(b.senders, id)
	return removed, os.Remove(cursorPath(b.dir, id))
}
