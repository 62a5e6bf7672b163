package expression

import (
	"errors"
	"strings"
	"testing"
	"time"

	"nightwire.dev/schemas"
)

// limited evaluates a condition, with texts of a length as columns, under a
// clock that goes on by a step at each look.
func limited(t *testing.T, condition string, columns []string, step time.Duration) error {
	t.Helper()
	l, err := For(schemas.ZTF)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]*Expression{}
	for i, text := range columns {
		e, err := l.Check(text, known)
		if err != nil {
			t.Fatal(err)
		}
		next := map[string]*Expression{string(rune('a' + i)): e}
		for name, e := range known {
			next[name] = e
		}
		known = next
	}
	e, err := l.Check(condition, known)
	if err != nil {
		t.Fatal(err)
	}
	p := NewProgram(l)
	now := time.Unix(0, 0)
	p.clock = func() time.Time { now = now.Add(step); return now }
	if _, err := p.Add(e, nil); err != nil {
		t.Fatal(err)
	}
	run := p.Run(synthetic(t, 1)[0].alert)
	defer run.Close()
	_, err = run.Match(0)
	return err
}

// long are columns of which each is the one before it, eight times over.
func long() []string {
	return []string{
		"'" + strings.Repeat("x", 500) + "'", "a+a+a+a+a+a+a+a", "b+b+b+b+b+b+b+b", "c+c+c+c+c+c+c+c",
	}
}

func TestTimeLimit(t *testing.T) {
	t.Parallel()
	const ten = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"
	const loop = ten + ".all(a, " + ten + ".all(b, " + ten + ".all(c, a + b + c + a + b + c > 0)))"
	if err := limited(t, loop, nil, 2*MaxTime); !errors.Is(err, ErrTime) {
		t.Errorf("the error is %v, want %v", err, ErrTime)
	}
	if err := limited(t, loop, nil, 0); err != nil {
		t.Errorf("with a clock that stands still the error is %v", err)
	}
}

// TestTextsAreCharged has what looks through long texts again and again end at
// the limit of steps.
func TestTextsAreCharged(t *testing.T) {
	t.Parallel()
	for name, condition := range map[string]string{
		"size":      strings.Repeat("size(d) > 0 && ", 20) + "true",
		"contains":  strings.Repeat("!d.contains('y') && ", 20) + "true",
		"matches":   "prv_candidates.all(p, !b.matches('(?:x?){300}y'))",
		"appending": "prv_candidates.all(p, (d + d + d + d + objectId) != '')",
	} {
		if err := limited(t, condition, long(), 0); !errors.Is(err, ErrCost) {
			t.Errorf("%s: the error is %v, want %v", name, err, ErrCost)
		}
	}
}

// TestLongSubject has a text that no field of an alert has be missing for a
// pattern.
func TestLongSubject(t *testing.T) {
	t.Parallel()
	if err := limited(t, "c.matches('x')", long()[:3], 0); err != nil {
		t.Error(err)
	}
}
