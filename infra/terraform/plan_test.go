package terraform_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// resource is what terraform would make.
type resource struct {
	Address string `json:"address"`
	Type    string `json:"type"`
	Change  struct {
		After map[string]any `json:"after"` // what is known before it is made
	} `json:"change"`
}

// text is an attribute that is one.
func (r resource) text(name string) string {
	s, _ := r.Change.After[name].(string)
	return s
}

// block is the first of an attribute's blocks; nil if it has none.
func (r resource) block(name string) map[string]any {
	return first(r.Change.After[name])
}

// first is the first of some blocks; nil if there is none.
func first(blocks any) map[string]any {
	list, _ := blocks.([]any)
	if len(list) == 0 {
		return nil
	}
	m, _ := list[0].(map[string]any)
	return m
}

// plan is what one run of the tests would make.
type plan []resource

func (p plan) of(kind string) (found []resource) {
	for _, r := range p {
		if r.Type == kind {
			found = append(found, r)
		}
	}
	return found
}

// all are the values of one attribute of a type, without an order.
func (p plan) all(kind, attribute string) map[string]bool {
	values := map[string]bool{}
	for _, r := range p.of(kind) {
		values[r.text(attribute)] = true
	}
	return values
}

// TestPlan has terraform check its files, run the tests in the folder tests on a
// provider that makes nothing, and compares what it would make with the Go side.
func TestPlan(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("terraform's own tests take a minute")
	}
	folder, environment := workspace(t)
	run := func(arguments ...string) []byte {
		t.Helper()
		command := exec.CommandContext(t.Context(), "terraform", arguments...)
		command.Dir, command.Env = folder, append(command.Environ(), environment...)
		output, err := command.CombinedOutput()
		var failed *exec.ExitError
		if err != nil && (arguments[0] != "test" || !errors.As(err, &failed)) {
			t.Fatalf("terraform %s: %v\n%s", strings.Join(arguments, " "), err, output)
		}
		return output
	}
	run("fmt", "-check", "-diff", "-recursive")
	run("init", "-backend=false", "-input=false", "-no-color")
	run("validate", "-no-color")
	if output := string(run("test", "-no-color", "-test-directory=example", "-var-file=example/terraform.tfvars")); !strings.Contains(output, "Success! 1 passed") {
		t.Errorf("the settings to start from:\n%s", output)
	}
	plans := read(t, run("test", "-json", "-verbose"))
	for run, suffix := range map[string]string{"production": "", "test": "t1"} {
		t.Run(run, func(t *testing.T) {
			p := plans[run]
			if len(p) == 0 {
				t.Fatal("there is no such plan")
			}
			t.Run("names", func(t *testing.T) { checkNames(t, p, suffix) })
			t.Run("walls", func(t *testing.T) { checkWalls(t, p, suffix) })
			t.Run("events", func(t *testing.T) { checkEvents(t, p) })
			t.Run("alarms", func(t *testing.T) { checkAlarms(t, p, suffix) })
		})
	}
}

// workspace copies the plan to where terraform may write, or skips the test
// where terraform or its provider is absent. Terraform is told where the provider
// is by a configuration of our own, and asks no registry.
func workspace(t *testing.T) (folder string, environment []string) {
	t.Helper()
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Skip("terraform is not installed")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skipf("no folder of caches: %v", err)
	}
	mirror := filepath.Join(cache, "nightwire", "terraform", "mirror")
	if _, err := os.Stat(filepath.Join(mirror, "registry.terraform.io", "hashicorp", "google")); err != nil {
		t.Skip("terraform's google provider is not in the cache: make terraform builds it, in 5 minutes")
	}
	root := t.TempDir()
	for _, name := range []string{"terraform", "filters", "dashboards"} { // the plan reads the built-in filters, and the alarms
		if err := os.CopyFS(filepath.Join(root, name), os.DirFS(filepath.Join("..", name))); err != nil {
			t.Fatal(err)
		}
	}
	// What an operator has there is of a real deployment.
	for _, name := range []string{".terraform", ".terraform.lock.hcl", "terraform.tfvars"} {
		if err := os.RemoveAll(filepath.Join(root, "terraform", name)); err != nil {
			t.Fatal(err)
		}
	}
	settings := filepath.Join(root, "terraformrc")
	text := "provider_installation {\n  filesystem_mirror {\n    path = \"" + filepath.ToSlash(mirror) + "\"\n  }\n}\n"
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root, "terraform"), []string{"TF_CLI_CONFIG_FILE=" + settings, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1"}
}

// read takes the plans out of what terraform tells of its tests, and reports
// those that failed.
func read(t *testing.T, output []byte) map[string]plan {
	t.Helper()
	plans := map[string]plan{}
	passed := 0
	for d := json.NewDecoder(bytes.NewReader(output)); ; {
		var line struct {
			Message string `json:"@message"`
			File    string `json:"@testfile"`
			Run     string `json:"@testrun"`
			Plan    struct {
				Changes plan `json:"resource_changes"`
			} `json:"test_plan"`
			Outcome struct {
				Progress string `json:"progress"`
				Status   string `json:"status"`
			} `json:"test_run"`
			Fault struct {
				Severity string `json:"severity"`
				Detail   string `json:"detail"`
			} `json:"diagnostic"`
		}
		if err := d.Decode(&line); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("terraform test: %v\n%s", err, output)
		}
		switch {
		case line.Fault.Severity == "error":
			t.Errorf("%s, %s: %s: %s", line.File, line.Run, line.Message, line.Fault.Detail)
		case line.Outcome.Progress == "complete" && line.Outcome.Status == "pass":
			passed++
		case line.Outcome.Progress == "complete":
			t.Errorf("%s, %s: %s", line.File, line.Run, line.Outcome.Status)
		case line.Plan.Changes != nil && strings.HasSuffix(line.File, "plan.tftest.hcl"):
			plans[line.Run] = line.Plan.Changes
		}
	}
	if passed == 0 {
		t.Fatalf("terraform ran no test:\n%s", output)
	}
	t.Logf("%d of terraform's own tests passed", passed)
	return plans
}
