package expression

import (
	"fmt"
	"testing"
	"time"

	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/simulate"
	"nightwire.dev/shared/survey"
	"pgregory.net/rapid"
)

// generator draws expressions in which nothing is missing: for such CEL's own
// interpreter and ours must agree.
type generator struct{ *rapid.T }

func (g generator) pick(label string, of ...string) string {
	return rapid.SampledFrom(of).Draw(g.T, label)
}

func (g generator) number(depth int) string {
	if depth == 0 {
		return g.pick("number", "candidate.jd", "candidate.magpsf", "candidate.fwhm", "candidate.ra", "candidate.dec", "1.5", "20.0", "-3.25")
	}
	switch g.pick("number form", "leaf", "binary", "choice", "negative", "widened", "indexed") {
	case "binary":
		return fmt.Sprintf("(%s %s %s)", g.number(depth-1), g.pick("operator", "+", "-", "*"), g.number(depth-1))
	case "choice":
		return fmt.Sprintf("(%s ? %s : %s)", g.condition(depth-1), g.number(depth-1), g.number(depth-1))
	case "negative":
		return fmt.Sprintf("(-%s / 4.0)", g.number(depth-1))
	case "widened":
		return fmt.Sprintf("double(%s)", g.integer(depth-1))
	case "indexed":
		return fmt.Sprintf("prv_candidates[%d].jd", rapid.IntRange(0, 3).Draw(g.T, "index"))
	default:
		return g.number(0)
	}
}

func (g generator) integer(depth int) string {
	if depth == 0 {
		return g.pick("integer", "candidate.fid", "candidate.nbad", "candidate.ndethist", "candid", "7", "-2", "0")
	}
	switch g.pick("integer form", "leaf", "binary", "size", "counted") {
	case "binary":
		return fmt.Sprintf("(%s %s %s)", g.integer(depth-1), g.pick("operator", "+", "-", "*", "/", "%"), g.pick("operand", "3", "-5", "candidate.fid"))
	case "size":
		return "size(prv_candidates)"
	case "counted":
		return fmt.Sprintf("size(prv_candidates.filter(p, %s))", g.about("p", depth-1))
	default:
		return g.integer(0)
	}
}

// about is a condition on an entry of the history.
func (g generator) about(variable string, depth int) string {
	within := "of_" + variable
	return g.pick("about", variable+".fid == 1", "prv_candidates.exists("+within+", "+within+".jd > "+variable+".jd + 9.0 || "+within+".fid != "+variable+".fid)", variable+".jd < candidate.jd - 3.0", variable+".diffmaglim > 19.5 && "+g.condition(depth))
}

func (g generator) condition(depth int) string {
	if depth <= 0 {
		return g.pick("condition", "true", "false", "objectId.startsWith('ZTF')", "candidate.fid in [1, 3]", "candidate.isdiffpos in ['t', '1']", "has(candidate.magpsf)")
	}
	compare := g.pick("comparison", "<", "<=", ">", ">=", "==", "!=")
	switch g.pick("condition form", "leaf", "numbers", "integers", "and", "or", "not", "loop", "mapped") {
	case "numbers":
		return fmt.Sprintf("(%s %s %s)", g.number(depth-1), compare, g.number(depth-1))
	case "integers":
		return fmt.Sprintf("(%s %s %s)", g.integer(depth-1), compare, g.integer(depth-1))
	case "and":
		return fmt.Sprintf("(%s && %s)", g.condition(depth-1), g.condition(depth-1))
	case "or":
		return fmt.Sprintf("(%s || %s)", g.condition(depth-1), g.condition(depth-1))
	case "not":
		return "!(" + g.condition(depth-1) + ")"
	case "loop":
		return fmt.Sprintf("prv_candidates.%s(q, %s)", g.pick("loop", "exists", "all", "exists_one"), g.about("q", depth-1))
	case "mapped":
		return fmt.Sprintf("prv_candidates.map(q, %s, q.fid).exists(n, n == candidate.fid)", g.about("q", depth-1))
	default:
		return g.condition(0)
	}
}

// TestOracle compares our evaluation with that of the CEL library.
func TestOracle(t *testing.T) {
	t.Parallel()
	l, err := For(schemas.ZTF)
	if err != nil {
		t.Fatal(err)
	}
	samples := synthetic(t, 8)
	rapid.Check(t, func(t *rapid.T) {
		text := generator{t}.condition(4)
		checked, issues := l.env.Compile(text)
		if issues.Err() != nil {
			t.Fatalf("%s: %v", text, issues.Err())
		}
		theirs, err := l.env.Program(checked)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		e, err := l.Check(text, nil)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		p := NewProgram(l)
		if _, err := p.Add(e, nil); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for _, s := range samples {
			want, _, err := theirs.Eval(s.record)
			if err != nil {
				continue // an int beyond 64 bits, or an item beyond the list
			}
			run := p.Run(s.alert)
			got, err := run.Match(0)
			run.Close()
			if err != nil || got != want.Value() {
				t.Fatalf("%s: got %v (%v), want %v", text, got, err, want)
			}
		}
	})
}

// sample is an alert as CEL wants it, as the survey sends it, and decoded.
type sample struct {
	record  map[string]any
	content []byte
	alert   *alert.Alert
}

// synthetic are alerts with a history.
func synthetic(t testing.TB, n int) []sample {
	t.Helper()
	night, err := simulate.New(simulate.Options{Seed: 3, Night: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Alerts: 200})
	if err != nil {
		t.Fatal(err)
	}
	var decoder packet.Decoder
	var samples []sample
	for i := range night.Len() {
		record := night.Alert(i)
		if history, _ := record["prv_candidates"].([]any); len(history) < 4 {
			continue
		}
		content, err := night.Encode(record)
		if err != nil {
			t.Fatal(err)
		}
		p, err := decoder.Decode(t.Context(), content)
		if err != nil {
			t.Fatal(err)
		}
		a, err := survey.Read(names.ZTF, p)
		if err != nil {
			t.Fatal(err)
		}
		samples = append(samples, sample{record, content, &a})
		if len(samples) == n {
			break
		}
	}
	return samples
}
