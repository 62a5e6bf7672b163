package packet

import (
	"encoding/binary"
	"math"
)

// maxRecordDepth bounds the nesting of a record; alerts use 4 levels.
const maxRecordDepth = 32

// scan walks the value of type t that begins at b[at] and returns where it
// ends. It reads every length, count and union branch, and touches no content.
func (t *Type) scan(b []byte, at, depth int) (end int, err error) {
	if depth > maxRecordDepth {
		return at, faultf(at, "nested deeper than %d levels", maxRecordDepth)
	}
	switch t.Kind {
	case Null:
		return at, nil
	case Boolean:
		if at >= len(b) {
			return at, truncated(at)
		}
		if b[at] > 1 {
			return at, faultf(at, "boolean is %d", b[at])
		}
		return at + 1, nil
	case Int:
		n, end, err := scanLong(b, at)
		if err == nil && (n < math.MinInt32 || n > math.MaxInt32) {
			return at, faultf(at, "int %d has more than 32 bits", n)
		}
		return end, err
	case Long:
		_, end, err = scanLong(b, at)
		return end, err
	case Float:
		return scanFixed(b, at, 4)
	case Double:
		return scanFixed(b, at, 8)
	case Fixed:
		return scanFixed(b, at, t.Size)
	case Bytes, String:
		return scanBytes(b, at, t.Kind)
	case Enum:
		n, end, err := scanLong(b, at)
		if err == nil && (n < 0 || n >= int64(len(t.Symbols))) {
			return at, faultf(at, "symbol %d of an enum of %d", n, len(t.Symbols))
		}
		return end, err
	case Union:
		n, end, err := scanLong(b, at)
		if err != nil {
			return at, err
		}
		if n < 0 || n >= int64(len(t.Branches)) {
			return at, faultf(at, "branch %d of a union of %d", n, len(t.Branches))
		}
		return t.Branches[n].scan(b, end, depth+1)
	case Array, Map:
		return t.scanBlocks(b, at, depth)
	default:
		for i := range t.Fields {
			at, err = t.Fields[i].Type.scan(b, at, depth+1)
			if err != nil {
				return at, inField(err, t.Fields[i].Name)
			}
		}
		return at, nil
	}
}

// scanBlocks walks the blocks of an array or a map.
func (t *Type) scanBlocks(b []byte, at, depth int) (int, error) {
	for item := 0; ; {
		count, next, err := scanBlockHead(b, at)
		if err != nil || count == 0 {
			return next, err
		}
		at = next
		for range count {
			if t.Kind == Map {
				if at, err = scanBytes(b, at, String); err != nil {
					return at, err
				}
			}
			start := at
			if at, err = t.Elem.scan(b, at, depth+1); err != nil {
				return at, atItem(err, item)
			}
			if at == start {
				return at, atItem(faultf(at, "an item that takes no bytes"), item)
			}
			item++
		}
	}
}

// scanBlockHead reads the count of a block, and passes over its size in bytes,
// which a negative count announces.
func scanBlockHead(b []byte, at int) (count int64, end int, err error) {
	count, end, err = scanLong(b, at)
	if err != nil {
		return 0, at, err
	}
	if count < 0 {
		count = -count
		if _, end, err = scanLong(b, end); err != nil {
			return 0, at, err
		}
	}
	// Each item takes a byte at least (scanBlocks sees to it), so no count can
	// keep us busy for longer than the packet is long.
	if count < 0 || count > int64(len(b)-end) {
		return 0, at, faultf(at, "%d items announced in the %d bytes that are left", uint64(count), len(b)-end)
	}
	return count, end, nil
}

func scanFixed(b []byte, at, size int) (int, error) {
	if size > len(b)-at {
		return at, truncated(len(b))
	}
	return at + size, nil
}

func scanBytes(b []byte, at int, kind Kind) (int, error) {
	n, end, err := scanLong(b, at)
	if err != nil {
		return at, err
	}
	if n < 0 || n > int64(len(b)-end) {
		return at, faultf(at, "%s of %d bytes announced in the %d that are left", kind, n, len(b)-end)
	}
	return end + int(n), nil
}

// scanLong reads a zigzag varint.
func scanLong(b []byte, at int) (n int64, end int, err error) {
	n, size := binary.Varint(b[min(at, len(b)):])
	switch {
	case size == 0:
		return 0, at, truncated(at)
	case size < 0:
		return 0, at, faultf(at, "integer has more than 64 bits")
	}
	return n, at + size, nil
}

func truncated(at int) *Fault { return faultf(at, "the data ends here") }
