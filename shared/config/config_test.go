package config_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/shared/config"
)

// settings is a deployable's configuration.
type settings struct {
	Project string        `env:"GOOGLE_CLOUD_PROJECT, required"`
	Port    int           `env:"PORT, default=8080"`
	Window  time.Duration `env:"WINDOW, default=30s"`
	Nested  struct {
		Endpoint string `env:"NIGHTWIRE_ENDPOINT"`
	}
}

var errPort = errors.New("the port is taken")

func (s *settings) Validate() error {
	if s.Port < 1 {
		return fmt.Errorf("PORT %d: want 1 or more: %w", s.Port, errPort)
	}
	return nil
}

func TestLoad(t *testing.T) {
	t.Parallel()
	filled := settings{Project: "survey", Port: 9000, Window: time.Minute}
	filled.Nested.Endpoint = "127.0.0.1:1"
	cases := map[string]struct {
		variables map[string]string
		want      settings
	}{
		"defaults": {
			map[string]string{"GOOGLE_CLOUD_PROJECT": "survey"},
			settings{Project: "survey", Port: 8080, Window: 30 * time.Second},
		},
		"everything set": {
			map[string]string{
				"GOOGLE_CLOUD_PROJECT": "survey", "PORT": "9000", "WINDOW": "1m", "NIGHTWIRE_ENDPOINT": "127.0.0.1:1",
				"SOMETHING_ELSE": "of no interest",
			},
			filled,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := config.LoadMap[settings](t.Context(), c.variables)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&c.want, got); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrorsNameTheVariable(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		variables map[string]string
		want      []string
	}{
		"missing":  {map[string]string{}, []string{"GOOGLE_CLOUD_PROJECT", "missing required value"}},
		"no digit": {map[string]string{"GOOGLE_CLOUD_PROJECT": "p", "PORT": "http"}, []string{"PORT", `"http"`}},
		"no duration": {
			map[string]string{"GOOGLE_CLOUD_PROJECT": "p", "WINDOW": "soon"},
			[]string{"WINDOW", `"soon"`},
		},
		"refused by Validate": {
			map[string]string{"GOOGLE_CLOUD_PROJECT": "p", "PORT": "-1"},
			[]string{"check configuration", "PORT -1: want 1 or more"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := config.LoadMap[settings](t.Context(), c.variables)
			if err == nil {
				t.Fatalf("settings are %+v, want an error", got)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
	t.Run("the cause can be told", func(t *testing.T) {
		t.Parallel()
		_, err := config.LoadMap[settings](t.Context(), map[string]string{"GOOGLE_CLOUD_PROJECT": "p", "PORT": "0"})
		if !errors.Is(err, errPort) {
			t.Errorf("error is %v, want it to wrap that of Validate", err)
		}
	})
}

// Variables of the process are global, so this test is not parallel.
func TestEnvironment(t *testing.T) {
	t.Setenv("GOOGLE_CLOUD_PROJECT", "from the environment")
	t.Setenv("PORT", "1234")
	got, err := config.Load[settings](t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Project != "from the environment" || got.Port != 1234 {
		t.Errorf("settings are %+v", got)
	}
	if port, ok := config.Lookup("PORT"); port != "1234" || !ok {
		t.Errorf("PORT is %q, %v", port, ok)
	}
	if value, ok := config.Lookup("NIGHTWIRE_NO_SUCH_VARIABLE"); ok {
		t.Errorf("an unset variable is %q", value)
	}
}
