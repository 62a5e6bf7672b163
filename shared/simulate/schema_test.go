package simulate_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/simulate"
)

func TestRecordsFitTheSchema(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"3.3", "4.02"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			s, ok := schemas.Find(schemas.ZTF, version)
			if !ok {
				t.Fatalf("schema ztf %s is unknown", version)
			}
			var alert any
			if err := json.Unmarshal(s.JSON, &alert); err != nil {
				t.Fatal(err)
			}
			n := newNight(t, simulate.Options{Seed: 7, Night: date, Alerts: 300, Schema: version})
			c := checker{named: map[string]any{}, absent: map[string]bool{}, present: map[string]bool{}}
			for i, a := range n.All() {
				if a["schemavsn"] != version {
					t.Fatalf("alert %d: schemavsn %v", i, a["schemavsn"])
				}
				if err := c.check("alert", alert, a); err != nil {
					t.Fatalf("alert %d: %v", i, err)
				}
			}
			for _, path := range []string{"alert.prv_candidates", "alert.prv_candidates[].magpsf"} {
				if !c.absent[path] || !c.present[path] {
					t.Errorf("%s should be null in some alerts and not in others", path)
				}
			}
		})
	}
}

// checker compares a record with the JSON of a schema. It notes by path where
// a nullable value was null and where not.
type checker struct {
	named           map[string]any
	absent, present map[string]bool
}

func (c checker) check(path string, schema, value any) error {
	switch s := schema.(type) {
	case []any:
		return c.checkUnion(path, s, value)
	case map[string]any:
		switch s["type"] {
		case "record":
			return c.checkRecord(path, s, value)
		case "array":
			list, ok := value.([]any)
			if !ok {
				return fmt.Errorf("%s: %T, want []any", path, value)
			}
			for _, item := range list {
				if err := c.check(path+"[]", s["items"], item); err != nil {
					return err
				}
			}
			return nil
		}
		return c.check(path, s["type"], value)
	case string:
		if definition, ok := c.named[s]; ok {
			return c.check(path, definition, value)
		}
		return checkPrimitive(path, s, value)
	}
	return fmt.Errorf("%s: cannot read schema %v", path, schema)
}

func (c checker) checkUnion(path string, branches []any, value any) error {
	for _, branch := range branches {
		if (branch == "null") == (value == nil) {
			c.absent[path] = c.absent[path] || value == nil
			c.present[path] = c.present[path] || value != nil
			if value == nil {
				return nil
			}
			return c.check(path, branch, value)
		}
	}
	return fmt.Errorf("%s: %T fits no branch of %v", path, value, branches)
}

func (c checker) checkRecord(path string, schema map[string]any, value any) error {
	name := fmt.Sprint(schema["name"])
	c.named[name] = schema
	if space, ok := schema["namespace"].(string); ok {
		c.named[space+"."+name] = schema
	}
	record, ok := value.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: %T, want map[string]any", path, value)
	}
	fields := schema["fields"].([]any)
	for _, f := range fields {
		field := f.(map[string]any)
		name := field["name"].(string)
		v, ok := record[name]
		if !ok {
			return fmt.Errorf("%s.%s: missing", path, name)
		}
		if err := c.check(path+"."+name, field["type"], v); err != nil {
			return err
		}
	}
	if len(record) != len(fields) {
		return fmt.Errorf("%s: %d keys, the schema has %d fields", path, len(record), len(fields))
	}
	return nil
}

func checkPrimitive(path, schema string, value any) error {
	var ok bool
	switch schema {
	case "string":
		_, ok = value.(string)
	case "bytes":
		_, ok = value.([]byte)
	case "int":
		_, ok = value.(int32)
	case "long":
		_, ok = value.(int64)
	case "float":
		_, ok = value.(float32)
	case "double":
		_, ok = value.(float64)
	}
	if !ok {
		return fmt.Errorf("%s: %T, want Avro's %s", path, value, schema)
	}
	return nil
}
