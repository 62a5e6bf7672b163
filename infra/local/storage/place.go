package storage

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Limits of the real service on names.
const (
	maxNameBytes   = 1024
	maxFolderBytes = 255 // of one path element, by the file systems in use
)

// checkName refuses the names that the real service refuses.
func checkName(name string) error {
	switch {
	case name == "":
		return &apiError{code: 400, reason: "required", message: "Required"}
	case len(name) > maxNameBytes:
		return invalid("The maximum object length is %d characters, but got a name with %d characters.", maxNameBytes, len(name))
	case !utf8.ValidString(name), strings.ContainsAny(name, "\r\n"), name == ".", name == "..",
		strings.HasPrefix(name, ".well-known/acme-challenge/"):
		return invalid("Disallowed unicode characters present in object name '%s'", name)
	}
	return nil
}

// naturalPlace is the path, below the objects folder, under which people find
// the object: its name, with what a path element cannot be or hold written as
// %XX. The path is local, and no two names share one. It is not ok if an
// element would be too long.
func naturalPlace(name string) (path string, ok bool) {
	elements := strings.Split(name, "/")
	for i, element := range elements {
		elements[i] = escape(element)
		if len(elements[i]) > maxFolderBytes {
			return "", false
		}
	}
	return filepath.Join(elements...), true
}

// asidePlace is the path, below the aside folder, for a name without a natural
// place: one too long for a file system, or one that is at the same time a
// folder of other names ("a" beside "a/b").
func asidePlace(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

// emptyElement stands for the nothing between two slashes: a percent sign that
// no hexadecimal digits follow.
const emptyElement = "%"

func escape(element string) string {
	if element == "" {
		return emptyElement
	}
	var b strings.Builder
	for i := range len(element) {
		c := element[i]
		if unsafe(c) || (i == 0 && c == '.') {
			b.WriteByte('%')
			b.WriteString(strings.ToUpper(hex.EncodeToString([]byte{c})))
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// unsafe says that some file system gives a byte a meaning of its own. Bytes
// of UTF-8 sequences stay as they are.
func unsafe(c byte) bool {
	return c < 0x20 || c == 0x7f || strings.IndexByte(`%\:*?"<>|`, c) >= 0
}
