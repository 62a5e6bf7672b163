package filter

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/filter"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/warehouse"
)

// lastRow is the last row of evaluations.
func (s *sky) lastRow() warehouse.Values {
	rows := s.rows(&s.evaluations)
	return rows[len(rows)-1]
}

// wantPaused checks that a filter is paused, by its object, the log and a
// notice, each once, and the others are not.
func wantPaused(t *testing.T, s *sky, i *instance, name, reason string) {
	t.Helper()
	content, _ := s.object(names.PausedObject(name))
	var p paused
	if err := json.Unmarshal([]byte(content), &p); err != nil || !strings.Contains(p.Reason, reason) || p.By != "functions/filter" || p.At.IsZero() {
		t.Errorf("the object says %s, want that %s", content, reason)
	}
	lines := i.log.with("filter is paused")
	if len(lines) != 1 || lines[0]["severity"] != "ERROR" || !strings.Contains(lines[0]["reason"].(string), reason) {
		t.Errorf("the log says %v, want once that %s", lines, reason)
	}
}

func wantNotice(t *testing.T, s *sky, name, reason string) {
	t.Helper()
	var notices []notice
	for _, m := range s.pubsub.Messages() {
		if m.Attributes["nightwire.notice"] != "paused" {
			continue
		}
		var n notice
		if err := json.Unmarshal(m.Data, &n); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(m.Topic, "/"+resources.Topic(name)) || m.Attributes["filter"] != name {
			t.Errorf("notice is %v on %s", m.Attributes, m.Topic)
		}
		notices = append(notices, n)
	}
	if len(notices) != 1 || notices[0].Filter != name || !strings.Contains(notices[0].Reason, reason) || !strings.Contains(notices[0].Resume, "resume") {
		t.Errorf("notices are %v, want one that %s", notices, reason)
	}
}

// TestCap passes a cap: the filter is paused, the others go on, and what was
// held back is in the rows.
func TestCap(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything, text("capped", 1, "true", "max_matches_an_hour: 3"))
	i := s.instance(t)
	for n := range 6 {
		i.handle(t, s.archive(t, n))
	}
	if diff := cmp.Diff(map[string]int{"everything@1": 6, "capped@1": 3}, s.idsIn()); diff != "" {
		t.Errorf("notified (-want +got):\n%s", diff)
	}
	wantPaused(t, s, i, "capped", "more than 3 matches in the hour from 2026-09-01T05:00:00Z")
	wantNotice(t, s, "capped", "more than 3 matches")
	i.catalogue.background.Wait() // the event after the pause had the filters looked at
	if diff := cmp.Diff([]string{"capped"}, i.catalogue.current.Load().paused); diff != "" {
		t.Errorf("paused, as the instance sees it (-want +got):\n%s", diff)
	}
	for n, row := range s.rows(&s.evaluations) {
		if owed := slices.Contains(row["paused"].([]string), "capped"); owed != (n >= 3) {
			t.Errorf("evaluation %d is %v", n, row)
		}
	}
	// Resumed, and what it missed sent again by name, which has no cap.
	s.remove(t, names.PausedObject("capped"))
	s.pass(lease)
	for n := 3; n < 6; n++ {
		i.handle(t, s.archive(t, n, names.AttributeNotify, "capped"))
	}
	if diff := cmp.Diff(map[string]int{"everything@1": 6, "capped@1": 6}, s.idsIn()); diff != "" {
		t.Errorf("notified in the end (-want +got):\n%s", diff)
	}
}

// TestCapAfterResume counts anew, within the same hour, for the instance that
// paused the filter and for one that starts later.
func TestCapAfterResume(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, text("capped", 1, "true", "max_matches_an_hour: 3"))
	i := s.instance(t)
	for n := range 4 {
		i.handle(t, s.archive(t, n))
	}
	i.inForce(t)
	i.handle(t, s.archive(t, 4))
	s.remove(t, names.PausedObject("capped"))
	i.inForce(t)
	s.pass(between)
	for n := range 2 {
		i.handle(t, s.archive(t, 5+n))
	}
	late := s.instance(t)
	late.handle(t, s.archive(t, 7))
	if diff := cmp.Diff(map[string]int{"capped@1": 6}, s.idsIn()); diff != "" {
		t.Errorf("notified (-want +got):\n%s", diff)
	}
	if _, ok := s.object(names.PausedObject("capped")); ok {
		t.Error("it is paused again before it has had its matches")
	}
	late.handle(t, s.archive(t, 8))
	wantPaused(t, s, late, "capped", "more than 3 matches")
}

