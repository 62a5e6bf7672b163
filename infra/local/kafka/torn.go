package kafka

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// An entry of the broker's append-only logs is its length and its CRC32C, four
// bytes each and little-endian, and then as many bytes as the length says.
const entryHeader = 8

// cutTornEntry cuts off what a killed process wrote in part at the end of a
// log. The broker itself overlooks such an end but appends behind it, and what
// it appends there, committed offsets among it, it does not find again.
func cutTornEntry(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	sound := 0
	for rest := text; len(rest) >= entryHeader; rest = text[sound:] {
		length := int(binary.LittleEndian.Uint32(rest))
		if length > len(rest)-entryHeader ||
			crc32.Checksum(rest[entryHeader:entryHeader+length], castagnoli) != binary.LittleEndian.Uint32(rest[4:]) {
			break
		}
		sound += entryHeader + length
	}
	if sound == len(text) {
		return nil
	}
	return os.Truncate(path, int64(sound))
}
