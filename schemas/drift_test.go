package schemas

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// paths are the dotted paths of columns, and what values they hold.
func paths(columns []Column, path string) map[string]string {
	all := map[string]string{}
	for _, c := range columns {
		all[path+c.Name] = c.shape()
		maps.Copy(all, paths(c.Fields, path+c.Name+"."))
	}
	return all
}

// assemble puts a schema of several files into one text: a name that another
// file defines becomes its definition where it is first used.
func assemble(t *testing.T, folder string) []byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.avsc"))
	if err != nil {
		t.Fatal(err)
	}
	var top any
	records := map[string]any{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var record map[string]any
		if err := json.Unmarshal(text, &record); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		records[fullName(record["name"].(string), record["namespace"].(string))] = record
		if strings.HasSuffix(file, "alert.avsc") {
			top = record
		}
	}
	used := map[string]bool{}
	var inline func(tree any) any
	inline = func(tree any) any {
		switch tree := tree.(type) {
		case string:
			if record, ok := records[tree]; ok && !used[tree] {
				used[tree] = true
				return inline(record)
			}
		case []any:
			for i := range tree {
				tree[i] = inline(tree[i])
			}
		case map[string]any:
			for _, key := range []string{"fields", "items", "type"} {
				if part, ok := tree[key]; ok {
					tree[key] = inline(part)
				}
			}
		}
		return tree
	}
	text, err := json.Marshal(inline(top))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestEveryPairOfVersionsMerges takes each version that the surveys have
// published, flaws of the header included, as the table's and each other as
// the packet's.
func TestEveryPairOfVersionsMerges(t *testing.T) {
	t.Parallel()
	for _, survey := range []string{ZTF, LSST} {
		columns := map[string][]Column{}
		for _, folder := range surveyFiles(t, filepath.Join("schemas", survey, "*")) {
			derived, err := Columns(assemble(t, folder), survey, Cutouts()...)
			if err != nil {
				t.Fatalf("%s: %v", folder, err)
			}
			columns[filepath.Base(folder)] = derived
		}
		for table, have := range columns {
			for version, want := range columns {
				t.Run(survey+" "+table+" takes "+version, func(t *testing.T) {
					t.Parallel()
					merged, conflicts := Merge(have, want)
					if len(conflicts) > 0 {
						t.Errorf("conflicts: %+v", conflicts)
					}
					all := paths(have, "")
					maps.Copy(all, paths(want, ""))
					if diff := cmp.Diff(all, paths(merged, "")); diff != "" {
						t.Errorf("columns (-of both +merged):\n%s", diff)
					}
				})
			}
		}
	}
}

// renamed are the fields that LSST renamed: they say the same, in the same
// unit, and a view gives both under the later name.
var renamed = map[string]string{
	"alertId":                   "diaSourceId",
	"diaSource.is_negative":     "diaSource.isNegative",
	"prvDiaSources.is_negative": "prvDiaSources.isNegative",

	"ssSource.eclipticLambda":      "ssSource.eclLambda",
	"ssSource.eclipticBeta":        "ssSource.eclBeta",
	"ssSource.galacticL":           "ssSource.galLon",
	"ssSource.galacticB":           "ssSource.galLat",
	"ssSource.heliocentricDist":    "ssSource.helioRange",
	"ssSource.topocentricDist":     "ssSource.topoRange",
	"ssSource.predictedVMagnitude": "ssSource.ephVmag",

	"MPCORB.mpcH":  "mpc_orbits.h",
	"MPCORB.epoch": "mpc_orbits.epoch_mjd",
	"MPCORB.M":     "mpc_orbits.mean_anomaly",
	"MPCORB.peri":  "mpc_orbits.argperi",
	"MPCORB.node":  "mpc_orbits.node",
	"MPCORB.incl":  "mpc_orbits.i",
	"MPCORB.e":     "mpc_orbits.e",
	"MPCORB.a":     "mpc_orbits.a",
	"MPCORB.q":     "mpc_orbits.q",
}

