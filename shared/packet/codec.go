package packet

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
)

// maxRecord bounds a decompressed record. Pub/Sub takes messages up to 10 MB;
// an alert has 140 kB at most.
const maxRecord = 32 << 20

// decompress undoes the codec of a container's block.
func decompress(codec string, b []byte) ([]byte, error) {
	switch codec {
	case "null":
		return b, nil
	case "deflate":
		r := flate.NewReader(bytes.NewReader(b))
		out, err := io.ReadAll(io.LimitReader(r, maxRecord+1))
		return bounded(out, err)
	case "snappy":
		return unsnappy(b)
	case "zstandard":
		decoder, err := zstdDecoder()
		if err != nil {
			return nil, err
		}
		return bounded(decoder.DecodeAll(b, nil))
	default:
		return nil, fmt.Errorf("the codec is not one of null, deflate, snappy, zstandard")
	}
}

// unsnappy reads Avro's form of snappy: the block, then the CRC-32 of what
// was compressed.
func unsnappy(b []byte) ([]byte, error) {
	if len(b) < 4 {
		return nil, fmt.Errorf("%d bytes are too few", len(b))
	}
	b, sum := b[:len(b)-4], b[len(b)-4:]
	n, err := snappy.DecodedLen(b)
	if err != nil {
		return nil, err
	}
	if n > maxRecord {
		return nil, tooLarge()
	}
	out, err := snappy.Decode(nil, b)
	if err != nil {
		return nil, err
	}
	if crc32.ChecksumIEEE(out) != binary.BigEndian.Uint32(sum) {
		return nil, fmt.Errorf("the CRC-32 does not match")
	}
	return out, nil
}

func bounded(out []byte, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	if len(out) > maxRecord {
		return nil, tooLarge()
	}
	return out, nil
}

func tooLarge() error { return fmt.Errorf("more than %d bytes decompressed", maxRecord) }

// zstdDecoder is made at the first use, since few surveys use zstandard.
var zstdDecoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxRecord))
})
