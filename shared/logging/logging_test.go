package logging_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/logging"
)

// lines reads the lines that log wrote as JSON.
func lines(t *testing.T, log func(*slog.Logger)) []map[string]any {
	t.Helper()
	var b bytes.Buffer
	log(logging.New(&b, slog.LevelDebug))
	var all []map[string]any
	for decoder := json.NewDecoder(&b); decoder.More(); {
		var line map[string]any
		if err := decoder.Decode(&line); err != nil {
			t.Fatal(err)
		}
		at, _ := line["time"].(string)
		if _, err := time.Parse(time.RFC3339Nano, at); err != nil {
			t.Errorf("time is %v: %v", line["time"], err)
		}
		delete(line, "time")
		all = append(all, line)
	}
	return all
}

func TestLine(t *testing.T) {
	t.Parallel()
	ctx := logging.With(context.Background(), slog.String("stream", "ztf"), slog.String("objectId", "ZTF21abiuvdk"))
	inner := logging.With(ctx, slog.Int("filter", 2))
	cases := map[string]struct {
		log  func(*slog.Logger)
		want map[string]any
	}{
		"debug":   {func(l *slog.Logger) { l.Debug("a") }, map[string]any{"severity": "DEBUG", "message": "a"}},
		"info":    {func(l *slog.Logger) { l.Info("a") }, map[string]any{"severity": "INFO", "message": "a"}},
		"warning": {func(l *slog.Logger) { l.Warn("a") }, map[string]any{"severity": "WARNING", "message": "a"}},
		"error":   {func(l *slog.Logger) { l.Error("a") }, map[string]any{"severity": "ERROR", "message": "a"}},
		"attributes of the call": {
			func(l *slog.Logger) { l.Info("a", "bytes", 3) },
			map[string]any{"severity": "INFO", "message": "a", "bytes": 3.0},
		},
		"attributes of the context": {
			func(l *slog.Logger) { l.InfoContext(ctx, "a", "bytes", 3) },
			map[string]any{"severity": "INFO", "message": "a", "bytes": 3.0, "stream": "ztf", "objectId": "ZTF21abiuvdk"},
		},
		"attributes of a context in a context": {
			func(l *slog.Logger) { l.InfoContext(inner, "a") },
			map[string]any{"severity": "INFO", "message": "a", "stream": "ztf", "objectId": "ZTF21abiuvdk", "filter": 2.0},
		},
		"attributes of the logger": {
			func(l *slog.Logger) { l.With("function", "rows").InfoContext(ctx, "a") },
			map[string]any{"severity": "INFO", "message": "a", "function": "rows", "stream": "ztf", "objectId": "ZTF21abiuvdk"},
		},
		"a group keeps slog's names": {
			func(l *slog.Logger) { l.Info("a", slog.Group("kafka", "level", "low", "msg", "b")) },
			map[string]any{"severity": "INFO", "message": "a", "kafka": map[string]any{"level": "low", "msg": "b"}},
		},
		"a logger with a group": {
			func(l *slog.Logger) { l.WithGroup("kafka").InfoContext(inner, "a", "offset", 7) },
			map[string]any{"severity": "INFO", "message": "a", "kafka": map[string]any{
				"offset": 7.0, "stream": "ztf", "objectId": "ZTF21abiuvdk", "filter": 2.0,
			}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff([]map[string]any{c.want}, lines(t, c.log)); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
		})
	}
}

// TestWhatTheWorkIsAbout tells deep inside a piece of work what it is about:
// whoever began it knows from then on, and no other work does.
func TestWhatTheWorkIsAbout(t *testing.T) {
	t.Parallel()
	begun := logging.Begin(logging.With(context.Background(), slog.String("function", "rows")))
	other := logging.Begin(context.Background())
	got := lines(t, func(l *slog.Logger) {
		l.InfoContext(begun, "before")
		inner, cancel := context.WithCancel(begun)
		logging.About(inner, "ztf", "ZTF21abiuvdk", "1627148971515015007")
		cancel()
		l.InfoContext(begun, "after")
		l.InfoContext(other, "elsewhere")
	})
	want := []map[string]any{
		{"severity": "INFO", "message": "before", "function": "rows"},
		{
			"severity": "INFO", "message": "after", "function": "rows",
			"stream": "ztf", "objectId": "ZTF21abiuvdk", "candid": "1627148971515015007",
		},
		{"severity": "INFO", "message": "elsewhere"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestAboutWithoutWork(t *testing.T) {
	t.Parallel()
	logging.About(context.Background(), "ztf", "ZTF21abiuvdk", "1") // nobody began; nothing to tell
	got := lines(t, func(l *slog.Logger) { l.InfoContext(context.Background(), "a") })
	if diff := cmp.Diff([]map[string]any{{"severity": "INFO", "message": "a"}}, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

// TestContextsAreApart makes two contexts out of one: neither may see what the
// other adds.
func TestContextsAreApart(t *testing.T) {
	t.Parallel()
	parent := logging.With(context.Background(), slog.String("stream", "ztf"))
	first := logging.With(parent, slog.Int("candid", 1))
	second := logging.With(parent, slog.Int("candid", 2))
	got := lines(t, func(l *slog.Logger) {
		for _, ctx := range []context.Context{first, second, parent} {
			l.InfoContext(ctx, "a")
		}
	})
	want := []map[string]any{
		{"severity": "INFO", "message": "a", "stream": "ztf", "candid": 1.0},
		{"severity": "INFO", "message": "a", "stream": "ztf", "candid": 2.0},
		{"severity": "INFO", "message": "a", "stream": "ztf"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestLevel(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	for _, l := range []*slog.Logger{logging.New(&b, slog.LevelWarn), logging.NewText(&b, slog.LevelWarn)} {
		l.Info("quiet")
	}
	if b.Len() > 0 {
		t.Errorf("below the level was written %q", &b)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	ctx := logging.With(context.Background(), slog.String("stream", "ztf"))
	logging.NewText(&b, slog.LevelInfo).WarnContext(ctx, "late", "seconds", 3)
	if want := "level=WARN msg=late seconds=3 stream=ztf\n"; !strings.HasSuffix(b.String(), want) {
		t.Errorf("line is %q, want it to end in %q", &b, want)
	}
}
