package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/infra/local/port/porttest"
	"nightwire.dev/infra/terraform"
	"nightwire.dev/shared/event"
)

const repository = "../.."

// wrapper is the program that the buildpack writes beside the functions. Only
// FUNCTION_TARGET tells it which of them to serve.
const wrapper = `package main

import (
	"log"
	"os"

	"github.com/GoogleCloudPlatform/functions-framework-go/funcframework"
	_ "nightwire.dev/functions"
)

func main() {
	if err := funcframework.StartHostPort("127.0.0.1", os.Getenv("PORT")); err != nil {
		log.Fatal(err)
	}
}
`

// TestEveryEntryPointAnswers takes the archive apart outside the repository,
// builds it as the buildpack does, with no module to be had, and sends each
// entry point an event that is of no use to it: it must acknowledge the event,
// and put it on the dead-letter topic with its own name. That takes its
// configuration, its clients and its tables.
func TestEveryEntryPointAnswers(t *testing.T) {
	t.Parallel()
	archive := packed(t, filepath.Join(t.TempDir(), "functions"))
	checkSameAgain(t, archive)
	program := build(t, unpack(t, archive))
	services := openServices(t)
	functions, err := terraform.Functions()
	if err != nil {
		t.Fatal(err)
	}
	if len(functions) == 0 {
		t.Fatal("no function is deployed")
	}
	for _, f := range functions {
		t.Run(f.Name, func(t *testing.T) { // one after the other: they share the dead-letter topic
			address := serve(t, program, f.Name, services)
			if status := send(t, address); status/100 != 2 {
				t.Fatalf("answer is %d", status)
			}
			letter := services.letter(t)
			if got := letter.Attributes[event.AttributeFunction]; got != f.Name {
				t.Errorf("the dead letter is of function %q, and says %q", got, letter.Attributes[event.AttributeReason])
			}
		})
	}
}

func packed(t *testing.T, folder string) (archive string) {
	t.Helper()
	if err := stage(t.Context(), repository, folder); err != nil {
		t.Fatal(err)
	}
	archive = folder + ".zip"
	if _, err := pack(folder, archive); err != nil {
		t.Fatal(err)
	}
	return archive
}

// checkSameAgain stages once more, in a folder of another name, and compares.
func checkSameAgain(t *testing.T, archive string) {
	t.Helper()
	want, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(packed(t, filepath.Join(t.TempDir(), "again")))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("the same sources made archives of %d and %d bytes, which differ", len(want), len(got))
	}
}

// unpack puts the archive where the buildpack has the function's source.
func unpack(t *testing.T, archive string) (source string) {
	t.Helper()
	r, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	source = filepath.Join(t.TempDir(), "serverless_function_source_code")
	if err := os.CopyFS(source, r); err != nil {
		t.Fatal(err)
	}
	return source
}

// build does what the buildpack does: it looks for the vendored framework, asks
// for the module's name, and builds a program beside the functions.
func build(t *testing.T, source string) (program string) {
	t.Helper()
	for _, needed := range []string{"functions.go", "vendor/modules.txt", "vendor/github.com/GoogleCloudPlatform/functions-framework-go/funcframework"} {
		if _, err := os.Stat(filepath.Join(source, filepath.FromSlash(needed))); err != nil {
			t.Errorf("the buildpack misses: %v", err)
		}
	}
	if name := golang(t, source, "list", "-m"); name != "nightwire.dev/functions" {
		t.Errorf("the module is %q", name)
	}
	folder := filepath.Join(source, "functions.local", "app")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "main.go"), []byte(wrapper), 0o644); err != nil {
		t.Fatal(err)
	}
	program = filepath.Join(t.TempDir(), "main")
	// Without -trimpath the path of the folder would be in the compiler's cache
	// keys, and all of vendor compiled again at each run.
	golang(t, source, "build", "-trimpath", "-o", program, folder)
	return program
}

// golang runs the go command where modules are forbidden: no proxy, no network,
// an empty module cache.
func golang(t *testing.T, folder string, arguments ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", arguments...)
	command.Dir = folder
	command.Env = append(command.Environ(),
		"GOPROXY=off", "GOFLAGS=", "GOWORK=", "GOTOOLCHAIN=local", "GOMODCACHE="+t.TempDir(), "CGO_ENABLED=0")
	var errors bytes.Buffer
	command.Stderr = &errors
	output, err := command.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(arguments, " "), err, errors.String())
	}
	return strings.TrimSpace(string(output))
}

// serve runs the program as the instance of one function.
func serve(t *testing.T, program, function string, s *services) (address string) {
	t.Helper()
	address = porttest.Keep(t).Address()
	_, port, _ := strings.Cut(address, ":")
	command := exec.CommandContext(t.Context(), program)
	command.Env = append(slices.Clone(s.environment), "PORT="+port, "FUNCTION_TARGET="+function, "HOME="+t.TempDir())
	var log bytes.Buffer
	command.Stderr = &log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait() // it is killed in the end
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-ended
		if t.Failed() {
			t.Logf("the function says:\n%s", log.String())
		}
	})
	await(t, address, ended)
	return address
}

// send pushes a message as Eventarc does. Its data are no alert, no object, no
// match and no night.
func send(t *testing.T, address string) (status int) {
	t.Helper()
	body, err := json.Marshal(map[string]any{
		"subscription": resources.SubscriptionPath("s"),
		"message": map[string]any{
			"data": []byte("of no use"), "attributes": map[string]string{"stream": "ztf"}, "messageId": "1",
			"publishTime": time.Date(2026, 9, 1, 4, 0, 0, 0, time.UTC),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Ce-Type", "google.cloud.pubsub.topic.v1.messagePublished")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

// TestCopyTree leaves out what is not deployed, and refuses what is no file.
func TestCopyTree(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), filepath.Join(t.TempDir(), "copy")
	for _, name := range []string{"a.go", "a_test.go", "query.sql", "testdata/golden.txt", "docs/a.md", "sub/b.go", "sub/testdata/x.go"} {
		path := filepath.Join(from, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := copyTree(from, to, isDeployed); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, pattern := range []string{"*", "*/*", "*/*/*"} {
		found, err := filepath.Glob(filepath.Join(to, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			name, err := filepath.Rel(to, path)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, filepath.ToSlash(name))
		}
	}
	if diff := cmp.Diff([]string{"a.go", "query.sql", "sub", "sub/b.go"}, got); diff != "" {
		t.Errorf("copied (-want +got):\n%s", diff)
	}
	if err := os.Symlink("a.go", filepath.Join(from, "link.go")); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	if err := copyTree(from, to, isDeployed); err == nil || !strings.Contains(err.Error(), "no plain file") {
		t.Errorf("a link: %v", err)
	}
}
