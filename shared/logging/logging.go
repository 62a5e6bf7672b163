// Package logging makes the process's logger: slog, as JSON in the shape that
// Cloud Logging understands (severity, message, time), or as text for people.
//
// Attributes put into a context with With appear on every line logged with
// that context, so each line about an alert carries its stream, objectId and
// candid without each caller repeating them.
package logging

import (
	"context"
	"io"
	"log/slog"
	"slices"
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

// contextual adds the context's attributes to each record.
type contextual struct{ slog.Handler }

func (h contextual) Handle(ctx context.Context, r slog.Record) error {
	r.AddAttrs(attributesOf(ctx)...)
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
