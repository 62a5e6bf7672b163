package catalogue

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/storage"
	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/names"
)

// young is a filter's file.
func young(version int, owner, where string) string {
	return fmt.Sprintf("name: young\nversion: %d\nowner: %s\ndescription: New.\nstreams: [ztf]\nwhere: %s\n", version, owner, where)
}

func TestPublish(t *testing.T) {
	t.Parallel()
	c, _ := open(t)
	steps := []struct {
		name     string
		text     string
		takeOver bool
		want     Published
		refusal  string
	}{
		{name: "new", text: young(2, "ada", "age_days() < 3"), want: Published{Topic: "ztf-young", NewTopic: true}},
		{name: "again", text: young(2, "ada", "age_days() < 3"), want: Published{Topic: "ztf-young", Unchanged: true, Before: 0}},
		{name: "changed", text: young(2, "ada", "age_days() < 4"), refusal: "version 2 of filter young is published with another content: raise the version to 3"},
		{name: "older", text: young(1, "ada", "age_days() < 4"), refusal: "raise the version from 1 to 3"},
		{name: "raised", text: young(3, "ada", "age_days() < 4"), want: Published{Topic: "ztf-young", Before: 2}},
		{name: "another's", text: young(4, "bob", "age_days() < 4"), refusal: "belongs to ada"},
		{name: "taken over", text: young(4, "bob", "age_days() < 4"), takeOver: true, want: Published{Topic: "ztf-young", Before: 3}},
	}
	for _, s := range steps {
		f, content := file(t, s.text)
		got, err := c.Publish(t.Context(), f, content, s.takeOver)
		if s.refusal != "" {
			if err == nil || !strings.Contains(err.Error(), s.refusal) {
				t.Errorf("%s: error is %v, want %q in it", s.name, err, s.refusal)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		if diff := cmp.Diff(s.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s.name, diff)
		}
		there, _, err := read(t.Context(), c.Products.Object("filters/young.yaml"))
		if err != nil || string(there) != s.text {
			t.Errorf("%s: the bucket has %q, %v", s.name, there, err)
		}
	}
	if _, err := c.Topics.TopicAdminClient.GetTopic(t.Context(), &pubsubpb.GetTopicRequest{Topic: resources.TopicPath("ztf-young")}); err != nil {
		t.Errorf("topic: %v", err)
	}
}

// TestPublishInPlaceOfAWrongFile goes by the last good version.
func TestPublishInPlaceOfAWrongFile(t *testing.T) {
	t.Parallel()
	c, _ := open(t)
	put(t, c.Products, names.AcceptedObject("young"), young(2, "ada", "true"), nil)
	put(t, c.Products, names.FilterObject("young"), "name: young\n", nil)
	f, content := file(t, young(2, "ada", "age_days() < 3"))
	if _, err := c.Publish(t.Context(), f, content, false); err == nil || !strings.Contains(err.Error(), "raise the version to 3") {
		t.Errorf("error is %v", err)
	}
	f, content = file(t, young(3, "ada", "age_days() < 3"))
	if p, err := c.Publish(t.Context(), f, content, false); err != nil || p.Before != 2 {
		t.Errorf("published is %+v, %v", p, err)
	}
}

// TestPublishAtOnce has two people publish one name: one of them is told.
func TestPublishAtOnce(t *testing.T) {
	t.Parallel()
	c, _ := open(t)
	var group sync.WaitGroup
	failures := make([]error, 2)
	for i, owner := range []string{"ada", "bob"} {
		f, content := file(t, young(1, owner, "true"))
		group.Go(func() { _, failures[i] = c.Publish(t.Context(), f, content, false) })
	}
	group.Wait()
	if (failures[0] == nil) == (failures[1] == nil) {
		t.Errorf("failures are %v", failures)
	}
}

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	c, _ := open(t)
	why := Paused{Reason: "the references change", By: "ada", At: time.Date(2026, 9, 1, 4, 5, 6, 0, time.UTC)}
	var absent *AbsentError
	if err := c.Pause(t.Context(), "young", why); !errors.As(err, &absent) {
		t.Errorf("pause of nothing: %v", err)
	}
	if _, err := c.Resume(t.Context(), "young"); !errors.As(err, &absent) {
		t.Errorf("resume of nothing: %v", err)
	}
	put(t, c.Products, names.FilterObject("young"), young(1, "ada", "true"), nil)
	if was, err := c.Resume(t.Context(), "young"); err != nil || was != nil {
		t.Errorf("resume of what runs: %+v, %v", was, err)
	}
	if err := c.Pause(t.Context(), "young", why); err != nil {
		t.Fatal(err)
	}
	want := "filter young is paused already, since 2026-09-01 04:05:06 by ada: the references change"
	if err := c.Pause(t.Context(), "young", Paused{By: "bob"}); err == nil || err.Error() != want {
		t.Errorf("second pause: %v, want %q", err, want)
	}
	f, content := file(t, young(2, "ada", "age_days() < 3"))
	if p, err := c.Publish(t.Context(), f, content, false); err != nil || p.Paused == nil || p.Paused.By != "ada" {
		t.Errorf("published while paused: %+v, %v", p, err)
	}
	was, err := c.Resume(t.Context(), "young")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&why, was); diff != "" {
		t.Errorf("why it was paused (-want +got):\n%s", diff)
	}
	if _, err := c.Products.Object(names.PausedObject("young")).Attrs(t.Context()); !errors.Is(err, storage.ErrObjectNotExist) {
		t.Errorf("the object that pauses it: %v", err)
	}
}

// TestResumeMakesTheTopic helps a filter that was paused for want of one.
func TestResumeMakesTheTopic(t *testing.T) {
	t.Parallel()
	c, _ := open(t)
	put(t, c.Products, names.FilterObject("young"), young(1, "ada", "true"), nil)
	put(t, c.Products, names.PausedObject("young"), "by hand", nil)
	was, err := c.Resume(t.Context(), "young")
	if err != nil || was.Reason != "by hand" {
		t.Errorf("it was paused %+v, %v", was, err)
	}
	if _, err := c.Topics.TopicAdminClient.GetTopic(t.Context(), &pubsubpb.GetTopicRequest{Topic: resources.TopicPath("ztf-young")}); err != nil {
		t.Errorf("topic: %v", err)
	}
}
