package schemas

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseGlossary(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       glossary
	}{
		{"empty", "", glossary{}},
		{"remark and empty line", "# a\tb\n\n", glossary{}},
		{"plain", "r\tjd\td\tWhen.\n", glossary{"r.jd": {"d", "When."}}},
		{"no unit", "r\tfid\t\tFilter.\n", glossary{"r.fid": {"", "Filter."}}},
		{"Windows line end", "r\tjd\td\tWhen.\r\n", glossary{"r.jd": {"d", "When."}}},
		{"several records", "r s\tjd\td\tWhen.", glossary{"r.jd": {"d", "When."}, "s.jd": {"d", "When."}}},
		{
			"family, twice in the name", "{band}\tg r\nr\t{band}_H_{band}_Cov\tmag_{band}\tIn {band}.\n",
			glossary{"r.g_H_g_Cov": {"mag_g", "In g."}, "r.r_H_r_Cov": {"mag_r", "In r."}},
		},
		{
			"two families", "{b}\tg r\n{n}\t1 2\nr\t{b}{n}\t\t{n} in {b}.\n",
			glossary{"r.g1": {"", "1 in g."}, "r.g2": {"", "2 in g."}, "r.r1": {"", "1 in r."}, "r.r2": {"", "2 in r."}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := parseGlossary(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(entry{})); diff != "" {
				t.Errorf("glossary (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseGlossaryRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, want string
	}{
		{"three cells", "\nr\tjd\td\n", "line 2: 3 cells, want 4, or 2 for a family"},
		{"unknown family", "r\t{band}_H\t\tH.\n", `line 1: field "{band}_H": no such family, or not a name`},
		{"described twice", "r\tjd\td\tWhen.\nq r\tjd\td\tWhen.\n", "line 2: r.jd is described twice"},
		{"in the family and alone", "{b}\tg\nr\tgH\t\tH.\nr\t{b}H\t\tH.\n", "line 3: r.gH is described twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := parseGlossary(tt.text); err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func ofSurvey(survey string) []Schema {
	return slices.DeleteFunc(All(), func(s Schema) bool { return s.Survey != survey })
}

// forEachField calls visit for each field of a schema's records, once a record.
func forEachField(t *testing.T, schema Schema, visit func(record string, field avroField)) {
	t.Helper()
	top, err := parseAvro(schema.JSON)
	if err != nil {
		t.Fatalf("%s %s: %v", schema.Survey, schema.Version, err)
	}
	var walk func(typ *avroType)
	walk = func(typ *avroType) {
		for _, branch := range typ.branches {
			walk(branch)
		}
		if typ.items != nil {
			walk(typ.items)
		}
		for _, field := range typ.fields {
			visit(simpleName(typ.name), field)
			walk(field.typ)
		}
	}
	walk(top)
}

// Every field of every version is described, and nothing is described that no version has.
func TestGlossaryIsComplete(t *testing.T) {
	t.Parallel()
	for survey, fields := range library().fields {
		used := map[string]bool{}
		for _, schema := range ofSurvey(survey) {
			forEachField(t, schema, func(record string, field avroField) {
				key := record + "." + field.name
				used[key] = true
				if _, ok := fields[key]; !ok {
					t.Errorf("%s %s: %s has no description", survey, schema.Version, key)
				}
			})
		}
		for key, e := range fields {
			switch {
			case !used[key]:
				t.Errorf("%s: %s is described, but no version has it", survey, key)
			case !strings.HasSuffix(e.text, ".") || strings.TrimSpace(e.text) != e.text || strings.ContainsAny(e.text, "{}[]"):
				t.Errorf("%s: %s: %q is not a plain sentence", survey, key, e.text)
			case strings.ContainsAny(e.unit, " {}[]"):
				t.Errorf("%s: %s: %q is not a unit", survey, key, e.unit)
			}
		}
	}
}
