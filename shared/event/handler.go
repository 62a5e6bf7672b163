package event

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"nightwire.dev/shared/logging"
)

// deadLetters takes what could not be processed; *DeadLetters is one.
type deadLetters interface {
	Put(ctx context.Context, l Letter) error
}

// Handle processes one message. An error with a method Permanent that answers
// true says that trying again cannot help.
type Handle func(ctx context.Context, m *Message) error

// Handler serves the events of one function.
//
// An event that handle accepts is acknowledged (204). One that can never be
// processed is put on the dead-letter topic with the reason, and acknowledged
// only once it is there. Any other error is answered with 500, and Pub/Sub
// sends the event again; one with a method Waiting that answers true is no
// fault, and logged as none.
type Handler struct {
	Function    string // the function's name, for dead letters and logs
	Handle      Handle
	DeadLetters deadLetters
	Log         *slog.Logger
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := logging.Begin(logging.With(r.Context(), slog.String("function", h.Function)))
	message, err := Parse(r)
	if err == nil {
		err = h.Handle(ctx, message)
	}
	if IsPermanent(err) {
		err = h.bury(ctx, message, err)
	}
	switch {
	case err == nil:
		w.WriteHeader(http.StatusNoContent)
	case ctx.Err() != nil || errors.Is(err, context.Canceled):
		// The caller has gone or we are stopping; the event comes again.
		http.Error(w, "cancelled", http.StatusServiceUnavailable)
	default:
		level := slog.LevelWarn
		if isWaiting(err) {
			level = slog.LevelInfo
		}
		h.Log.Log(ctx, level, "event will be sent again", "error", err)
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (h *Handler) bury(ctx context.Context, message *Message, cause error) error {
	h.Log.ErrorContext(ctx, "event cannot be processed", "error", cause, "messageId", message.ID)
	return h.DeadLetters.Put(ctx, Letter{Function: h.Function, Reason: cause.Error(), Message: message, At: time.Now()})
}
