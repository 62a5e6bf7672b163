package config

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"
)

// Setting documents one variable.
type Setting struct {
	Variable string // environment variable
	YAML     string // place in the file
	Default  string
	Help     string
}

// Settings lists every setting, read from the structs themselves.
func Settings() []Setting {
	settings := settingsOf(reflect.TypeFor[Config](), "")
	return append(settings, settingsOf(reflect.TypeFor[Stream](), "streams[].")...)
}

func settingsOf(t reflect.Type, place string) []Setting {
	var settings []Setting
	for field := range fields(t) {
		name := place + field.Tag.Get("yaml")
		variable, options, _ := strings.Cut(field.Tag.Get("env"), ",")
		if variable == "" {
			if field.Type.Kind() == reflect.Struct {
				settings = append(settings, settingsOf(field.Type, name+".")...)
			}
			continue
		}
		_, value, _ := strings.Cut(options, "default=")
		settings = append(settings, Setting{Variable: variable, YAML: name, Default: value, Help: field.Tag.Get("help")})
	}
	return settings
}

func fields(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

// Describe writes the settings for people.
func Describe(w io.Writer) error {
	for _, s := range Settings() {
		value := ""
		if s.Default != "" {
			value = " (default " + s.Default + ")"
		}
		if _, err := fmt.Fprintf(w, "  %s%s\n      %s\n      in the file: %s\n", s.Variable, value, s.Help, s.YAML); err != nil {
			return err
		}
	}
	return nil
}

// Write writes the effective configuration as YAML, its secrets hidden.
func (c *Config) Write(w io.Writer) error {
	encoder := yaml.NewEncoder(w)
	encoder.SetIndent(2)
	if err := encoder.Encode(c); err != nil {
		return err
	}
	return encoder.Close()
}
