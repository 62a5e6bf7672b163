package kafka

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"
)

func sealed(body string) []byte {
	entry := binary.LittleEndian.AppendUint32(nil, uint32(len(body)))
	entry = binary.LittleEndian.AppendUint32(entry, crc32.Checksum([]byte(body), castagnoli))
	return append(entry, body...)
}

func TestCutTornEntry(t *testing.T) {
	t.Parallel()
	sound := append(sealed("first commit"), sealed("second commit")...)
	third := sealed("third commit")
	damaged := bytes.Clone(third)
	damaged[len(damaged)-1] ^= 1
	for name, tail := range map[string][]byte{
		"nothing":            nil,
		"part of a header":   third[:5],
		"part of an entry":   third[:len(third)-1],
		"a damaged entry":    damaged,
		"a length beyond it": {0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 1},
	} {
		path := filepath.Join(t.TempDir(), "groups.log")
		if err := os.WriteFile(path, append(bytes.Clone(sound), tail...), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := cutTornEntry(path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, sound) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if err := cutTornEntry(filepath.Join(t.TempDir(), "absent")); err != nil {
		t.Errorf("no log: %v", err)
	}
}
