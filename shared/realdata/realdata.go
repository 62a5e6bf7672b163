// Package realdata finds the collection of real alerts that some tests use.
// The collection cannot be part of the repository; where it is absent those
// tests are skipped and say so.
package realdata

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Dir is the collection's folder: shared/data beside the repository.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			break
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		t.Skip("real alerts: the test does not run within the repository")
	}
	data := filepath.Join(filepath.Dir(dir), "shared", "data")
	if _, err := os.Stat(filepath.Join(data, "alerts", "truth.jsonl")); err != nil {
		t.Skip("real alerts: the folder shared/data beside the repository is absent")
	}
	return data
}

// Alert is one real alert: its bytes as the survey or a broker published them,
// and what two independent readers found in them.
type Alert struct {
	File  string
	Bytes []byte
	Truth map[string]any // numbers are json.Number, so that no digit is lost
}

// Alerts are all real alerts for which keep is true; nil keeps all.
func Alerts(t testing.TB, keep func(truth map[string]any) bool) []Alert {
	t.Helper()
	dir := filepath.Join(Dir(t), "alerts")
	f, err := os.Open(filepath.Join(dir, "truth.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var alerts []Alert
	for lines := bufio.NewReader(f); ; {
		line, err := lines.ReadBytes('\n')
		if len(line) == 0 {
			break
		}
		a := Alert{}
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.UseNumber()
		if derr := decoder.Decode(&a.Truth); derr != nil {
			t.Fatal(derr)
		}
		if keep == nil || keep(a.Truth) {
			a.File, _ = a.Truth["file"].(string)
			if a.Bytes, err = os.ReadFile(filepath.Join(dir, a.File)); err != nil {
				t.Fatal(err)
			}
			alerts = append(alerts, a)
		}
		if err != nil {
			break
		}
	}
	return alerts
}
