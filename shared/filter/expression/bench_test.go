package expression

import (
	"fmt"
	"math"
	"testing"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"nightwire.dev/schemas"
	"nightwire.dev/shared/alert"
	"nightwire.dev/shared/packet"
	"nightwire.dev/shared/survey/ztf"
)

// realistic is what people ask: cuts on the detection, so mild that most alerts
// pass them all, and one on the history.
const realistic = "candidate.drb > 0.05 && candidate.magpsf < 22.5 && candidate.fwhm <= 9.0 && candidate.nbad >= 0 && " +
	"abs(candidate.magdiff) <= 5.0 && (candidate.distpsnr1 > 1.5 || candidate.sgscore1 < 0.5) && candidate.isdiffpos in ['t', '1'] && " +
	"prv_candidates.exists(p, p.jd < candidate.jd - 0.02)"

// BenchmarkPeers takes one realistic filter from the packet's bytes to its
// verdict in the peers' way, which is to unpack the record into maps and to
// interpret the expression, and in ours. The parts are there by themselves.
func BenchmarkPeers(b *testing.B) {
	l, err := For(schemas.ZTF)
	if err != nil {
		b.Fatal(err)
	}
	samples := synthetic(b, 64)
	theirs, ours := interpreter(b, l), programOf(b, l, realistic)
	verdict := func(b *testing.B, a *alert.Alert) {
		run := ours.Run(a)
		defer run.Close()
		if _, err := run.Match(0); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("unpack and interpret", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			record, _ := unpack(samples[i%len(samples)].alert.Record).(map[string]any)
			if _, _, err := theirs.Eval(record); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read and evaluate", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			verdict(b, samples[i%len(samples)].alert)
		}
	})
	b.Run("interpret alone", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, _, err := theirs.Eval(samples[i%len(samples)].record); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("evaluate alone", func(b *testing.B) {
		run := ours.Run(samples[0].alert)
		defer run.Close()
		for b.Loop() {
			if _, err := run.Match(0); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// interpreter is the filter in CEL's own interpreter.
func interpreter(b *testing.B, l *Language) cel.Program {
	b.Helper()
	env, err := l.env.Extend(cel.Function("abs", cel.Overload("nightwire_abs_0", []*types.Type{number.declared()}, number.declared(),
		cel.UnaryBinding(func(v ref.Val) ref.Val { return types.Double(math.Abs(float64(v.(types.Double)))) }))))
	if err != nil {
		b.Fatal(err)
	}
	checked, issues := env.Compile(realistic)
	if issues.Err() != nil {
		b.Fatal(issues.Err())
	}
	p, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// unpack is a record as maps, as general Avro readers give it, but for the
// stamps.
func unpack(v packet.Value) any {
	switch v.Kind() {
	case packet.Record:
		record := map[string]any{}
		for f, value := range v.Fields() {
			record[f.Name] = unpack(value)
		}
		return record
	case packet.Array:
		var items []any
		for _, item := range v.Items() {
			items = append(items, unpack(item))
		}
		return items
	case packet.Float, packet.Double:
		return v.Float()
	case packet.Int, packet.Long:
		return v.Int()
	case packet.String:
		return v.Text()
	default:
		return nil
	}
}

func programOf(b *testing.B, l *Language, conditions ...string) *Program {
	b.Helper()
	p := NewProgram(l)
	for _, text := range conditions {
		e, err := l.Check(text, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Add(e, nil); err != nil {
			b.Fatal(err)
		}
	}
	return p
}

// variations are filters as many people would write them: alike in kind,
// different in numbers, half of them with a question to the history.
func variations(n int) []string {
	var all []string
	for i := range n {
		text := fmt.Sprintf("candidate.drb > %.3f && candidate.magpsf < %.2f && candidate.fwhm <= 5.0 && candidate.nbad == 0 && "+
			"abs(galactic_lat()) > %d.0 && candidate.ssdistnr == null", 0.5+float64(i%400)/1000, 18+float64(i%97)/40, 5+i%20)
		switch i % 4 {
		case 0:
			text += fmt.Sprintf(" && n_detections('any', %d) >= 2 && rise_rate('r', %d) > 0.05", 3+i%7, 3+i%5)
		case 1:
			text += fmt.Sprintf(" && prv_candidates.exists(p, p.magpsf < candidate.magpsf - %.2f)", float64(i%50)/100)
		}
		all = append(all, text)
	}
	return all
}

// BenchmarkFilters evaluates many filters on each alert, decoding included:
// alerts a second on one core.
func BenchmarkFilters(b *testing.B) {
	l, err := For(schemas.ZTF)
	if err != nil {
		b.Fatal(err)
	}
	samples := synthetic(b, 64)
	for _, n := range []int{0, 1, 10, 50, 100, 1000} {
		b.Run(fmt.Sprintf("%d filters", n), func(b *testing.B) {
			p := programOf(b, l, variations(n)...)
			var decoder packet.Decoder
			for i := 0; b.Loop(); i++ {
				packed, err := decoder.Decode(b.Context(), samples[i%len(samples)].content)
				if err != nil {
					b.Fatal(err)
				}
				a, err := ztf.Read(packed)
				if err != nil {
					b.Fatal(err)
				}
				evaluate(b, p, &a, n)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "alerts/s")
		})
	}
}

func evaluate(b *testing.B, p *Program, a *alert.Alert, n int) {
	run := p.Run(a)
	defer run.Close()
	for i := range n {
		if _, err := run.Match(i); err != nil {
			b.Fatal(err)
		}
	}
}
