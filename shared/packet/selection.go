package packet

import (
	"encoding/binary"
	"strings"
	"sync"
)

// Selection reads a few fields of records in one pass over their bytes, where
// Get would walk once for each. It learns the way through a record once for
// each type, and is safe for concurrent use.
type Selection struct {
	paths []string

	mu   sync.RWMutex
	ways map[*Type]*way
}

// Select makes a selection of fields by their dotted paths: candidate.magpsf.
func Select(paths ...string) *Selection {
	return &Selection{paths: paths, ways: map[*Type]*way{}}
}

// Len is the number of fields.
func (s *Selection) Len() int { return len(s.paths) }

// Read takes the fields of a record: into[i] is the value at the i-th path,
// null where the record has none.
func (s *Selection) Read(record Value, into []Value) {
	clear(into[:len(s.paths)])
	if record.Kind() == Record {
		s.through(record.Type).read(record.data, 0, into)
	}
}

// mostWays bounds the types that are remembered. A survey has a handful of
// schema versions; who parses one of them again and again makes more.
const mostWays = 64

func (s *Selection) through(t *Type) *way {
	s.mu.RLock()
	known, ok := s.ways[t]
	s.mu.RUnlock()
	if ok {
		return known
	}
	found := newWay(t, s.paths, "")
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ways) >= mostWays {
		clear(s.ways)
	}
	s.ways[t] = found
	return found
}

// way is what to do with the fields of a record in their order. The outermost
// way stops at the last selected field; a nested one goes on to the record's
// end, since there is more behind it.
type way struct {
	steps []step
	stops bool
}

type step struct {
	typ    *Type
	slot   int  // where the value goes, or -1
	within *way // what to take of the record that it is
}

func newWay(t *Type, paths []string, prefix string) *way {
	w, last := &way{stops: prefix == ""}, 0
	for i := range t.Fields {
		s := step{typ: t.Fields[i].Type, slot: -1}
		path := prefix + t.Fields[i].Name
		deeper := false
		for slot, selected := range paths {
			if selected == path {
				s.slot = slot
			}
			deeper = deeper || strings.HasPrefix(selected, path+".")
		}
		if inner, _ := s.typ.Optional(); deeper && inner.Kind == Record {
			s.within = newWay(inner, paths, path+".")
		}
		w.steps = append(w.steps, s)
		if s.slot >= 0 || s.within != nil {
			last = len(w.steps)
		}
	}
	if w.stops {
		w.steps = w.steps[:last]
	}
	return w
}

// read walks the record that begins at b[at], whose bytes have been checked,
// and returns where it ended.
func (w *way) read(b []byte, at int, into []Value) int {
	for i := range w.steps {
		s := &w.steps[i]
		t := s.typ
		for t.Kind == Union {
			branch, size := binary.Varint(b[at:])
			t, at = t.Branches[branch], at+size
		}
		if s.slot >= 0 {
			into[s.slot] = Value{Type: t, data: b[at:]}
		}
		if s.within != nil && t.Kind == Record {
			at = s.within.read(b, at, into)
			continue
		}
		if i < len(w.steps)-1 || !w.stops {
			at = t.skip(b, at)
		}
	}
	return at
}

// skip returns where a value that has been checked ends.
func (t *Type) skip(b []byte, at int) int {
	switch t.Kind {
	case Null:
		return at
	case Float:
		return at + 4
	case Double:
		return at + 8
	case Int, Long:
		for b[at] >= 0x80 {
			at++
		}
		return at + 1
	case Bytes, String:
		n, size := binary.Varint(b[at:])
		return at + size + int(n)
	case Record:
		for i := range t.Fields {
			at = t.Fields[i].Type.skip(b, at)
		}
		return at
	case Union:
		branch, size := binary.Varint(b[at:])
		return t.Branches[branch].skip(b, at+size)
	default:
		end, _ := t.scan(b, at, 0)
		return end
	}
}
