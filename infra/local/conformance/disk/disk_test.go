package disk_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"nightwire.dev/infra/local/conformance/disk"
)

// fileVariable makes the test's own program a writer to that file.
const fileVariable = "NIGHTWIRE_TEST_DISK_FILE"

func TestMain(m *testing.M) {
	if path := os.Getenv(fileVariable); path != "" {
		writeOnRequest(path)
		return
	}
	os.Exit(m.Run())
}

// writeOnRequest writes a byte for each line that it reads, and says whether it
// could.
func writeOnRequest(path string) {
	disk.Outlive()
	file, err := os.Create(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		_, err := file.Write([]byte{'x'})
		fmt.Println(err == nil)
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	writer := exec.Command(os.Args[0])
	writer.Env = append(os.Environ(), fileVariable+"="+path)
	writer.Stderr = os.Stderr
	requests, err := writer.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := writer.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := writer.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = requests.Close()
		_ = writer.Wait()
	})
	answers := bufio.NewScanner(output)
	wrote := func() bool {
		t.Helper()
		if _, err := io.WriteString(requests, "\n"); err != nil {
			t.Fatal(err)
		}
		if !answers.Scan() {
			t.Fatal("the writer has ended")
		}
		return answers.Text() == "true"
	}
	if !wrote() {
		t.Error("it could not write at first")
	}
	free := disk.Fill(t, writer.Process)
	if wrote() {
		t.Error("it wrote to a full disk")
	}
	free()
	if !wrote() {
		t.Error("it could not write again")
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "xx" {
		t.Errorf("the file holds %q, %v", text, err)
	}
}
