package config

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"time"

	environment "nightwire.dev/shared/config"
)

// single is the environment's shape: one stream beside the process.
type single struct {
	Config
	Stream
}

// Validate leaves it to checked: the embedded Config has no stream yet.
func (*single) Validate() error { return nil }

// fromEnvironment reads the variables that lookup knows.
func fromEnvironment(ctx context.Context, lookup func(string) (string, bool)) (*Config, error) {
	v := &variables{lookup: lookup}
	s, err := environment.LoadFrom[single](ctx, v)
	if err != nil {
		return nil, v.explain(err)
	}
	c := s.Config
	c.Streams = []Stream{s.Stream}
	return c.checked()
}

// variables remembers the last variable asked for. Each is read before the next
// is asked for, so it is the one that an error is about.
type variables struct {
	lookup      func(string) (string, bool)
	name, value string
}

// Lookup reads a variable.
func (v *variables) Lookup(name string) (value string, ok bool) {
	value, ok = v.lookup(name)
	v.name, v.value = name, value
	return value, ok
}

// explain says what the variable wants, where the error speaks of Go's parsing.
func (v *variables) explain(err error) error {
	for _, s := range settings() {
		if s.variable != v.name {
			continue
		}
		switch wanted := form(s.kind); {
		case wanted == "": // the error is our own, and says it
		case s.kind.Kind() == reflect.Map: // whose values may be passwords
			return fmt.Errorf("%s: want %s", v.name, wanted)
		default:
			return fmt.Errorf("%s: want %s, not %q", v.name, wanted, v.value)
		}
	}
	return err
}

// form is how the text of a setting must look; empty for types of ours.
func form(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[int](), reflect.TypeFor[int64]():
		return "a number"
	case reflect.TypeFor[time.Duration]():
		return "a time with its unit, as in 30s"
	case reflect.TypeFor[slog.Level]():
		return "DEBUG, INFO, WARN or ERROR"
	case reflect.TypeFor[Properties]():
		return "name=value, comma-separated"
	default:
		return ""
	}
}