// TestCapOfManyAtOnce passes it with many alerts at one time: one of them
// pauses the filter, and the others do not wait.
func TestCapOfManyAtOnce(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, text("capped", 1, "true", "max_matches_an_hour: 5"))
	i := s.instance(t)
	var wg sync.WaitGroup
	for n := range 30 {
		m := s.archive(t, n)
		wg.Go(func() {
			if err := i.Handle(t.Context(), m); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	i.catalogue.background.Wait()
	if n := s.idsIn()["capped@1"]; n != 5 {
		t.Errorf("%d notifications, want 5", n)
	}
	wantPaused(t, s, i, "capped", "more than 5 matches")
	owed := 0
	for _, row := range s.rows(&s.evaluations) {
		if slices.Contains(row["paused"].([]string), "capped") {
			owed++
		}
	}
	if owed != 25 {
		t.Errorf("%d evaluations say that the filter was paused, want 25", owed)
	}
}

// TestCapOfTheNextHour begins anew.
func TestCapOfTheNextHour(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, text("capped", 1, "true", "max_matches_an_hour: 2"))
	i := s.instance(t)
	for hour := range 3 {
		for n := range 2 {
			i.handle(t, s.archive(t, 2*hour+n))
		}
		s.pass(time.Hour)
	}
	if n := s.idsIn()["capped@1"]; n != 6 || len(i.log.with("filter is paused")) > 0 {
		t.Errorf("%d notifications in three hours, want 6", n)
	}
}

// TestCapOfAllInstances has an instance learn of the others' matches.
func TestCapOfAllInstances(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, text("capped", 1, "true", "max_matches_an_hour: 4"))
	one, other := s.instance(t), s.instance(t)
	for n := range 4 {
		one.handle(t, s.archive(t, n))
	}
	for n := range 4 {
		other.handle(t, s.archive(t, 10+n))
	}
	if n := s.idsIn()["capped@1"]; n != 4 {
		t.Errorf("%d notifications, want 4", n)
	}
	if s.asked > 2 {
		t.Errorf("the table was asked %d times within a minute by two instances", s.asked)
	}
}

// TestOwnMatchesCountOnce has an instance learn from the table of its own
// matches, too.
func TestOwnMatchesCountOnce(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, text("capped", 1, "true", "max_matches_an_hour: 8"))
	i := s.instance(t)
	for n := range 8 {
		i.handle(t, s.archive(t, n))
		s.pass(between)
	}
	if n := s.idsIn()["capped@1"]; n != 8 || s.asked < 5 {
		t.Errorf("%d notifications, want 8; the table was asked %d times", n, s.asked)
	}
}

// TestCountIsGivenBack where the event comes twice: its match counts once.
func TestCountIsGivenBack(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, text("capped", 1, "true", "max_matches_an_hour: 2"))
	i := s.instance(t)
	m := s.archive(t, 0)
	for range 5 {
		i.handle(t, m)
	}
	s.fail(errors.New("no route to BigQuery"))
	for range 5 {
		_ = i.Handle(t.Context(), s.archive(t, 1))
	}
	if n := s.idsIn()["capped@1"]; n != 2 || len(i.log.with("filter is paused")) > 0 {
		t.Errorf("%d notifications of two alerts, paused %v", n, i.log.with("filter is paused"))
	}
}

// TestNoTopic pauses the filter alone.
func TestNoTopic(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything)
	s.put(names.FilterObject("mute"), text("mute", 1, "true"))
	i := s.instance(t)
	for n := range 3 {
		i.handle(t, s.archive(t, n))
	}
	if diff := cmp.Diff(map[string]int{"everything@1": 3}, s.idsIn()); diff != "" {
		t.Errorf("notified (-want +got):\n%s", diff)
	}
	wantPaused(t, s, i, "mute", "the topic ztf-mute does not exist")
	for n, row := range s.rows(&s.evaluations) {
		if diff := cmp.Diff([]string{"mute"}, row["paused"]); diff != "" {
			t.Errorf("evaluation %d, paused (-want +got):\n%s", n, diff)
		}
	}
	// The first alert can be sent to it at once: its claim was given back.
	s.createTopic(t, "mute")
	s.remove(t, names.PausedObject("mute"))
	i.handle(t, s.archive(t, 0, names.AttributeNotify, "mute"))
	if n := s.idsIn()["mute@1"]; n != 1 {
		t.Errorf("%d notifications, want one", n)
	}
}

