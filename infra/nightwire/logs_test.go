package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLogs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "log"), 0o700); err != nil {
		t.Fatal(err)
	}
	const info, fault = `{"severity":"INFO","message":"well"}` + "\n", `{"severity":"ERROR","message":"ill"}` + "\n"
	for name, text := range map[string]string{
		"functions": "Serving function: \"rows\"\n" + info + fault + info,
		"storage":   "panic: of another kind\n" + info + `{"severity":"INFO","mess`,
	} {
		if err := os.WriteFile(filepath.Join(dir, "log", name+".log"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cases := map[string]struct {
		arguments []string
		want      string
	}{
		"all":         {nil, "functions  Serving function: \"rows\"\nfunctions  " + info + "functions  " + fault + "functions  " + info + "storage    panic: of another kind\nstorage    " + info},
		"the last":    {[]string{"-n", "1"}, "functions  " + info + "storage    " + info},
		"faults":      {[]string{"--faults", "-n", "1"}, "functions  " + fault + "storage    panic: of another kind\n"},
		"all faults":  {[]string{"--faults"}, "functions  " + fault + "storage    panic: of another kind\n"},
		"of one":      {[]string{"storage", "-n", "1"}, "storage    " + info},
		"none at all": {[]string{"-n", "0"}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := line(t, append([]string{"logs", "--dir", dir}, c.arguments...)...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("logs (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := line(t, "logs", "--dir", dir, "nobody"); err == nil || !strings.Contains(err.Error(), "no process is called nobody: want functions, storage") {
		t.Errorf("error is %v, want what there is", err)
	}
}
