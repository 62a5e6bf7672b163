package terraform_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// block is a block of commands in the guide.
type block struct {
	info  string // what stands behind the opening fence
	lines []string
}

// blocks reads the blocks of a Markdown text.
func blocks(text string) (all []block) {
	open := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch info, fence := strings.CutPrefix(line, "```"); {
		case fence && !open:
			all, open = append(all, block{info: info}), true
		case fence:
			open = false
		case open:
			last := &all[len(all)-1]
			last.lines = append(last.lines, line)
		}
	}
	return all
}

// TestGuide runs, in a copy of the repository, every command of the guide of
// operations that does not need a real project.
func TestGuide(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	repository := copyRepository(t)
	ran := map[string]bool{}
	for _, b := range blocks(string(text)) {
		switch b.info {
		case "sh project":
		case "sh":
			for _, line := range b.lines {
				if ran[line] {
					continue
				}
				ran[line] = true
				command := exec.CommandContext(t.Context(), "/bin/bash", "-ec", line)
				command.Dir = repository
				if output, err := command.CombinedOutput(); err != nil {
					t.Errorf("%s: %v\n%s", line, err, output)
				}
			}
		default:
			t.Errorf("block %q is neither run by this test nor marked as one that needs a project: %q", b.info, b.lines)
		}
	}
	if len(ran) == 0 {
		t.Error("the guide has no command that is run")
	}
	for _, made := range []string{"infra/terraform/terraform.tfvars", "build/functions/go.mod", "build/functions.zip"} {
		if _, err := os.Stat(filepath.Join(repository, filepath.FromSlash(made))); err != nil {
			t.Errorf("the guide makes no %s", made)
		}
	}
}

// copyRepository copies what the guide's commands need.
func copyRepository(t *testing.T) string {
	t.Helper()
	root, to := filepath.Join("..", ".."), t.TempDir()
	for _, name := range []string{"connector", "functions", "infra", "schemas", "shared"} {
		if err := os.CopyFS(filepath.Join(to, name), os.DirFS(filepath.Join(root, name))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"Makefile", "go.work", "go.work.sum"} {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// TestGuideNamesWhatThereIs looks at the commands that need a project: what they
// name of the plan must be in it.
func TestGuideNamesWhatThereIs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := os.ReadFile("main.tf")
	if err != nil {
		t.Fatal(err)
	}
	targets := 0
	for _, b := range blocks(string(text)) {
		for _, line := range b.lines {
			for word := range strings.FieldsSeq(line) {
				module, ok := strings.CutPrefix(word, "-target=module.")
				if !ok {
					continue
				}
				targets++
				if !strings.Contains(string(plan), "module \""+module+"\"") {
					t.Errorf("the plan has no module %s", module)
				}
			}
		}
	}
	if targets == 0 {
		t.Error("the guide names no module")
	}
}