// TestPublishFails is the event's error, and none of the matches that were
// published is published again.
func TestPublishFails(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything)
	i := s.instance(t)
	e := &evaluation{at: s.now()}
	matches := i.matchesOf(t, "everything", "other", "refused")
	for _, match := range matches {
		match.Filter.MaxMatchesAnHour = 10
		i.allowance.take(t.Context(), match.Filter, e.at)
	}
	err := i.settle(t.Context(), e, matches, []error{nil, status.Error(codes.Unavailable, "busy"), status.Error(codes.InvalidArgument, "attribute too long")})
	if err == nil || event.IsPermanent(err) || !strings.Contains(err.Error(), "other@1") {
		t.Errorf("error is %v, want one that may pass and names the filter", err)
	}
	if diff := cmp.Diff([]string{"everything@1"}, e.notified); diff != "" {
		t.Errorf("notified (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int{"everything": 1, "other": 0, "refused": 0}, i.allowance.own); diff != "" {
		t.Errorf("matches of the hour (-want +got):\n%s", diff)
	}
	if len(e.failed) != 1 || e.failed[0].filter != "refused" || !strings.Contains(e.failed[0].reason, "attribute too long") {
		t.Errorf("failed are %v", e.failed)
	}
}

// TestClosedTopic pauses the filter alone, as one without a topic.
func TestClosedTopic(t *testing.T) {
	t.Parallel()
	for _, code := range []codes.Code{codes.PermissionDenied, codes.FailedPrecondition} {
		t.Run(code.String(), func(t *testing.T) {
			t.Parallel()
			s := newSky(t)
			i := s.instance(t)
			e := &evaluation{at: s.now()}
			err := i.settle(t.Context(), e, i.matchesOf(t, "everything", "closed"), []error{nil, status.Error(code, "not yours")})
			if err != nil || len(e.failed) > 0 {
				t.Errorf("error is %v, failed are %v, want neither", err, e.failed)
			}
			if diff := cmp.Diff([]string{"closed"}, e.paused); diff != "" {
				t.Errorf("paused (-want +got):\n%s", diff)
			}
			wantPaused(t, s, i, "closed", "the topic ztf-closed takes nothing from us")
		})
	}
}

// TestOutageOfOneTopic has the other filters' alerts go on, once it is clear
// that it is this topic's alone.
func TestOutageOfOneTopic(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything, text("flaky", 1, "true"))
	topic := resources.TopicPath(resources.Topic("flaky"))
	s.outage(func(name string) bool { return name == topic })
	i := s.instance(t)
	m := s.archive(t, 0)
	for try := range 2 * longOutage {
		if err := i.Handle(t.Context(), m); err == nil || event.IsPermanent(err) {
			t.Fatalf("error of try %d within a lease is %v, want one that may pass", try, err)
		}
	}
	s.clock.pass(i.Lease)
	i.handle(t, m)
	wantPaused(t, s, i, "flaky", "the topic ztf-flaky failed for "+i.Lease.String())
	row := s.lastRow()
	failures := row["failed"].([]warehouse.Values)
	if len(failures) != 1 || failures[0]["filter"] != "flaky" || !cmp.Equal(row["notified"], []string{"everything@1"}) {
		t.Errorf("evaluation is %v", row)
	}
	// When it is resumed its failures are forgotten.
	i.inForce(t)
	i.handle(t, s.archive(t, 1))
	s.remove(t, names.PausedObject("flaky"))
	i.inForce(t)
	if err := i.Handle(t.Context(), s.archive(t, 2)); err == nil {
		t.Error("one failure after it was resumed was enough")
	}
	s.outage(func(string) bool { return false })
	i.handle(t, s.archive(t, 2))
	i.handle(t, s.archive(t, 0, names.AttributeNotify, "flaky"))
	if diff := cmp.Diff(map[string]int{"everything@1": 3, "flaky@1": 2}, s.idsIn()); diff != "" {
		t.Errorf("notified in the end (-want +got):\n%s", diff)
	}
}

// TestOutageOfAllTopics pauses nobody: the event comes again.
func TestOutageOfAllTopics(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything, columned)
	s.outage(func(string) bool { return true })
	i := s.instance(t)
	m := s.archive(t, 0)
	for range 2 * longOutage {
		if err := i.Handle(t.Context(), m); err == nil || event.IsPermanent(err) {
			t.Fatalf("error is %v, want one that may pass", err)
		}
	}
	s.outage(func(string) bool { return false })
	i.handle(t, m)
	if diff := cmp.Diff(map[string]int{"everything@1": 1, "columned@3": 1}, s.idsIn()); diff != "" {
		t.Errorf("notified (-want +got):\n%s", diff)
	}
	if lines := i.log.with("filter is paused"); len(lines) > 0 {
		t.Errorf("the log says %v", lines)
	}
}

