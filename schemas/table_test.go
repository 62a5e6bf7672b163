package schemas

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "renew the golden files")

func TestTablesMatchTheirGolden(t *testing.T) {
	t.Parallel()
	for _, survey := range []string{ZTF, LSST} {
		for _, table := range Tables(survey) {
			t.Run(survey+" "+table.Name, func(t *testing.T) {
				t.Parallel()
				golden := filepath.Join("testdata", survey+"."+table.Name+".txt")
				got := tree(table)
				if *update {
					if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(golden)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), got); diff != "" {
					t.Errorf("%s differs; -update renews it (-want +got):\n%s", golden, diff)
				}
			})
		}
	}
}

// tree writes a table for people: a line a column, indented as it nests.
func tree(table Table) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\npartition by %s, cluster by %s, key %s\n\n", table.Name, table.Description,
		table.PartitionBy, strings.Join(table.ClusterBy, ", "), strings.Join(table.PrimaryKey, ", "))
	var write func(columns []Column, indent string)
	write = func(columns []Column, indent string) {
		for _, c := range columns {
			shape := c.Type
			if c.Mode != Nullable {
				shape += " " + strings.ToLower(c.Mode)
			}
			fmt.Fprintf(&b, "%s%s  %s  %s\n", indent, c.Name, shape, c.Description)
			write(c.Fields, indent+"    ")
		}
	}
	write(table.Columns, "")
	return b.String()
}

func TestTablesAreWhatBigQueryTakes(t *testing.T) {
	t.Parallel()
	for _, survey := range []string{ZTF, LSST} {
		for _, table := range Tables(survey) {
			t.Run(survey+" "+table.Name, func(t *testing.T) {
				t.Parallel()
				for path, problem := range problems(table.Columns) {
					t.Errorf("%s: %s", path, problem)
				}
				if c, ok := at(table.Columns, table.PartitionBy); !ok || c.Type != Date {
					t.Errorf("partitioned by %s, a %s", table.PartitionBy, c.Type)
				}
				if len(table.ClusterBy) > 4 {
					t.Errorf("clustered by %d columns, and BigQuery takes four", len(table.ClusterBy))
				}
				for _, name := range table.ClusterBy {
					i := indexFold(table.Columns, name)
					if i < 0 || !slices.Contains([]string{String, Integer, Date, Timestamp, Geography, Boolean}, table.Columns[i].Type) {
						t.Errorf("cannot cluster by %s", name)
					}
				}
				for _, path := range table.PrimaryKey {
					if _, ok := at(table.Columns, path); !ok {
						t.Errorf("no column for the key %s", path)
					}
				}
			})
		}
	}
}

func TestEveryColumnIsDescribed(t *testing.T) {
	t.Parallel()
	var walk func(t *testing.T, columns []Column, path string)
	walk = func(t *testing.T, columns []Column, path string) {
		for _, c := range columns {
			if c.Description == "" {
				t.Errorf("%s.%s has no description", path, c.Name)
			}
			walk(t, c.Fields, path+"."+c.Name)
		}
	}
	for _, survey := range []string{ZTF, LSST} {
		for _, table := range Tables(survey) {
			walk(t, table.Columns, survey+"."+table.Name)
			if table.Description == "" {
				t.Errorf("%s %s has no description", survey, table.Name)
			}
		}
	}
}

func at(columns []Column, path string) (Column, bool) {
	name, rest, nested := strings.Cut(path, ".")
	i := slices.IndexFunc(columns, func(c Column) bool { return c.Name == name })
	switch {
	case i < 0:
		return Column{}, false
	case nested:
		return at(columns[i].Fields, rest)
	}
	return columns[i], true
}

