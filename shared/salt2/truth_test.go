package salt2

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nightwire.dev/shared/realdata"
	"nightwire.dev/shared/salt2/dust"
)

// tolerance is relative: the reference's own re-computation from the published
// scheme agrees to 5e-13, sums in another order differ by some 1e-12, and a
// mistake in the scheme shows at 1e-6.
const tolerance = 1e-9

// reference is the published model and the survey's bands, beside the
// repository.
type reference struct {
	dir   string
	model *Model
	bands map[string]*Band
}

func newReference(t testing.TB) reference {
	t.Helper()
	r := reference{dir: realdata.Dir(t), bands: map[string]*Band{}}
	var err error
	if r.model, err = Load(os.DirFS(filepath.Join(r.dir, "models", "salt2-4"))); err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string]string{"ztfg": "P48_g.dat", "ztfr": "P48_R.dat", "ztfi": "P48_I.dat"} {
		f, err := os.Open(filepath.Join(r.dir, "bandpasses", file))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if r.bands[name], err = ReadBand(name, f); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// lines decodes a file of the reference, one record a line.
func lines[T any](t testing.TB, r reference, name string) []T {
	t.Helper()
	f, err := os.Open(filepath.Join(r.dir, "salt2", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []T
	scanner := bufio.NewScanner(f)
	scanner.Buffer(nil, 1<<24)
	for scanner.Scan() {
		var one T
		// The reference writes what it could not compute as NaN, which JSON has not.
		if err := json.Unmarshal([]byte(strings.ReplaceAll(scanner.Text(), "NaN", "null")), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// near says whether got is want, relative to the larger of want and scale.
func near(got, want, scale float64) bool {
	return math.Abs(got-want) <= tolerance*math.Max(math.Abs(want), scale)
}

func TestModelAgreesWithTheReference(t *testing.T) {
	t.Parallel()
	r := newReference(t)
	type row struct {
		Kind, Law    string
		Band         any
		Z, X0, X1, C float64
		Mwebv, Zp    float64
		Time, Flux   []float64
		Diagonal     []float64   `json:"rcov_diag"`
		Covariance   [][]float64 `json:"rcov"`
	}
	seen := map[string]int{}
	worst := 0.0
	check := func(row row, what string, i int, got, want, scale float64) {
		seen[what]++
		if want != 0 {
			worst = math.Max(worst, math.Abs(got-want)/math.Max(math.Abs(want), scale))
		}
		if !near(got, want, scale) {
			t.Errorf("%s z=%g x1=%g c=%g %v %g: %v, want %v", what, row.Z, row.X1, row.C, row.Band, row.Time[i], got, want)
		}
	}
	for _, row := range lines[row](t, r, "model_grid.jsonl") {
		p := Params{Z: row.Z, X0: row.X0, X1: row.X1, C: row.C}
		switch row.Kind {
		case "bandflux", "bandflux_mwdust":
			model := r.model
			if row.Law != "" {
				law, err := dust.Parse(row.Law)
				if err != nil {
					t.Fatal(err)
				}
				model = model.Behind(Dust{law, row.Mwebv})
			}
			for i, want := range row.Flux {
				got := model.BandFlux(p, r.bands[row.Band.(string)], row.Time[i], row.Zp)
				check(row, row.Kind, i, got, want, 1e-3)
			}
		case "bandfluxcov":
			bands := row.Band.([]any)
			for i := range row.Time {
				for j := range row.Time {
					if bands[i] != bands[j] {
						check(row, "rcov", i, 0, row.Covariance[i][j], 0)
						continue
					}
					got := r.model.RelativeCovariance(p, r.bands[bands[i].(string)], row.Time[i], row.Time[j])
					check(row, "rcov", i, got, row.Covariance[i][j], 0)
				}
			}
		default:
			t.Errorf("unknown kind %q", row.Kind)
		}
	}
	t.Logf("checked %v; worst relative difference %.2g", seen, worst)
}

func TestComponentsAgreeWithTheReference(t *testing.T) {
	t.Parallel()
	r := newReference(t)
	type row struct {
		Kind, Band                               string
		Minwave, Maxwave, Minphase, Maxphase     float64
		WaveEff                                  float64 `json:"wave_eff"`
		Photons                                  float64 `json:"ab_zpbandflux"`
		Phase                                    float64
		Wave, Cl, Colordisp                      []float64
		M0, M1, LCRV00, LCRV11, LCRV01, Errscale []float64
	}
	check := func(what string, got, want float64) {
		if !near(got, want, 0) {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	for _, row := range lines[row](t, r, "components.jsonl") {
		switch row.Kind {
		case "band":
			b := r.bands[row.Band]
			check(row.Band+" minimum", b.min(), row.Minwave)
			check(row.Band+" maximum", b.max(), row.Maxwave)
			check(row.Band+" effective wavelength", b.Effective(), row.WaveEff)
			check(row.Band+" zero point", b.abPhotons, row.Photons)
		case "source":
			check("first phase", r.model.Phases().Low, row.Minphase)
			check("last phase", r.model.Phases().High, row.Maxphase)
		case "colorlaw":
			for i, w := range row.Wave {
				law := r.model.law.at(w)
				if math.Abs(law-row.Cl[i]) > 1e-12 {
					t.Errorf("colour law at %g: %v, want %v", w, law, row.Cl[i])
				}
				check("colour dispersion", r.model.variance.colour.At(w), row.Colordisp[i])
			}
		case "components":
			v := r.model.variance
			for i, w := range row.Wave {
				check("M0", r.model.m0.At(row.Phase, w), row.M0[i])
				check("M1", r.model.m1.At(row.Phase, w), row.M1[i])
				check("V00", v.v00.At(row.Phase, w), row.LCRV00[i])
				check("V11", v.v11.At(row.Phase, w), row.LCRV11[i])
				check("V01", v.v01.At(row.Phase, w), row.LCRV01[i])
				check("S", v.scale.At(row.Phase, w), row.Errscale[i])
			}
		default:
			t.Errorf("unknown kind %q", row.Kind)
		}
	}
}

// list are the reference's bands.
func (r reference) list() []*Band { return []*Band{r.bands["ztfg"], r.bands["ztfr"], r.bands["ztfi"]} }

// onBothModels runs a test with the made-up model, and with the published one
// where it is present.
func onBothModels(t *testing.T, test func(t *testing.T, m *Model, bands []*Band)) {
	t.Run("made-up model", func(t *testing.T) {
		t.Parallel()
		m, bands := made(t)
		test(t, m, bands)
	})
	t.Run("published model", func(t *testing.T) {
		t.Parallel()
		r := newReference(t)
		test(t, r.model, r.list())
	})
}