// matchesOf are matches of filters with these names.
func (i *instance) matchesOf(t *testing.T, filters ...string) []filter.Match {
	t.Helper()
	var all []filter.Match
	for _, name := range filters {
		f, _, err := filter.Parse(name, []byte(text(name, 1, "true")))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, filter.Match{Filter: f})
	}
	return all
}

// runaway takes more steps than any filter may, on an alert with a history.
const runaway = "prv_candidates.exists(a, prv_candidates.exists(b, prv_candidates.exists(c, prv_candidates.exists(d, a.jd + b.jd + c.jd + d.jd < 0.0))))"

// TestRunaway exceeds its limits again and again.
func TestRunaway(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything, text("runaway", 1, runaway))
	i := s.instance(t)
	n, _ := night()
	long := 0
	for index := range n.Len() {
		history, _ := n.Alert(index)["prv_candidates"].([]any)
		if longest, _ := n.Alert(long)["prv_candidates"].([]any); len(history) > len(longest) {
			long = index
		}
	}
	m := s.archive(t, long, names.AttributeReplay, "true")
	for count := range mostStrikes + 2 {
		if count == mostStrikes {
			i.inForce(t) // what the next event would begin
		}
		i.handle(t, m)
		row := s.lastRow()
		failures := row["failed"].([]warehouse.Values)
		if count < mostStrikes && (len(failures) != 1 || failures[0]["filter"] != "runaway" || failures[0]["reason"] == "") {
			t.Fatalf("evaluation %d has failures %v", count, failures)
		}
		if count >= mostStrikes && (len(failures) != 0 || !cmp.Equal(row["paused"], []string{"runaway"})) {
			t.Errorf("evaluation %d is %v, want the filter to be paused", count, row)
		}
		if diff := cmp.Diff([]string{"everything@1"}, row["matched"]); diff != "" {
			t.Errorf("matched (-want +got):\n%s", diff)
		}
	}
	wantPaused(t, s, i, "runaway", fmt.Sprintf("%d evaluations in a row failed", mostStrikes))
	wantNotice(t, s, "runaway", "evaluations in a row failed")
}

func TestStrikes(t *testing.T) {
	t.Parallel()
	s := newStrikes()
	i := &instance{}
	both := i.matchesOf(t, "a", "b")
	fail := func(times int, which ...filter.Match) (out []string) {
		var failures []filter.Failure
		for _, m := range which {
			failures = append(failures, filter.Failure{Filter: m.Filter, Err: errors.New("too slow")})
		}
		for range times {
			for _, failure := range s.count(failures) {
				out = append(out, failure.Filter.ID())
			}
		}
		return out
	}
	var got [][]string
	got = append(got,
		fail(mostStrikes-1, both...), // both are about to be out
		fail(1, both[0]),             // b did not fail this time
		fail(1, both...),
		fail(mostStrikes-2, both[1]),
		fail(1, both[1]),
		fail(mostStrikes-1, both[0]),
		fail(1), // none fails
		fail(1, both[0]),
	)
	want := [][]string{nil, {"a@1"}, nil, nil, {"b@1"}, nil, nil, nil}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("out (-want +got):\n%s", diff)
	}
}

// TestPauseFails lets the alert pass all the same, and holds the match back.
func TestPauseFails(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, text("capped", 1, "true", "max_matches_an_hour: 1"))
	i := s.instance(t)
	i.handle(t, s.archive(t, 0))
	i.shut(func(r *http.Request) bool { return strings.Contains(r.URL.RawQuery, "capped.paused") })
	i.handle(t, s.archive(t, 1))
	if n := len(i.log.with("filter cannot be paused")); n != 1 || s.idsIn()["capped@1"] != 1 {
		t.Errorf("%d lines of the log, notified %v", n, s.idsIn())
	}
	if diff := cmp.Diff([]string{"capped"}, s.lastRow()["paused"]); diff != "" {
		t.Errorf("paused (-want +got):\n%s", diff)
	}
	i.shut(nil)
	i.handle(t, s.archive(t, 2)) // too early to try again
	if _, ok := s.object(names.PausedObject("capped")); ok {
		t.Error("it was tried at once, as for every alert of an outage")
	}
	s.pass(refresh)
	i.handle(t, s.archive(t, 3))
	wantPaused(t, s, i, "capped", "more than 1 matches")
	if n := s.idsIn()["capped@1"]; n != 1 {
		t.Errorf("%d notifications, want one", n)
	}
}
