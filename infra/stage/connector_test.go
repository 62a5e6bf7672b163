package main

import (
	"bufio"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// instruction is one line of a Dockerfile.
type instruction struct{ verb, rest string }

// dockerfile reads the connector's image, a line an instruction.
func dockerfile(t *testing.T) (all []instruction) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "connector", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	joined := strings.ReplaceAll(string(text), "\\\n", " ")
	for line := range strings.Lines(joined) {
		if verb, rest, ok := strings.Cut(strings.TrimSpace(line), " "); ok && !strings.HasPrefix(verb, "#") {
			all = append(all, instruction{verb, strings.TrimSpace(rest)})
		}
	}
	return all
}

// ofTheBase are the libraries of the image's base: glibc's.
var ofTheBase = []string{"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}

// TestImage does without a container what the Dockerfile says: it copies what
// COPY copies, runs what RUN runs, and looks whether the program that is left
// needs no more than the base image has.
func TestImage(t *testing.T) {
	t.Parallel()
	source, out := t.TempDir(), t.TempDir()
	mount := regexp.MustCompile(`--mount=\S+ *`)
	program := ""
	for _, i := range dockerfile(t) {
		switch {
		case i.verb == "COPY" && strings.HasPrefix(i.rest, "--from=build "):
			from, _, _ := strings.Cut(strings.TrimPrefix(i.rest, "--from=build "), " ")
			program = strings.Replace(from, "/out", out, 1)
		case i.verb == "COPY":
			from, to, _ := strings.Cut(i.rest, " ")
			if err := copyTree(filepath.Join(repository, from), filepath.Join(source, to), isDeployed); err != nil {
				t.Fatalf("COPY %s: %v", i.rest, err)
			}
		case i.verb == "RUN":
			line := strings.ReplaceAll(mount.ReplaceAllString(i.rest, ""), "/out/", out+"/")
			command := exec.CommandContext(t.Context(), "/bin/sh", "-ec", line)
			command.Dir, command.Env = source, append(command.Environ(), "GOFLAGS=-mod=readonly", "GOPROXY=off")
			if output, err := command.CombinedOutput(); err != nil {
				t.Fatalf("RUN %s: %v\n%s", line, err, output)
			}
		}
	}
	binary, err := elf.Open(program)
	if err != nil {
		t.Skipf("not built for Linux: %v", err)
	}
	defer binary.Close()
	libraries, err := binary.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	for _, library := range libraries {
		if !slices.Contains(ofTheBase, library) {
			t.Errorf("the base image has no %s", library)
		}
	}
	check := exec.CommandContext(t.Context(), program, "--check")
	check.Env = []string{"GOOGLE_CLOUD_PROJECT=p", "NIGHTWIRE_STREAM=ztf", "KAFKA_BOOTSTRAP_SERVERS=broker:9092"}
	if output, err := check.CombinedOutput(); err != nil || !strings.Contains(string(output), "broker:9092") {
		t.Errorf("--check: %v\n%s", err, output)
	}
}

// TestImageIsSmallAndUnprivileged holds what cannot be run here.
func TestImageIsSmallAndUnprivileged(t *testing.T) {
	t.Parallel()
	all := dockerfile(t)
	last := slices.IndexFunc(all, func(i instruction) bool { return i.verb == "FROM" && strings.Contains(i.rest, "distroless") })
	if last < 0 || !strings.HasSuffix(all[last].rest, ":nonroot") {
		t.Errorf("the image is on no distroless base, or runs as root: %v", all)
	}
	if entry := all[len(all)-1]; entry.verb != "ENTRYPOINT" || entry.rest != `["/nightwire-connector"]` {
		t.Errorf("the image starts %v", entry)
	}
	ignored, err := os.ReadFile(filepath.Join(repository, "connector", "Dockerfile.dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range all {
		from, _, _ := strings.Cut(i.rest, " ")
		if i.verb == "COPY" && !strings.HasPrefix(from, "--") && !strings.Contains(string(ignored), "!"+from+"\n") {
			t.Errorf("COPY %s is ignored", from)
		}
	}
}

// TestUnit has systemd itself check the connector's unit, where there is one.
func TestUnit(t *testing.T) {
	t.Parallel()
	path := filepath.Join(repository, "connector", "nightwire-connector.service")
	settings := unit(t, path)
	// 30 s is how long the connector drains if it is told nothing else.
	if stop, err := time.ParseDuration(settings["TimeoutStopSec"] + "s"); err != nil || stop <= 30*time.Second {
		t.Errorf("it is killed %s s after SIGTERM, before it has drained", settings["TimeoutStopSec"])
	}
	if settings["Restart"] != "always" || settings["DynamicUser"] != "yes" {
		t.Errorf("it is restarted %q, and has a user of its own: %q", settings["Restart"], settings["DynamicUser"])
	}
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd is not here to check the unit")
	}
	// It wants the program to be there.
	folder := t.TempDir()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.ReplaceAll(string(text), "/usr/local/bin", folder))
	program, copied := filepath.Join(folder, "nightwire-connector"), filepath.Join(folder, "nightwire-connector.service")
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(copied, text, 0o644); err != nil {
		t.Fatal(err)
	}
	output, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", "--man=no", copied).CombinedOutput()
	if err != nil || len(output) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, output)
	}
}

// unit reads the last value of each setting of a unit.
func unit(t *testing.T, path string) map[string]string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	settings := map[string]string{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), "="); ok && !strings.HasPrefix(name, "#") {
			settings[name] = value
		}
	}
	return settings
}
