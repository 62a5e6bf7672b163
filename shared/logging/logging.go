// Package logging makes the process's logger: slog, as JSON in the shape that
// Cloud Logging understands (severity, message, time), or as text for people.
//
// Attributes put into a context appear on every line logged with it, so each
// line about an alert carries its stream, objectId and candid without each
// caller repeating them.
package logging

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
)

// New makes a logger that writes JSON lines to w at the level and above.
func New(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(contextual{slog.NewJSONHandler(w, &slog.HandlerOptions{
		Level:       level,
		ReplaceAttr: cloudNames,
	})})
}

// NewText is New for a terminal.
func NewText(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(contextual{slog.NewTextHandler(w, &slog.HandlerOptions{Level: level})})
}

type attributesKey struct{}

// With returns a context whose log lines carry the given attributes too.
func With(ctx context.Context, attributes ...slog.Attr) context.Context {
	return context.WithValue(ctx, attributesKey{}, slices.Concat(attributesOf(ctx), attributes))
}

func attributesOf(ctx context.Context) []slog.Attr {
	attributes, _ := ctx.Value(attributesKey{}).([]slog.Attr)
	return attributes
}

type subjectKey struct{}

// subject is what a piece of work turns out to be about.
type subject struct {
	mu         sync.Mutex
	attributes []slog.Attr
}

// Begin returns a context for one piece of work. What About says of the work,
// deep inside, appears also on the lines of whoever began it.
func Begin(ctx context.Context) context.Context {
	return context.WithValue(ctx, subjectKey{}, new(subject))
}

// About says which alert the work is about. The candid is text: Cloud Logging
// reads numbers as doubles, and it has more digits.
func About(ctx context.Context, stream, objectID, candid string) {
	s, ok := ctx.Value(subjectKey{}).(*subject)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attributes = []slog.Attr{slog.String("stream", stream), slog.String("objectId", objectID), slog.String("candid", candid)}
}

func subjectOf(ctx context.Context) []slog.Attr {
	s, ok := ctx.Value(subjectKey{}).(*subject)
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attributes
}

// contextual adds the context's attributes to each record.
type contextual struct{ slog.Handler }

func (h contextual) Handle(ctx context.Context, r slog.Record) error {
	r.AddAttrs(attributesOf(ctx)...)
	r.AddAttrs(subjectOf(ctx)...)
	return h.Handler.Handle(ctx, r)
}

func (h contextual) WithAttrs(attributes []slog.Attr) slog.Handler {
	return contextual{h.Handler.WithAttrs(attributes)}
}

func (h contextual) WithGroup(name string) slog.Handler {
	return contextual{h.Handler.WithGroup(name)}
}

// cloudNames gives slog's own keys the names that Cloud Logging reads.
func cloudNames(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.LevelKey:
		a.Key = "severity"
		if a.Value.String() == "WARN" {
			a.Value = slog.StringValue("WARNING")
		}
	case slog.MessageKey:
		a.Key = "message"
	}
	return a
}
