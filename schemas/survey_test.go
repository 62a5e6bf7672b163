package schemas

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// surveyData is where the surveys' own files lie when they are at hand: beside the repository, since they are not ours
// to hand on.
const surveyData = "../../shared/data"

func surveyFiles(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(surveyData, pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skipf("compared with the surveys' files only where %s is beside the repository", filepath.Join(surveyData, pattern))
	}
	return files
}

// recordFacts is what a record of a schema says, prose aside.
type recordFacts struct {
	Properties map[string]any
	Fields     []map[string]any
}

// collect gathers the facts of each record in a schema's JSON by full name, and returns the JSON with records written
// as their names.
func collect(tree any, facts map[string]recordFacts) any {
	switch tree := tree.(type) {
	case []any:
		list := make([]any, len(tree))
		for i, item := range tree {
			list[i] = collect(item, facts)
		}
		return list
	case map[string]any:
		object := map[string]any{}
		for key, value := range tree {
			if key != "doc" {
				object[key] = collect(value, facts)
			}
		}
		if tree["type"] != "record" {
			return object
		}
		name := fullName(object["name"].(string), object["namespace"].(string))
		var fields []map[string]any
		for _, field := range object["fields"].([]any) {
			fields = append(fields, field.(map[string]any))
		}
		delete(object, "fields")
		facts[name] = recordFacts{Properties: object, Fields: fields}
		return name
	default:
		return tree
	}
}

func readFacts(t *testing.T, text []byte, facts map[string]recordFacts) {
	t.Helper()
	var tree any
	if err := json.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	collect(tree, facts)
}

// mendNullLast puts null first in a union, as the valid form of ZTF 3.3 has it, unless the default is something else.
func mendNullLast(facts map[string]recordFacts) {
	for _, record := range facts {
		for _, field := range record.Fields {
			union, ok := field["type"].([]any)
			if ok && field["default"] == nil && len(union) == 2 && union[1] == "null" {
				slices.Reverse(union)
			}
		}
	}
}

// dropUnused leaves out the records that no other mentions: LSST ships ssObject from version 10.0 on, and its alerts do
// not carry it.
func dropUnused(t *testing.T, facts map[string]recordFacts, top string) {
	t.Helper()
	text, err := json.Marshal(facts)
	if err != nil {
		t.Fatal(err)
	}
	for name := range facts {
		key := strconv.Quote(name)
		// The map's own key is one mention.
		if name != top && bytes.Count(text, []byte(key)) == 1 {
			delete(facts, name)
		}
	}
}

func TestSchemasAreTheSurveys(t *testing.T) {
	t.Parallel()
	for _, schema := range All() {
		t.Run(schema.Survey+" "+schema.Version, func(t *testing.T) {
			t.Parallel()
			want, got := map[string]recordFacts{}, map[string]recordFacts{}
			for _, file := range surveyFiles(t, filepath.Join("schemas", schema.Survey, schema.Version, "*.avsc")) {
				text, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				readFacts(t, text, want)
			}
			if schema.Survey == ZTF && schema.Version == "3.3" {
				mendNullLast(want)
			}
			dropUnused(t, want, schema.Name)
			readFacts(t, schema.JSON, got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("schema (-survey +ours):\n%s", diff)
			}
		})
	}
}

// prose is a field's doc by "record.field", all versions of a survey together.
func prose(t *testing.T, survey string) map[string][]string {
	t.Helper()
	docs := map[string][]string{}
	for _, file := range surveyFiles(t, filepath.Join("schemas", survey, "*", "*.avsc")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var record struct {
			Name   string
			Fields []struct{ Name, Doc string }
		}
		if err := json.Unmarshal(text, &record); err != nil {
			t.Fatal(err)
		}
		for _, field := range record.Fields {
			if field.Doc != "" {
				docs[record.Name+"."+field.Name] = append(docs[record.Name+"."+field.Name], field.Doc)
			}
		}
	}
	return docs
}

// words are a sentence's words without case and punctuation.
func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func TestDescriptionsAreOurOwn(t *testing.T) {
	t.Parallel()
	const run = 8 // so many of the survey's words in a row would be a copy
	for survey, fields := range library().fields {
		t.Run(survey, func(t *testing.T) {
			t.Parallel()
			docs := prose(t, survey)
			theirs := map[string]bool{}
			for _, versions := range docs {
				for _, doc := range versions {
					for w := words(doc); len(w) >= run; w = w[1:] {
						theirs[strings.Join(w[:run], " ")] = true
					}
				}
			}
			for key, e := range fields {
				ours := words(e.text)
				for _, doc := range docs[key] {
					if slices.Equal(ours, words(doc)) || slices.Equal(words(e.String()), words(doc)) {
						t.Errorf("%s is described as the survey does: %q", key, doc)
					}
				}
				for ; len(ours) >= run; ours = ours[1:] {
					if copied := strings.Join(ours[:run], " "); theirs[copied] {
						t.Errorf("%s uses the survey's words %q", key, copied)
					}
				}
			}
		})
	}
}

// Where the survey's text ends in a unit, ours is the same, but for spelling.
func TestUnitsAreTheSurveys(t *testing.T) {
	t.Parallel()
	unit := regexp.MustCompile(`\[([^\]]+)\]`)
	spelling := map[string]string{
		"days": "d", "pixels": "pixel", "sec": "s", "degrees": "deg", "degrees per day": "deg/d", "au": "AU",
		"m^2/ton": "m^2/t", "10^(-10)*au/day^2": "10^-10.au/d^2", "unitless": "", "00 .. 63": "",
	}
	// The survey gives an error in length and one in angle in units of flux.
	mistaken := []string{"diaSource.trailLengthErr", "diaSource.trailAngleErr"}
	for survey, fields := range library().fields {
		t.Run(survey, func(t *testing.T) {
			t.Parallel()
			compared := 0
			for key, versions := range prose(t, survey) {
				e, described := fields[key]
				for _, doc := range versions {
					found := unit.FindStringSubmatch(doc)
					if found == nil || !described || slices.Contains(mistaken, key) {
						continue
					}
					compared++
					want := strings.ReplaceAll(found[1], "**", "^")
					if short, ok := spelling[want]; ok {
						want = short
					}
					if e.unit != want {
						t.Errorf("%s is in %q, and the survey says %q", key, e.unit, want)
					}
				}
			}
			if compared == 0 {
				t.Error("the survey's text has no unit at all")
			}
		})
	}
}