// withdrawn are the fields that LSST no longer sends and that nothing stands
// in for, and why not where something looks like it.
var withdrawn = []*regexp.Regexp{
	regexp.MustCompile(`^(diaSource|prvDiaSources)\.(\w+_Cov|(trail|dipole)LnL|(psf|dipole)(Ra|Dec)(Err)?|dipole(Length|Angle)Err|i(xx|yy|xy)Err)$`),
	regexp.MustCompile(`^(diaSource|prvDiaSources)\.(snapDiffFlux|fpBkgd)(Err)?$`), // scienceFlux and templateFlux are measured otherwise
	regexp.MustCompile(`^diaObject\.(radecMjdTai|pm\w+|parallax(Err)?|nearbyObj[123](Dist|LnP)?)$`),
	regexp.MustCompile(`^diaObject\.[ugrizy]_(psfFluxChi2|fpFluxSigma)$`),
	regexp.MustCompile(`^prvDiaNondetectionLimits(\.\w+)?$`),
	regexp.MustCompile(`^ssObject(\.\w+)?$`),                           // what LSST fits over its own bands, not the MPC's orbit
	regexp.MustCompile(`^ssSource\.residual(Ra|Dec)$`),                 // degrees then, arcsec now; cos(dec) unsaid
	regexp.MustCompile(`^ssSource\.(helio|topo)centricV?[XYZ]$`),       // axes unsaid then; velocities in AU/d then, km/s now
	regexp.MustCompile(`^MPCORB(\.(mpcDesignation|ssObjectId|t_p))?$`), // a number or a designation; the passage's date, not the time since
}

// TestWhatVanishedIsDecided has each field that a version of LSST no longer
// has be one of those that were renamed, or withdrawn: a new version whose
// fields nobody has looked at fails.
func TestWhatVanishedIsDecided(t *testing.T) {
	t.Parallel()
	var views strings.Builder
	for _, v := range Views(LSST) {
		views.WriteString(v.Query)
	}
	var before, now map[string]string
	decided := map[string]bool{}
	for _, schema := range All() {
		if schema.Survey != LSST {
			continue
		}
		columns, err := Columns(schema.JSON, LSST, Cutouts()...)
		if err != nil {
			t.Fatal(err)
		}
		before, now = now, paths(columns, "")
		for path := range before {
			if _, still := now[path]; still {
				continue
			}
			successor, isRenamed := renamed[path]
			isWithdrawn := slices.ContainsFunc(withdrawn, func(r *regexp.Regexp) bool { return r.MatchString(path) })
			if isRenamed == isWithdrawn {
				t.Errorf("%s has vanished in %s: renamed %v, withdrawn %v", path, schema.Version, isRenamed, isWithdrawn)
			}
			if isRenamed && now[successor] != before[path] {
				t.Errorf("%s was %s, and its successor %s is %q", path, before[path], successor, now[successor])
			}
			decided[path] = true
		}
	}
	for path, successor := range renamed {
		if !decided[path] {
			t.Errorf("%s has not vanished", path)
		}
		if old, later := describe(path), describe(successor); old.unit != later.unit {
			t.Errorf("%s is in %q, its successor %s in %q", path, old.unit, successor, later.unit)
		}
		pair := regexp.MustCompile(`IFNULL\((\w+\.)*` + viewed(successor) + `, (\w+\.)*` + viewed(path) + `\)`)
		if !pair.MatchString(views.String()) {
			t.Errorf("no view has %s for %s", successor, path)
		}
	}
}

// describe finds a field by the path of its column.
func describe(path string) entry {
	if !strings.Contains(path, ".") {
		path = "alert." + path
	}
	return library().fields[LSST][strings.Replace(path, "prvDiaSources", "diaSource", 1)]
}

// viewed is a path as a view's query has it: arrays are called p there.
func viewed(path string) string {
	return regexp.QuoteMeta(strings.Replace(path, "prvDiaSources.", "p.", 1))
}
