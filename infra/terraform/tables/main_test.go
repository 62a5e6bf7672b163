package main

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"nightwire.dev/schemas"
)

// TestFilesAreUpToDate compares the files with the package schemas.
func TestFilesAreUpToDate(t *testing.T) {
	t.Parallel()
	for _, survey := range surveys {
		t.Run(survey, func(t *testing.T) {
			t.Parallel()
			want, err := encode(survey)
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(survey + ".json")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s.json is out of date: run go generate in infra/terraform (-schemas +file):\n%s", survey, diff)
			}
		})
	}
}

// TestViewsStandOnWhatIsThere holds that a view asks nothing that terraform has
// not made before it.
func TestViewsStandOnWhatIsThere(t *testing.T) {
	t.Parallel()
	asked := regexp.MustCompile("`\\{dataset\\}\\.(\\w+)`")
	for _, survey := range surveys {
		text, err := encode(survey)
		if err != nil {
			t.Fatal(err)
		}
		var c catalogue
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatal(err)
		}
		there := map[string]bool{}
		for _, table := range c.Tables {
			there[table.Name] = true
		}
		for _, over := range []bool{false, true} {
			var made []string
			for _, v := range c.Views {
				if v.OverViews != over {
					continue
				}
				for _, match := range asked.FindAllStringSubmatch(v.Query, -1) {
					if !there[match[1]] {
						t.Errorf("%s: view %s asks %s, which is not there yet", survey, v.Name, match[1])
					}
				}
				made = append(made, v.Name)
			}
			for _, name := range made {
				there[name] = true
			}
		}
	}
}

func TestDepths(t *testing.T) {
	t.Parallel()
	views := []schemas.View{
		{Name: "a", Query: "SELECT * FROM `{dataset}.t`"},
		{Name: "b", Query: "SELECT * FROM `{dataset}.a`"},
		{Name: "c", Query: "SELECT * FROM `{dataset}.ab`"},
		{Name: "d", Query: "SELECT * FROM `{dataset}.b` JOIN `{dataset}.a`"},
	}
	if diff := cmp.Diff([]int{0, 1, 0, 2}, depths(views)); diff != "" {
		t.Errorf("depths (-want +got):\n%s", diff)
	}
}
