package config

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"

	"gopkg.in/yaml.v3"

	environment "nightwire.dev/shared/config"
)

func fromFile(ctx context.Context, path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	c, err := parse(ctx, text, environment.Lookup)
	if err != nil {
		return nil, fmt.Errorf("read configuration %s: %w", path, err)
	}
	return c, nil
}

// parse reads the YAML text; lookup resolves ${NAME} in its values.
func parse(ctx context.Context, text []byte, lookup func(string) (string, bool)) (*Config, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	if err := expand(&document, lookup); err != nil {
		return nil, err
	}
	expanded, err := yaml.Marshal(&document)
	if err != nil {
		return nil, err
	}
	defaults, err := environment.LoadMap[bareConfig](ctx, nil)
	if err != nil {
		return nil, err
	}
	decoder := yaml.NewDecoder(bytes.NewReader(expanded))
	decoder.KnownFields(true)
	if err := decoder.Decode(defaults); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	c := Config(*defaults)
	return c.checked()
}

// The bare types have the settings and none of the methods. Loaded from an
// empty environment they are the defaults, the same as the environment's: a
// file's streams never take up one stream's variables by accident.
type (
	bareConfig Config
	bareStream Stream
)

// UnmarshalYAML lays the file's settings of a stream over the defaults. This
// form of the method keeps the decoder's refusal of unknown settings.
func (s *Stream) UnmarshalYAML(decode func(any) error) error {
	defaults, err := environment.LoadMap[bareStream](context.Background(), nil)
	if err != nil {
		return err
	}
	if err := decode(defaults); err != nil {
		return err
	}
	*s = Stream(*defaults)
	return nil
}

func (c *Config) checked() (*Config, error) {
	c.complete()
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("check configuration:\n%w", err)
	}
	return c, nil
}

var variable = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// expand puts the environment's values in the place of ${NAME}, in values and
// not in the text, so that a secret cannot change the document's structure.
func expand(node *yaml.Node, lookup func(string) (string, bool)) error {
	for _, child := range node.Content {
		if err := expand(child, lookup); err != nil {
			return err
		}
	}
	if node.Kind != yaml.ScalarNode || !variable.MatchString(node.Value) {
		return nil
	}
	var missing error
	node.Value = variable.ReplaceAllStringFunc(node.Value, func(reference string) string {
		name := variable.FindStringSubmatch(reference)[1]
		value, ok := lookup(name)
		if !ok {
			missing = fmt.Errorf("line %d: %s: want the environment variable %s to be set", node.Line, reference, name)
		}
		return value
	})
	if node.Style == 0 && node.Tag == "!!str" {
		node.Tag = "" // a plain ${PORT} may stand for a number
	}
	return missing
}
