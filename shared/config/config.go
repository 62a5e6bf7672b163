// Package config fills a deployable's Config struct from the environment. It
// is the only place that reads environment variables.
//
// A struct names its variables in tags, `env:"NIGHTWIRE_STREAM, required"` or
// `env:"PORT, default=8080"`, and may have a Validate method; see
// github.com/sethvargo/go-envconfig for the tags.
package config

import (
	"context"
	"fmt"

	"github.com/sethvargo/go-envconfig"
)

type validator interface{ Validate() error }

// Load fills a new T from the environment and validates it. The error names
// the variable and what it wants.
func Load[T any](ctx context.Context) (*T, error) {
	return LoadFrom[T](ctx, envconfig.OsLookuper())
}

// LoadMap does the same from a map, for tests and embedding.
func LoadMap[T any](ctx context.Context, variables map[string]string) (*T, error) {
	return LoadFrom[T](ctx, envconfig.MapLookuper(variables))
}

// LoadFrom does the same from any source of variables.
func LoadFrom[T any](ctx context.Context, source envconfig.Lookuper) (*T, error) {
	c, asked := new(T), &asked{source: source}
	if err := envconfig.ProcessWith(ctx, &envconfig.Config{Target: c, Lookuper: asked}); err != nil {
		return nil, fmt.Errorf("read configuration from the environment: %s: %w", asked.last, err)
	}
	if v, ok := any(c).(validator); ok {
		if err := v.Validate(); err != nil {
			return nil, fmt.Errorf("check configuration: %w", err)
		}
	}
	return c, nil
}

// asked is a source that knows for which variable it was asked last. Each is
// read before the next is asked for, so an error is about that one; the error
// itself names the Go field only.
type asked struct {
	source envconfig.Lookuper
	last   string
}

func (a *asked) Lookup(name string) (string, bool) {
	a.last = name
	return a.source.Lookup(name)
}

// Lookup reads one environment variable, for the few places that need a
// single flag before any configuration exists.
func Lookup(name string) (string, bool) { return envconfig.OsLookuper().Lookup(name) }
