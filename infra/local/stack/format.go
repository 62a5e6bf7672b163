package stack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// format names the form of the servers' files. It changes with the form: none
// of the servers reads what another version of itself has left.
const format = "4"

// formatFile holds the format of the state in a folder.
const formatFile = "format"

// checkFormat refuses state that another version has left, whatever it is, and
// marks a new folder. The folder is locked.
func checkFormat(dir string) error {
	file := filepath.Join(dir, formatFile)
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the format of the state: %w", err)
	}
	if strings.TrimSpace(string(text)) == format {
		return nil
	}
	for _, name := range serverNames {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return fmt.Errorf("the state in %s was made by another version of nightwire: use that version, choose another folder with --dir, or forget it with nightwire reset", dir)
		}
	}
	if err := os.WriteFile(file, []byte(format+"\n"), 0o644); err != nil {
		return fmt.Errorf("mark the state folder: %w", err)
	}
	return nil
}
