package salt2

import (
	"bufio"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"
)

// settings are the fits that are timed.
var settings = []struct {
	name    string
	options Options
	fixed   bool
	goal    float64 // how many times faster than the reference program
}{
	{"zfixed", Options{Z: FreeZ(0.005, 0.2)}, true, 500},
	{"zfree", Options{Z: FreeZ(0.005, 0.2)}, false, 250},
	{"modelcov", Options{Z: FreeZ(0.005, 0.2), ModelCovariance: true}, true, 300},
	{"cold", Options{}, true, 150},
}

// BenchmarkFit fits one of the simulated light curves, each in its turn.
func BenchmarkFit(b *testing.B) {
	r := newReference(b)
	for _, c := range settings {
		b.Run(c.name, func(b *testing.B) {
			fit := r.fits(b, c.options, c.fixed)
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				fit(i)
				i++
			}
		})
	}
}

// BenchmarkNewFitter makes the tables of two bands.
func BenchmarkNewFitter(b *testing.B) {
	r := newReference(b)
	for b.Loop() {
		if _, err := NewFitter(r.model, r.list()[:2], Options{Z: FreeZ(0.005, 0.2)}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoad reads the model's files.
func BenchmarkLoad(b *testing.B) {
	r := newReference(b)
	folder := os.DirFS(filepath.Join(r.dir, "models", "salt2-4"))
	for b.Loop() {
		if _, err := Load(folder); err != nil {
			b.Fatal(err)
		}
	}
}

// fits returns a function that fits the i-th light curve, counting round.
func (r reference) fits(b *testing.B, o Options, fixed bool) func(i int) {
	fitter, err := NewFitter(r.model, r.list(), o)
	if err != nil {
		b.Fatal(err)
	}
	curves := lines[simulated](b, r, "sim_lightcurves.jsonl")
	data := make([][]Observation, len(curves))
	targets := make([]Target, len(curves))
	for i := range curves {
		data[i] = curves[i].observations(r.bands)
		if fixed {
			targets[i].Z = FixedZ(curves[i].Truth.Z)
		}
	}
	var got Result
	return func(i int) {
		i %= len(data)
		if fitter.FitInto(&got, data[i], targets[i]); !got.OK() {
			b.Fatal(curves[i].ID, got.Reason)
		}
	}
}

// cpu is the processor time that this process has taken. What others do on a
// shared machine counts less in it than in the time on the wall.
func cpu() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r)
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

//go:embed testdata/sncosmo_timing.py
var timing string

// BenchmarkAgainstSncosmo fits every light curve by sncosmo and by this
// package, turn and turn about, and reports the ratio of processor times of the
// mean and of the median light curve. Run it once: -benchtime=1x.
func BenchmarkAgainstSncosmo(b *testing.B) {
	const python = "/usr/bin/python3" // Debian's, which has python3-sncosmo
	if out, err := exec.Command(python, "-W", "ignore", "-c", "import sncosmo, iminuit").CombinedOutput(); err != nil {
		b.Skipf("sncosmo with iminuit is not installed for %s: %v: %s", python, err, out)
	}
	r := newReference(b)
	for _, c := range settings {
		b.Run(c.name, func(b *testing.B) {
			fit := r.fits(b, c.options, c.fixed)
			name := c.name
			if name == "cold" {
				name = "zfixed"
			}
			command := exec.Command(python, "-W", "ignore", "-c", timing, r.dir, name)
			command.Stderr = os.Stderr
			ask, err := command.StdinPipe()
			if err != nil {
				b.Fatal(err)
			}
			answers, err := command.StdoutPipe()
			if err != nil {
				b.Fatal(err)
			}
			if err := command.Start(); err != nil {
				b.Fatal(err)
			}
			const curves, rounds = 100, 40
			ours, theirs := make([]float64, curves), make([]float64, curves)
			answer := bufio.NewScanner(answers)
			for b.Loop() {
				for i := range curves {
					fmt.Fprintln(ask, i)
					if !answer.Scan() {
						b.Fatal("sncosmo ended early")
					}
					if _, err := fmt.Sscan(answer.Text(), &theirs[i]); err != nil {
						b.Fatal(err)
					}
					theirs[i] *= 1e6
					if i%10 != 9 {
						continue
					}
					// Ours in between, no light curve twice in a row.
					for range rounds / 10 {
						for j := range curves {
							from := cpu()
							fit(j)
							ours[j] += float64((cpu() - from).Nanoseconds()) / 1e3 / rounds
						}
					}
				}
			}
			_ = ask.Close()
			_ = command.Wait()
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(mean(ours), "us-mean")
			b.ReportMetric(median(ours), "us-median")
			b.ReportMetric(mean(theirs)/mean(ours), "x-mean")
			b.ReportMetric(median(theirs)/median(ours), "x-median")
			b.ReportMetric(c.goal, "x-goal")
		})
	}
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

func median(x []float64) float64 {
	x = slices.Sorted(slices.Values(x))
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}
