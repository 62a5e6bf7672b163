package dawn

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"nightwire.dev/shared/certificate"
)

// Save writes a certificate as JSON, and as a page with the same name and the
// end .html. It returns the path of the page.
func Save(c *certificate.Certificate, path string) (page string, err error) {
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write the certificate: %w", err)
	}
	var html bytes.Buffer
	if err := c.Page(&html); err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("write the certificate: %w", err)
	}
	page = path[:len(path)-len(filepath.Ext(path))] + ".html"
	for name, content := range map[string][]byte{path: append(text, '\n'), page: html.Bytes()} {
		if err := os.WriteFile(name, content, 0o644); err != nil {
			return "", fmt.Errorf("write the certificate: %w", err)
		}
	}
	return page, nil
}
