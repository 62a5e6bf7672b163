package filter

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"nightwire.dev/shared/event"
	"nightwire.dev/shared/names"
)

// inForce are the IDs of the filters that an instance has, as of now.
func (i *instance) inForce(t *testing.T) []string {
	t.Helper()
	l, err := i.catalogue.since(t.Context(), i.now())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, f := range l.set.Filters() {
		ids = append(ids, f.ID())
	}
	return ids
}

func wantInForce(t *testing.T, i *instance, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, i.inForce(t), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("filters in force (-want +got):\n%s", diff)
	}
}

const broken = "name: everything\nversion: 2\nowner: ada\ndescription: Of a test.\nstreams: [ztf]\nwhere: candidate.magpsff < 18\n"

// TestCatalogue has what may be in the folder: which filters are in force, and
// which files are refused.
func TestCatalogue(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		objects map[string]string // by name
		want    []string
		paused  []string
		refused []string // files
	}{
		"nothing": {},
		"some": {
			objects: map[string]string{"filters/everything.yaml": everything, "filters/nothing.yaml": nothing},
			want:    []string{"everything@1", "nothing@1"},
		},
		"a disabled one": {
			objects: map[string]string{"filters/off.yaml": text("off", 1, "true", "enabled: false")},
		},
		"another stream's": {
			objects: map[string]string{"filters/rubin.yaml": strings.Replace(text("rubin", 1, "true"), "[ztf]", "[lsst]", 1)},
		},
		"a paused one": {
			objects: map[string]string{"filters/everything.yaml": everything, "filters/nothing.yaml": nothing, "filters/nothing.paused": "{}"},
			want:    []string{"everything@1"}, paused: []string{"nothing"},
		},
		"a disabled one that is paused": {
			objects: map[string]string{"filters/off.yaml": text("off", 1, "true", "enabled: false"), "filters/off.paused": ""},
		},
		"a pause of nothing": {
			objects: map[string]string{"filters/gone.paused": ""},
		},
		"a bad one beside a good": {
			objects: map[string]string{"filters/everything.yaml": broken, "filters/nothing.yaml": nothing},
			want:    []string{"nothing@1"}, refused: []string{"filters/everything.yaml"},
		},
		"two files of one name": {
			objects: map[string]string{"filters/everything.yaml": everything, "filters/copy.yaml": everything},
			want:    []string{"everything@1"}, refused: []string{"filters/copy.yaml"},
		},
		"files that are no filters": {
			objects: map[string]string{"filters/": "", "filters/read.me": "hello", "filters/team/everything.yaml": everything},
			refused: []string{"filters/read.me", "filters/team/everything.yaml"},
		},
		"a copy of a deleted one": {
			objects: map[string]string{"filters/.accepted/everything.yaml": everything},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSky(t)
			for object, content := range c.objects {
				s.put(object, content)
			}
			i := s.instance(t)
			wantInForce(t, i, c.want...)
			wantInForce(t, i, c.want...) // a second look says nothing new
			if diff := cmp.Diff(c.paused, i.catalogue.current.Load().paused, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("paused (-want +got):\n%s", diff)
			}
			refused := map[string]int{}
			for _, line := range i.log.with("filter is refused") {
				refused[line["file"].(string)]++
				if line["severity"] != "ERROR" || line["reason"] == "" || line["line"] == nil {
					t.Errorf("refusal is %v", line)
				}
			}
			want := map[string]int{}
			for _, file := range c.refused {
				want[file] = 1
			}
			if diff := cmp.Diff(want, refused); diff != "" {
				t.Errorf("lines of the log, by file (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLongFile is refused, and no more of it read than shows that it is long.
func TestLongFile(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.put("filters/long.yaml", text("long", 1, "true")+strings.Repeat("#", 10*longestFile))
	i := s.instance(t)
	wantInForce(t, i)
	want := fmt.Sprintf("%d bytes", longestFile+1)
	if lines := i.log.with("filter is refused"); len(lines) != 1 || !strings.HasPrefix(lines[0]["reason"].(string), want) {
		t.Errorf("the log says %v, want once that it has %s", lines, want)
	}
}

// TestRefusalNamesTheLine is what an author needs.
func TestRefusalNamesTheLine(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.put("filters/everything.yaml", broken)
	i := s.instance(t)
	wantInForce(t, i)
	lines := i.log.with("filter is refused")
	if len(lines) != 1 || lines[0]["line"] != 6.0 || !strings.Contains(lines[0]["reason"].(string), "magpsf") {
		t.Errorf("refusals are %v, want one of line 6", lines)
	}
}

// TestLastGoodVersion changes a file for the worse, and then for the better.
func TestLastGoodVersion(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.put("filters/everything.yaml", everything)
	s.put("filters/nothing.yaml", nothing)
	warm := s.instance(t)
	wantInForce(t, warm, "everything@1", "nothing@1")
	s.put("filters/everything.yaml", broken)
	wantInForce(t, warm, "everything@1", "nothing@1")
	wantInForce(t, s.instance(t), "everything@1", "nothing@1") // one that starts cold
	s.put("filters/everything.yaml", text("everything", 3, "true"))
	wantInForce(t, warm, "everything@3", "nothing@1")
	wantInForce(t, s.instance(t), "everything@3", "nothing@1")
	s.put("filters/everything.yaml", broken)
	wantInForce(t, s.instance(t), "everything@3", "nothing@1")
}

// TestGoodVersionOfAnother is seen by one instance alone, before the file
// turns bad: the other takes its copy.
func TestGoodVersionOfAnother(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.put("filters/everything.yaml", everything)
	slow, quick := s.instance(t), s.instance(t)
	wantInForce(t, slow, "everything@1")
	s.put("filters/everything.yaml", text("everything", 2, "true"))
	wantInForce(t, quick, "everything@2")
	s.put("filters/everything.yaml", broken)
	wantInForce(t, slow, "everything@2")
}

// TestOldCopyDoesNotReplaceANewer has an instance that comes late with what it
// accepted.
func TestOldCopyDoesNotReplaceANewer(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.put("filters/everything.yaml", everything)
	late := s.instance(t)
	late.shut(writes) // it cannot keep its copy
	wantInForce(t, late, "everything@1")
	if _, ok := s.object(names.AcceptedObject("everything")); ok {
		t.Fatal("there is a copy, though it could not be written")
	}
	if n := len(late.log.with("copy of a filter cannot be kept")); n != 1 {
		t.Errorf("%d lines of the log, want one", n)
	}
	s.put("filters/everything.yaml", text("everything", 2, "true"))
	wantInForce(t, s.instance(t), "everything@2")
	late.shut(nil)
	s.put("filters/everything.yaml", broken)
	wantInForce(t, late, "everything@2")
	if text, _ := s.object(names.AcceptedObject("everything")); !strings.Contains(text, "version: 2") {
		t.Errorf("the copy is\n%s", text)
	}
}

// TestDeletedFilter takes its copy with it: a bad file of its name later does
// not bring it back.
func TestDeletedFilter(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.put("filters/everything.yaml", everything)
	i := s.instance(t)
	wantInForce(t, i, "everything@1")
	s.remove(t, "filters/everything.yaml")
	wantInForce(t, i)
	if _, ok := s.object(names.AcceptedObject("everything")); ok {
		t.Error("the copy is still there")
	}
	s.put("filters/everything.yaml", broken)
	wantInForce(t, i)
	wantInForce(t, s.instance(t))
}

// TestOnlyWhatChangedIsRead counts the requests of a second look.
func TestOnlyWhatChangedIsRead(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	for n := range 40 {
		name := fmt.Sprintf("filter-%d", n)
		s.put(names.FilterObject(name), text(name, 1, "true"))
	}
	i := s.instance(t)
	if n := len(i.inForce(t)); n != 40 {
		t.Fatalf("%d filters in force", n)
	}
	set := i.catalogue.current.Load().set
	before := i.count("")
	i.inForce(t)
	if n := i.count("") - before; n != 1 {
		t.Errorf("%d requests where nothing has changed, want one, to list", n)
	}
	if i.catalogue.current.Load().set != set {
		t.Error("the filters were compiled again, though nothing has changed")
	}
	s.put(names.FilterObject("filter-7"), text("filter-7", 2, "true"))
	before = i.count("")
	i.inForce(t)
	if n := i.count("") - before; n != 3 {
		t.Errorf("%d requests for one change, want three: list, read, keep", n)
	}
}

// TestBucketOutOfReach leaves the filters as they were; an instance without
// any has its events sent again.
func TestBucketOutOfReach(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything)
	cold, warm := s.instance(t), s.instance(t)
	wantInForce(t, warm, "everything@1")
	isFilters := func(r *http.Request) bool {
		return strings.Contains(r.URL.Path, resources.ProductsBucket()) && !writes(r)
	}
	cold.shut(isFilters)
	warm.shut(isFilters)
	m := s.archive(t, 0)
	if err := cold.Handle(t.Context(), m); err == nil || event.IsPermanent(err) || !strings.Contains(err.Error(), "list the filters") {
		t.Errorf("error is %v, want one that may pass", err)
	}
	s.pass(refresh)
	warm.handle(t, m)
	warm.catalogue.background.Wait()
	if n := len(warm.log.with("filters cannot be looked at, and stay as they are")); n != 1 {
		t.Errorf("%d lines of the log, want one", n)
	}
	warm.handle(t, s.archive(t, 1))
	cold.shut(nil)
	s.pass(time.Second)
	cold.handle(t, m)
	if n := s.idsIn()["everything@1"]; n != 2 {
		t.Errorf("%d notifications of two alerts", n)
	}
}

// TestFiltersAreLookedAtNowAndThen changes a file: the alert after the interval
// has the look begin, and does not wait for it.
func TestFiltersAreLookedAtNowAndThen(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, everything)
	i := s.instance(t)
	digest := func(alert int) any {
		i.handle(t, s.archive(t, alert))
		i.catalogue.background.Wait()
		rows := s.rows(&s.evaluations)
		return rows[len(rows)-1]["filters"]
	}
	first := digest(0)
	s.publish(t, nothing)
	s.pass(refresh / 2)
	early := digest(1)
	s.pass(refresh / 2)
	due := digest(2)
	after := digest(3)
	if diff := cmp.Diff([]any{int64(1), int64(1), int64(1), int64(2)}, []any{first, early, due, after}); diff != "" {
		t.Errorf("filters that ran (-want +got):\n%s", diff)
	}
}

// TestColdCallersShareALook begins with many events.
func TestColdCallersShareALook(t *testing.T) {
	t.Parallel()
	s := newSky(t)
	s.publish(t, nothing)
	i := s.instance(t)
	var wg sync.WaitGroup
	for n := range 20 {
		m := s.archive(t, n)
		wg.Go(func() {
			if err := i.Handle(t.Context(), m); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := i.count("GET /b/" + resources.ProductsBucket() + "/o"); n > 3 { // list, read, and perhaps another list
		t.Errorf("%d requests for the filters, want two", n)
	}
}
