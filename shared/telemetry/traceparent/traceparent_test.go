package traceparent

import (
	"testing"

	"pgregory.net/rapid"

	"nightwire.dev/shared/origin"
)

func record(offset int64) origin.Origin {
	return origin.Origin{Topic: "ztf_20260901_programid1", Partition: 3, Offset: offset}
}

func TestOf(t *testing.T) {
	t.Parallel()
	a, b := Of(record(1), 1), Of(record(2), 1)
	if a != Of(record(1), 1) {
		t.Error("one record has two traces")
	}
	if a.Trace == b.Trace || a.Span == b.Span {
		t.Errorf("two records share %s and %s", a, b)
	}
	other := record(1)
	other.Partition, other.Offset = 31, 1
	if c := Of(other, 1); c.Trace == a.Trace {
		t.Error("two partitions share a trace")
	}
	if !a.Sampled || Of(record(1), 0).Sampled {
		t.Error("want one in one sampled, and one in none not")
	}
}

func TestOfSamplesOneIn(t *testing.T) {
	t.Parallel()
	const records, oneIn = 200_000, 100
	n := 0
	for offset := range int64(records) {
		if Of(record(offset), oneIn).Sampled {
			n++
		}
	}
	// 2,000 are expected, with a standard deviation of 45; the identities are
	// fixed, so this either always holds or never.
	if n < 1800 || n > 2200 {
		t.Errorf("%d of %d records are sampled, want about %d", n, records, records/oneIn)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	cases := map[string]struct {
		text        string
		ok, sampled bool
	}{
		"sampled":          {"00-" + trace + "-" + span + "-01", true, true},
		"not sampled":      {"00-" + trace + "-" + span + "-00", true, false},
		"other flags":      {"00-" + trace + "-" + span + "-03", true, true},
		"empty":            {"", false, false},
		"another version":  {"01-" + trace + "-" + span + "-01", false, false},
		"no trace":         {"00-00000000000000000000000000000000-" + span + "-01", false, false},
		"no span":          {"00-" + trace + "-0000000000000000-01", false, false},
		"not hexadecimal":  {"00-" + trace + "-" + span + "-0x", false, false},
		"dashes elsewhere": {"00-" + trace + span + "--01-", false, false},
		"too long":         {"00-" + trace + "-" + span + "-01-", false, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := Parse(c.text)
			if ok != c.ok || got.Sampled != c.sampled {
				t.Errorf("got %+v, %v", got, ok)
			}
		})
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		c := Of(record(rapid.Int64().Draw(r, "offset")), rapid.IntRange(0, 3).Draw(r, "oneIn"))
		if got, ok := Parse(c.String()); !ok || got != c {
			r.Errorf("%+v was written as %s and read as %+v", c, c, got)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := Parse(text)
		if !ok {
			return
		}
		if again, ok := Parse(c.String()); !ok || again != c {
			t.Errorf("%q was read as %+v, written and read as %+v", text, c, again)
		}
	})
}

func BenchmarkOf(b *testing.B) {
	o := record(1)
	for b.Loop() {
		o.Offset++
		_ = Of(o, 1000)
	}
}
