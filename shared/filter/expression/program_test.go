package expression_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/filter/expression"
	"nightwire.dev/shared/names"
	"nightwire.dev/shared/packet"
)

// program compiles conditions together.
func program(t testing.TB, survey string, conditions ...string) *expression.Program {
	t.Helper()
	l := language(t, survey)
	p := expression.NewProgram(l)
	for _, text := range conditions {
		e, err := l.Check(text, nil)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if _, err := p.Add(e, nil); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return p
}

// runaway goes over the history four deep: beyond any limit of steps for a
// history of thirty entries.
const runaway = "prv_candidates.all(a, prv_candidates.all(b, prv_candidates.all(c, prv_candidates.all(d, d.jd + c.jd + b.jd > a.jd))))"

// TestRunaway has a runaway end at its limit, and its neighbours be as if it
// were not there: those before, those after, and those that share parts with it.
func TestRunaway(t *testing.T) {
	t.Parallel()
	a := newAlert(t, func(record map[string]any) {
		first := record["prv_candidates"].([]any)[0]
		history := make([]any, 30)
		for i := range history {
			history[i] = first
		}
		record["prv_candidates"] = history
	})
	p := program(t, schemas.ZTF, "candidate.jd > 0.0", runaway, runaway+" || true", "size(prv_candidates) == 30", "mag() > 0.0")
	for range 2 { // a run is used again
		run := p.Run(a)
		var got []string
		for i := range 5 {
			matched, err := run.Match(i)
			got = append(got, fmt.Sprint(matched, " ", err))
			if err != nil && !errors.Is(err, expression.ErrCost) {
				t.Errorf("condition %d: %v", i, err)
			}
		}
		run.Close()
		gaveUp := "false " + expression.ErrCost.Error()
		want := []string{"true <nil>", gaveUp, gaveUp, "true <nil>", "true <nil>"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("verdicts (-want +got):\n%s", diff)
		}
	}
}

func TestCostForetold(t *testing.T) {
	t.Parallel()
	l := language(t, schemas.ZTF)
	cheap, err := l.Check("candidate.rb > 0.5", nil)
	if err != nil {
		t.Fatal(err)
	}
	dear, err := l.Check(runaway, nil)
	if err != nil {
		t.Fatal(err)
	}
	if cheap.Cost > 10 || dear.Cost < expression.MaxCost {
		t.Errorf("foretold are %d for a comparison and %d for a runaway; the limit is %d", cheap.Cost, dear.Cost, expression.MaxCost)
	}
}

// TestColumns has columns named in conditions and in one another, with two
// filters that mean different things by one name.
func TestColumns(t *testing.T) {
	t.Parallel()
	l, a := language(t, schemas.ZTF), object(t)
	p := expression.NewProgram(l)
	check := func(text string, known map[string]*expression.Expression) *expression.Expression {
		e, err := l.Check(text, known)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return e
	}
	for _, rate := range []string{"rise_rate('r', 4)", "rise_rate('g', 30)"} {
		column := check(rate, nil)
		double := check("2 * rate", map[string]*expression.Expression{"rate": column})
		known := map[string]*expression.Expression{"rate": column, "twice": double}
		if _, err := p.Add(check("rate < 0.3 && twice > rate && rate != null", known), []*expression.Expression{column, double}); err != nil {
			t.Fatal(err)
		}
	}
	run := p.Run(a)
	defer run.Close()
	var got []any
	for i := range 2 {
		matched, err := run.Match(i)
		if err != nil {
			t.Fatal(err)
		}
		values, err := run.Columns(i)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, matched, values)
	}
	want := []any{false, []any{0.375, 0.75}, true, []any{0.25, 0.5}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdicts and columns (-want +got):\n%s", diff)
	}
}

func TestConcurrentRuns(t *testing.T) {
	t.Parallel()
	p := program(t, schemas.ZTF, "n_detections('r', 30) == 3", "prv_candidates.exists(p, p.magpsf == 20.5)")
	a, other := object(t), newAlert(t, nil)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				for _, c := range []struct {
					of   int
					want bool
				}{{0, true}, {1, false}} {
					run := p.Run(a)
					if c.of == 1 {
						run.Close()
						run = p.Run(other)
					}
					for i := range 2 {
						if matched, err := run.Match(i); matched != c.want || err != nil {
							t.Errorf("alert %d, condition %d: %v, %v", c.of, i, matched, err)
						}
					}
					run.Close()
				}
			}
		})
	}
	all.Wait()
}

// blank is a value of a type of the schema: null wherever it may be.
func blank(t *packet.Type) any {
	switch t.Kind {
	case packet.Record:
		record := map[string]any{}
		for _, f := range t.Fields {
			record[f.Name] = blank(f.Type)
		}
		return record
	case packet.Union:
		if _, optional := t.Optional(); optional {
			return nil
		}
		return blank(t.Branches[0])
	case packet.Array:
		return []any{}
	case packet.Int:
		return int32(0)
	case packet.Long:
		return int64(0)
	case packet.Float:
		return float32(0)
	case packet.Double:
		return 0.0
	case packet.Boolean:
		return false
	case packet.String:
		return ""
	default:
		return nil
	}
}

// TestLSST has the same expressions serve alerts of every version of a survey:
// what a version does not have is missing.
func TestLSST(t *testing.T) {
	t.Parallel()
	for _, s := range schemas.All() {
		if s.Survey != schemas.LSST {
			continue
		}
		t.Run(s.Version, func(t *testing.T) {
			t.Parallel()
			schema, err := packet.ParseSchema(s.JSON)
			if err != nil {
				t.Fatal(err)
			}
			record := blank(schema.Root).(map[string]any)
			source := record["diaSource"].(map[string]any)
			for name, v := range map[string]any{
				"diaSourceId": int64(281323062375219200), "midpointMjdTai": 60900.25, "ra": 150.0, "dec": 2.0, "band": "r",
				"psfFlux": float32(36307.805), "psfFluxErr": float32(363.07805), "ssObjectId": int64(0), "reliability": float32(0.9),
			} {
				source[name] = v
			}
			bytes, err := schema.Encode(nil, record)
			if err != nil {
				t.Fatal(err)
			}
			a := read(t, names.LSST, packet.Container(schema, bytes))
			got := map[string]any{}
			want := map[string]any{
				"diaSource.diaSourceId": int64(281323062375219200), "band()": "r", "real_bogus() > 0.8": true, "mag() < 20.01": true,
				"diaSource.isNegative": nil, "diaObject.diaObjectId": nil, "ssSource.ephOffset > 1.0": false,
				"size(prvDiaSources)": int64(0), "prvDiaSources.all(p, p.psfFlux > 0.0)": true, "prvDiaForcedSources.exists(p, p.visit > 0)": false,
				"n_detections('any', 300)": int64(1), "near_known('solar-system', 5)": false, "n_detections('y', 300)": int64(0),
			}
			if s.Version == "11.0" { // the field is there, and null or false
				delete(want, "diaSource.isNegative")
			}
			for text := range want {
				got[text] = value(t, text, a)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
		})
	}
	if _, err := language(t, schemas.LSST).Check("candidate.rb > 0.5", nil); err == nil || !strings.Contains(err.Error(), "nothing is called candidate") {
		t.Errorf("a field of the other survey: %v", err)
	}
}
