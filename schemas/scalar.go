package schemas

import (
	"fmt"
	"strings"
)

// value is the type of the values of t that are not null: a reference is followed, and a union of null and one other
// type is that type.
func (t *avroType) value() *avroType {
	switch t.kind {
	case "reference":
		return t.refers
	case "union":
		var other *avroType
		for _, branch := range t.branches {
			if branch.kind == "null" {
				continue
			}
			if other != nil {
				return t
			}
			other = branch
		}
		if other != nil {
			return other.value()
		}
	}
	return t
}

// acceptsNull tells whether null is a value of t.
func (t *avroType) acceptsNull() bool {
	if t.kind == "null" {
		return true
	}
	for _, branch := range t.branches {
		if branch.kind == "null" {
			return true
		}
	}
	return false
}

// scalar is the column type of what is neither an array nor a record.
func (t *avroType) scalar() string {
	switch t.kind {
	case "int":
		if t.logical == "date" {
			return Date
		}
		return Integer
	case "long":
		if t.logical == "timestamp-millis" || t.logical == "timestamp-micros" {
			return Timestamp
		}
		return Integer
	case "float", "double":
		return Float
	case "string", "enum":
		return String
	case "bytes", "fixed":
		return Bytes
	case "boolean":
		return Boolean
	default:
		return JSON
	}
}

// reserved lists the prefixes that BigQuery keeps for columns of its own, whatever their case.
var reserved = [...]string{
	"_TABLE_", "_FILE_", "_PARTITION", "_ROW_TIMESTAMP", "__ROOT__", "_COLIDENTIFIER",
	"_CHANGE_SEQUENCE_NUMBER", "_CHANGE_TYPE", "_CHANGE_TIMESTAMP",
}

// checkName refuses the Avro names that BigQuery does not take as a column's.
func checkName(name string) error {
	if len(name) > maxName {
		return fmt.Errorf("a column's name has at most %d characters", maxName)
	}
	for _, prefix := range reserved {
		if strings.HasPrefix(strings.ToUpper(name), prefix) {
			return fmt.Errorf("BigQuery keeps names that start with %s", prefix)
		}
	}
	return nil
}
