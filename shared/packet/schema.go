package packet

import (
	"encoding/json"
	"sync"

	"github.com/hamba/avro/v2"
)

// maxSchemaText bounds what a header may ask us to parse: 30 times the
// largest schema of any survey.
const maxSchemaText = 1 << 20

// Schema is a writer's schema, parsed once and shared by all its packets.
type Schema struct {
	Name    string            // full name of the record: ztf.alert, lsst.v9_0.alert
	Text    []byte            // as valid Avro JSON
	Mended  bool              // whether Text differs from what the survey sent
	Strings map[string]string // the record's own string properties: "version", "doc"
	Root    *Type             // always a Record
}

// ParseSchema parses the text of a writer's schema. Defaults that the Avro
// specification forbids are removed from it: ZTF before schema 3.5, and 4.01,
// have defaults that do not fit the first branch of their union. A writer's
// schema needs no defaults, and the record's bytes stay as they are.
func ParseSchema(text []byte) (*Schema, error) {
	if len(text) > maxSchemaText {
		return nil, faultf(0, "schema of %d bytes, more than %d", len(text), maxSchemaText)
	}
	mended, changed, err := mend(text)
	if err != nil {
		return nil, faultf(0, "schema: %v", err)
	}
	parsed, err := avro.ParseBytesWithCache(withoutDefaults(mended), "", &avro.SchemaCache{})
	if err != nil {
		return nil, faultf(0, "schema: %v", err)
	}
	builder := &typeBuilder{named: map[string]*Type{}}
	root, err := builder.build(parsed)
	if err == nil {
		err = builder.checkEmpty()
	}
	if err != nil {
		return nil, faultf(0, "schema: %v", err)
	}
	if root.Kind != Record {
		return nil, faultf(0, "schema is of type %s, not a record", root.Kind)
	}
	return &Schema{Name: root.Name, Text: mended, Mended: changed, Strings: stringProperties(mended), Root: root}, nil
}

// Record checks one encoded record, from its first to its last byte. Reading
// the Value afterwards cannot fail.
func (s *Schema) Record(b []byte) (Value, error) {
	end, err := s.Root.scan(b, 0, 0)
	if err != nil {
		return Value{}, err
	}
	if end != len(b) {
		return Value{}, faultf(end, "%d bytes are left after the record: the schema does not describe this data", len(b)-end)
	}
	return Value{Type: s.Root, data: b}, nil
}

// stringProperties reads the top-level properties of a schema that are strings.
func stringProperties(text []byte) map[string]string {
	var all map[string]any
	properties := map[string]string{}
	if json.Unmarshal(text, &all) == nil {
		for name, value := range all {
			if s, ok := value.(string); ok {
				properties[name] = s
			}
		}
	}
	return properties
}

// schemaCache finds a parsed schema by its text. Few exist: a survey has one
// at a time, so the cache starts afresh in the unlikely case that it fills.
type schemaCache struct {
	mu      sync.RWMutex
	schemas map[string]*Schema
}

const maxCachedSchemas = 64

func (c *schemaCache) parse(text []byte) (*Schema, error) {
	c.mu.RLock()
	schema, ok := c.schemas[string(text)]
	c.mu.RUnlock()
	if ok {
		return schema, nil
	}
	schema, err := ParseSchema(text)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if first, ok := c.schemas[string(text)]; ok {
		return first, nil
	}
	if c.schemas == nil || len(c.schemas) >= maxCachedSchemas {
		c.schemas = map[string]*Schema{}
	}
	c.schemas[string(text)] = schema
	return schema, nil
}
