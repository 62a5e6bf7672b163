package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// modules are what the functions are built from; the first is deployed, and
// vendors the others.
var modules = []string{"functions", "shared", "schemas"}

// stage makes the folder anew. It works in a copy of the modules, without their
// tests and what only those import, and leaves the repository untouched.
func stage(ctx context.Context, repository, folder string) error {
	work, err := os.MkdirTemp("", "nightwire-stage-")
	if err != nil {
		return fmt.Errorf("stage functions: %w", err)
	}
	defer os.RemoveAll(work)
	for _, module := range modules {
		if err := copyTree(filepath.Join(repository, module), filepath.Join(work, module), isDeployed); err != nil {
			return fmt.Errorf("copy module %s: %w", module, err)
		}
	}
	source := filepath.Join(work, modules[0])
	if err := vendor(ctx, source); err != nil {
		return err
	}
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("clear %s: %w", folder, err)
	}
	if err := copyTree(source, folder, everything); err != nil {
		return fmt.Errorf("fill %s: %w", folder, err)
	}
	return nil
}

// vendor copies what the module imports into its folder vendor.
func vendor(ctx context.Context, module string) error {
	command := exec.CommandContext(ctx, "go", "mod", "vendor")
	command.Dir = module
	// The module is deployed alone, so the workspace has no say.
	command.Env = append(command.Environ(), "GOWORK=off", "GOFLAGS=")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go mod vendor: %w\n%s", err, output)
	}
	return nil
}

// isDeployed leaves out what only tests and readers need.
func isDeployed(entry fs.DirEntry) bool {
	if entry.IsDir() {
		return entry.Name() != "testdata" && entry.Name() != "docs"
	}
	return !strings.HasSuffix(entry.Name(), "_test.go")
}

func everything(fs.DirEntry) bool { return true }

// copyTree copies the plain files of a folder that are wanted.
func copyTree(from, to string, wanted func(fs.DirEntry) bool) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, name)
		switch {
		case name != "." && !wanted(entry) && entry.IsDir():
			return filepath.SkipDir
		case entry.IsDir():
			return os.MkdirAll(target, 0o755)
		case !wanted(entry):
			return nil
		case !entry.Type().IsRegular():
			return fmt.Errorf("%s is no plain file", path)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		// The buildpack wants to write go.mod, whatever the rights here are.
		return os.WriteFile(target, content, 0o644)
	})
}
