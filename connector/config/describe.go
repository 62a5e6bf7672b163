package config

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"gopkg.in/yaml.v3"
)

// setting documents one variable.
type setting struct {
	variable string // of the environment
	place    string // in the file
	initial  string // its default
	help     string
	kind     reflect.Type
}

// settings lists every setting, read from the structs themselves.
func settings() []setting {
	process := settingsOf(reflect.TypeFor[Config](), "")
	return append(process, settingsOf(reflect.TypeFor[Stream](), "streams[].")...)
}

func settingsOf(t reflect.Type, place string) []setting {
	var list []setting
	for field := range t.Fields() {
		name := place + field.Tag.Get("yaml")
		variable, options, _ := strings.Cut(field.Tag.Get("env"), ",")
		if variable == "" {
			if field.Type.Kind() == reflect.Struct {
				list = append(list, settingsOf(field.Type, name+".")...)
			}
			continue
		}
		_, value, _ := strings.Cut(options, "default=")
		list = append(list, setting{variable, name, value, field.Tag.Get("help"), field.Type})
	}
	return list
}

// Describe writes the settings for people.
func Describe(w io.Writer) error {
	for _, s := range settings() {
		value := ""
		if s.initial != "" {
			value = " (default " + s.initial + ")"
		}
		if _, err := fmt.Fprintf(w, "  %s%s\n      %s\n      in the file: %s\n", s.variable, value, s.help, s.place); err != nil {
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
