package panel

import (
	"bytes"
	"context"
	"image/png"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// chromium runs Debian's browser once, or skips the test where there is none.
func chromium(t *testing.T, arguments ...string) []byte {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed: the page is not looked at in a browser")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, path, append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir=" + t.TempDir(), "--window-size=1360,1000",
	}, arguments...)...)
	var problems bytes.Buffer
	command.Stderr = &problems
	out, err := command.Output()
	if err != nil {
		t.Fatalf("chromium: %v\n%s", err, &problems)
	}
	return out
}

// TestInABrowser loads the page in a real browser, and looks at what it makes of
// the document, and at what it draws.
func TestInABrowser(t *testing.T) {
	t.Parallel()
	s := newStand(t)
	s.alerts.Store(1234)
	server := httptest.NewServer(s.panel.Handler())
	t.Cleanup(server.Close)
	contains(t, string(chromium(t, "--dump-dom", server.URL)),
		`id="stage-connector"`, `id="stage-archive"`, `id="stage-bucket"`, `id="stage-rows"`, `id="stage-filter"`, `id="stage-supernova"`,
		"1\u2009234", `id="dead-letters"`)

	file := filepath.Join(t.TempDir(), "page.png")
	chromium(t, "--screenshot="+file, server.URL)
	picture, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer picture.Close()
	drawn, err := png.Decode(picture)
	if err != nil {
		t.Fatal(err)
	}
	colours := map[[3]uint32]bool{}
	for y := range drawn.Bounds().Dy() {
		for x := range drawn.Bounds().Dx() {
			r, g, b, _ := drawn.At(x, y).RGBA()
			colours[[3]uint32{r, g, b}] = true
		}
	}
	// A blank page has one; text alone has greys; ours has cards, an alarm, links.
	if len(colours) < 50 {
		t.Errorf("the page is drawn in %d colours", len(colours))
	}
}
