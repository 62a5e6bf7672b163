package topics

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

const dateLayout = "20060102"

// Window is a range of nights, both ends included, written "from..to". An end
// is a date (20260131), a number of days relative to today in UTC (-7, +1, 0),
// or nothing, which leaves that end open. "all" is "..": every night.
type Window struct {
	from, to bound
	text     string
}

type bound struct {
	kind boundKind
	date time.Time
	days int
}

type boundKind int

const (
	open boundKind = iota
	fixed
	relative
)

// ParseWindow reads the text form.
func ParseWindow(text string) (Window, error) {
	if text == "all" {
		return Window{text: text}, nil
	}
	from, to, found := strings.Cut(text, "..")
	if !found {
		return Window{}, fmt.Errorf("nights %q: want from..to, as in -7..+1, 20260101..20260131 or all", text)
	}
	w := Window{text: text}
	var err error
	if w.from, err = parseBound(from); err != nil {
		return Window{}, fmt.Errorf("nights %q: first night: %w", text, err)
	}
	if w.to, err = parseBound(to); err != nil {
		return Window{}, fmt.Errorf("nights %q: last night: %w", text, err)
	}
	if w.to.before(w.from) {
		return Window{}, fmt.Errorf("nights %q: the first night comes after the last", text)
	}
	return w, nil
}

func parseBound(text string) (bound, error) {
	if text == "" {
		return bound{kind: open}, nil
	}
	if date, err := time.Parse(dateLayout, text); err == nil {
		return bound{kind: fixed, date: date}, nil
	}
	days, err := strconv.Atoi(text)
	if err != nil || days < -36500 || days > 36500 {
		return bound{}, fmt.Errorf("%q is neither a date YYYYMMDD nor a number of days from today", text)
	}
	return bound{kind: relative, days: days}, nil
}

// before is true when b is always the earlier one. A date and a number of days
// from today have no order that lasts.
func (b bound) before(other bound) bool {
	return b.kind == other.kind && (b.date.Before(other.date) || b.days < other.days)
}

// day resolves the bound; ok is false for an open end.
func (b bound) day(now time.Time) (day time.Time, ok bool) {
	switch b.kind {
	case fixed:
		return b.date, true
	case relative:
		return now.UTC().Truncate(24*time.Hour).AddDate(0, 0, b.days), true
	default:
		return time.Time{}, false
	}
}

// Contains says whether the night, midnight UTC of its date, is within the
// window as seen at now.
func (w Window) Contains(night, now time.Time) bool {
	if from, ok := w.from.day(now); ok && night.Before(from) {
		return false
	}
	if to, ok := w.to.day(now); ok && night.After(to) {
		return false
	}
	return true
}

// String is the text that the window was read from.
func (w Window) String() string { return w.text }

// MarshalText writes the text form.
func (w Window) MarshalText() ([]byte, error) { return []byte(w.text), nil }

// UnmarshalText reads the text form, for the environment and for YAML.
func (w *Window) UnmarshalText(text []byte) error {
	parsed, err := ParseWindow(string(text))
	if err != nil {
		return err
	}
	*w = parsed
	return nil
}
