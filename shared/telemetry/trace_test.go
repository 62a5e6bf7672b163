package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nightwire.dev/shared/event"
	"nightwire.dev/shared/telemetry/traceparent"
)

// line is a span as the log has it.
type line struct {
	Name, Trace, Span, Parent, Error string
	Outcome                          string `json:"nightwire.outcome"`
	Offset                           int64  `json:"kafka.offset"`
	MS                               float64
}

func read(t *testing.T, lines *bytes.Buffer) []line {
	t.Helper()
	var all []line
	for decoder := json.NewDecoder(lines); decoder.More(); {
		var l line
		if err := decoder.Decode(&l); err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

// TestTrace follows one alert from its record to the message of a match that a
// fit takes up, as the functions pass it on.
func TestTrace(t *testing.T) {
	t.Parallel()
	watch, lines := open(t, Log)
	metadata := map[string]string{}
	pass := func(stage string, m *event.Message, handle event.Handle) {
		t.Helper()
		if err := watch.Stage(stage).Watch(handle)(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	pass("archive", raw(t, true), func(ctx context.Context, _ *event.Message) error {
		record().Attributes(metadata)
		Carry(ctx, metadata)
		return nil
	})
	match := map[string]string{}
	pass("filter", notification(t, metadata), func(ctx context.Context, _ *event.Message) error {
		ctx, end := Span(ctx, "match rising")
		Carry(ctx, match)
		end(nil)
		return nil
	})
	pass("supernova", push(t, "{}", match), func(context.Context, *event.Message) error { return nil })

	spans := read(t, lines)
	var order []string
	byName := map[string]line{}
	for _, s := range spans {
		order, byName[s.Name] = append(order, s.Name), s
	}
	if diff := cmp.Diff([]string{"connector", "archive", "match rising", "filter", "supernova"}, order); diff != "" {
		t.Fatalf("spans (-want +got):\n%s", diff)
	}
	parents := map[string]string{"archive": "connector", "filter": "archive", "match rising": "filter", "supernova": "match rising"}
	for name, parent := range parents {
		if s := byName[name]; s.Parent != byName[parent].Span || s.Trace != byName["connector"].Trace {
			t.Errorf("span %s hangs under %q of trace %s, want under %s: %+v", name, s.Parent, s.Trace, parent, spans)
		}
	}
	if root := byName["connector"]; root.MS < 3000 || root.Offset != 41 || root.Parent != "" {
		t.Errorf("root span is %+v: want three seconds, from Kafka's timestamp to the publish", root)
	}
}

// TestUntraced passes an alert on that nobody chose.
func TestUntraced(t *testing.T) {
	t.Parallel()
	watch, lines := open(t, Log)
	metadata, match := map[string]string{}, map[string]string{}
	record().Attributes(metadata)
	fails := errors.New("busy")
	err := watch.Stage("archive").Watch(func(ctx context.Context, _ *event.Message) error {
		Carry(ctx, metadata)
		Carry(ctx, match)
		return nil
	})(t.Context(), raw(t, false))
	if _, there := metadata[traceparent.Key]; there || err != nil {
		t.Errorf("metadata %v, error %v: an alert that is not traced needs no more than its coordinates", metadata, err)
	}
	if lines.Len() > 0 {
		t.Errorf("a span of an alert that is not traced: %s", lines)
	}
	for stage, m := range map[string]*event.Message{"rows": notification(t, metadata), "supernova": push(t, "{}", match)} {
		err = watch.Stage(stage).Watch(func(context.Context, *event.Message) error { return fails })(t.Context(), m)
		if !errors.Is(err, fails) {
			t.Errorf("%s: error is %v, want that of the handler", stage, err)
		}
	}
	want := traceparent.Of(record(), 0)
	spans := read(t, lines)
	if len(spans) != 2 {
		t.Fatalf("%d spans, want one for each error: %+v", len(spans), spans)
	}
	for _, s := range spans {
		if s.Error != "busy" || s.Outcome != "again" || s.Trace != want.String()[3:35] {
			t.Errorf("span of an error is %+v, want one in the trace of its record, %s", s, want)
		}
	}
}

// TestCancelled leaves events alone that a stop has cut short.
func TestCancelled(t *testing.T) {
	t.Parallel()
	watch, lines := open(t, Log)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = watch.Stage("rows").Watch(func(ctx context.Context, _ *event.Message) error { return ctx.Err() })(ctx, raw(t, false))
	if lines.Len() > 0 {
		t.Errorf("a span of an event that was cancelled: %s", lines)
	}
}

// TestOffPassesOn hands a trace on though this process makes no spans.
func TestOffPassesOn(t *testing.T) {
	t.Parallel()
	m := raw(t, true)
	metadata := map[string]string{}
	Carry(withWork(t, m), metadata)
	if got := metadata[traceparent.Key]; got != m.Attributes[traceparent.Key] {
		t.Errorf("passed on %q, got %q", got, m.Attributes[traceparent.Key])
	}
}
