package cluster

import (
	"reflect"
	"strings"
	"testing"
)

// TestEnvironment holds the variables to those that our own commands read, so
// that who is told by them finds the same cluster.
func TestEnvironment(t *testing.T) {
	t.Parallel()
	k := Kafka{
		Bootstrap: "127.0.0.1:9092", Mechanism: "SCRAM-SHA-512", Username: "u", Password: "p=q",
		Protocol: "SASL_SSL", CAFile: "ca.pem",
	}
	told := map[string]string{}
	for _, variable := range k.Environment() {
		name, value, _ := strings.Cut(variable, "=")
		told[name] = value
	}
	var back Kafka
	fields := reflect.ValueOf(&back).Elem()
	for i := range fields.NumField() {
		if name := fields.Type().Field(i).Tag.Get("env"); name != "" {
			fields.Field(i).SetString(told[name])
			delete(told, name)
		}
	}
	if back != k || len(told) > 0 {
		t.Errorf("read back %+v, want %+v; nobody reads %v", back, k, told)
	}
	for _, variable := range (Kafka{}).Environment() {
		if !strings.HasSuffix(variable, "=") {
			t.Errorf("%s of nothing", variable)
		}
	}
}