// A row of any embedded version fits alerts_stream: its columns are there, of the same type, and what the table
// requires the version always sends.
func TestAlertsStreamTakesEveryVersion(t *testing.T) {
	t.Parallel()
	for _, schema := range All() {
		t.Run(schema.Survey+" "+schema.Version, func(t *testing.T) {
			t.Parallel()
			table := AlertsStream(schema.Survey)
			version, err := Columns(schema.JSON, schema.Survey, Cutouts()...)
			if err != nil {
				t.Fatal(err)
			}
			merged, conflicts := Merge(table, version)
			if len(conflicts) > 0 {
				t.Errorf("conflicts: %v", conflicts)
			}
			// The identity is the only thing REQUIRED; merging would relax it if this version could leave it out.
			for _, path := range identity(schema.Survey) {
				if c, ok := at(merged, path); !ok || c.Mode != Required {
					t.Errorf("%s is not required: %v", path, c.Mode)
				}
			}
			// Beyond Nightwire's own columns, which no version has, nothing is missing from the table.
			for _, c := range merged {
				if indexFold(table, c.Name) < 0 {
					t.Errorf("column %s is missing", c.Name)
				}
			}
			for _, name := range Cutouts() {
				if indexFold(merged, name) >= 0 {
					t.Errorf("cutout %s is in the table", name)
				}
			}
		})
	}
}

func TestUnknownSurveyHasNoTables(t *testing.T) {
	t.Parallel()
	if got := Tables("atlas"); got != nil {
		t.Errorf("Tables = %v", got)
	}
	if got := AlertsStream("atlas"); got != nil {
		t.Errorf("AlertsStream = %v", got)
	}
	if got := Views("atlas"); got != nil {
		t.Errorf("Views = %v", got)
	}
}

func TestViews(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		ZTF: "SELECT *\nFROM `survey.ztf.alerts_stream`\nWHERE TRUE\nQUALIFY ROW_NUMBER() OVER " +
			"(PARTITION BY night, objectId, candid ORDER BY nightwire.archived_at, nightwire.generation) = 1\n",
		LSST: "SELECT * REPLACE (IFNULL(diaSourceId, alertId) AS diaSourceId)\nFROM `survey.lsst.alerts_stream`\nWHERE TRUE\nQUALIFY ROW_NUMBER() OVER " +
			"(PARTITION BY night, diaSource.diaSourceId ORDER BY nightwire.archived_at, nightwire.generation) = 1\n",
	}
	for survey, query := range want {
		views := Views(survey)
		var called []string
		for _, v := range views {
			if called = append(called, v.Name); v.Description == "" {
				t.Errorf("view %s has no description", v.Name)
			}
		}
		names := []string{"alerts", "records", "evaluated", "matches", "fits", "rises", "certificates", "detections", "limits", "light_curves", "objects"}
		if survey == LSST {
			names = append(names, "solar_system")
		}
		if diff := cmp.Diff(names, called); diff != "" {
			t.Fatalf("views of %s (-want +got):\n%s", survey, diff)
		}
		for i, want := range map[int]string{
			2: "(PARTITION BY night, candid ORDER BY evaluated_at DESC)",
			3: "(PARTITION BY night, candid, filter, version ORDER BY replay, matched_at)",
			4: "(PARTITION BY night, candid, model_hash, settings ORDER BY fitted_at DESC)",
			5: "(PARTITION BY night, candid, model ORDER BY fitted_at DESC)",
		} {
			if !strings.Contains(views[i].Query, want) {
				t.Errorf("view %s is %s", views[i].Name, views[i].Query)
			}
		}
		const records = "(PARTITION BY kafka.topic, kafka.partition, kafka.offset ORDER BY CASE outcome WHEN 'stored' THEN 1 "
		if !strings.Contains(views[1].Query, records) {
			t.Errorf("view records is %s", views[1].Query)
		}
		if diff := cmp.Diff(query, views[0].In("survey."+survey)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", survey, diff)
		}
	}
}

func BenchmarkAlertsStream(b *testing.B) {
	for b.Loop() {
		AlertsStream(LSST)
	}
}
