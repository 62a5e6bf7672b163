package offsets

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPositionStaysBehindTheFirstUnconfirmed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		begin       []int64
		confirm     []int64
		position    int64
		outstanding int
	}{
		{"nothing read", nil, nil, 100, 0},
		{"read, not confirmed", []int64{100, 101}, nil, 100, 2},
		{"confirmed in order", []int64{100, 101}, []int64{100}, 101, 1},
		{"confirmed out of order", []int64{100, 101, 102}, []int64{102, 101}, 100, 3},
		{"the first comes last", []int64{100, 101, 102}, []int64{102, 101, 100}, 103, 0},
		{"confirmed twice", []int64{100, 101}, []int64{100, 100}, 101, 1},
		{"confirmed, never read", []int64{100}, []int64{99, 101, 5000}, 100, 1},
		{"offsets left out by Kafka", []int64{105, 109}, []int64{105}, 109, 1},
		{"offsets left out, all confirmed", []int64{105, 109}, []int64{105, 109}, 110, 0},
		{"read again", []int64{100, 101, 100}, []int64{100}, 101, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tracker := NewTracker(100)
			for _, o := range test.begin {
				tracker.Begin(o, time.Unix(o, 0))
			}
			for _, o := range test.confirm {
				tracker.Confirm(o)
			}
			if got := tracker.Position(); got != test.position {
				t.Errorf("position %d, want %d", got, test.position)
			}
			if got := tracker.outstanding(); got != test.outstanding {
				t.Errorf("outstanding %d, want %d", got, test.outstanding)
			}
		})
	}
}

func TestRangeHoldsThePositionAtItsStart(t *testing.T) {
	t.Parallel()
	tracker := NewTracker(10)
	if !tracker.BeginRange(10, 500, time.Unix(1, 0)) {
		t.Fatal("the range was refused")
	}
	tracker.Begin(500, time.Unix(2, 0))
	tracker.Confirm(500)
	if got := tracker.Position(); got != 10 {
		t.Errorf("position %d before the range is confirmed, want 10", got)
	}
	if got := tracker.Oldest(); !got.Equal(time.Unix(1, 0)) {
		t.Errorf("oldest %v, want that of the range", got)
	}
	tracker.Confirm(10)
	if got := tracker.Position(); got != 501 {
		t.Errorf("position %d, want 501", got)
	}
}

func TestIdle(t *testing.T) {
	t.Parallel()
	tracker := NewTracker(0)
	<-tracker.Idle()
	tracker.Begin(0, time.Now())
	idle := tracker.Idle()
	select {
	case <-idle:
		t.Fatal("idle with a record outstanding")
	default:
	}
	tracker.Confirm(0)
	<-idle
}

// The model keeps every offset for ever and looks at all of them each time.
type model struct {
	start     int64
	begun     []int64
	confirmed map[int64]bool
}

func (m *model) position() int64 {
	position := m.start
	for _, o := range m.begun {
		if !m.confirmed[o] {
			return o
		}
		position = o + 1
	}
	return position
}

func TestTrackerAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := model{start: rapid.Int64Range(0, 1000).Draw(t, "start"), confirmed: map[int64]bool{}}
		tracker := NewTracker(m.start)
		next, last := m.start, m.start
		t.Repeat(map[string]func(*rapid.T){
			"begin": func(t *rapid.T) {
				offset := next + rapid.SampledFrom([]int64{0, 0, 0, 1, 7}).Draw(t, "left out")
				if !tracker.Begin(offset, time.Unix(0, 0)) {
					t.Fatalf("offset %d was refused", offset)
				}
				m.begun = append(m.begun, offset)
				next = offset + 1
			},
			"confirm": func(t *rapid.T) {
				if len(m.begun) == 0 {
					t.Skip("nothing begun")
				}
				offset := rapid.SampledFrom(m.begun).Draw(t, "offset")
				tracker.Confirm(offset)
				m.confirmed[offset] = true
			},
			"begin again": func(t *rapid.T) {
				if len(m.begun) == 0 {
					t.Skip("nothing begun")
				}
				offset := rapid.SampledFrom(m.begun).Draw(t, "offset")
				if tracker.Begin(offset, time.Unix(0, 0)) {
					t.Fatalf("offset %d was taken twice", offset)
				}
			},
			"": func(t *rapid.T) {
				position := tracker.Position()
				if want := m.position(); position != want {
					t.Fatalf("position %d, want %d", position, want)
				}
				if position < last {
					t.Fatalf("position went back from %d to %d", last, position)
				}
				last = position
				i, found := slices.BinarySearch(m.begun, position)
				want := len(m.begun) - i
				if !found {
					want = 0
				}
				if got := tracker.outstanding(); got != want {
					t.Fatalf("outstanding %d, want %d", got, want)
				}
			},
		})
	})
}

// A window of records in flight moves over many: what is kept must not grow.
func BenchmarkTracker(b *testing.B) {
	b.ReportAllocs()
	tracker := NewTracker(0)
	const window = 1000
	now := time.Now()
	for i := range int64(b.N) {
		tracker.Begin(i, now)
		if i >= window {
			tracker.Confirm(i - window)
		}
	}
}
