package schemas

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:embed ztf lsst
var files embed.FS

// shelf is what is embedded, read: it never changes once loaded.
type shelf struct {
	schemas []Schema
	fields  map[string]glossary // by survey
	streams map[string][]Column // by survey: what the tables have of its schemas
}

// library reads the embedded files on first use. They are part of the program, so a fault in them is a fault of the
// build, which the tests would have shown.
var library = sync.OnceValue(func() shelf { return mustRead(files) })

func mustRead(files fs.FS) shelf {
	read, err := readShelf(files)
	if err != nil {
		panic(err)
	}
	return read
}

func readShelf(files fs.FS) (shelf, error) {
	read := shelf{fields: map[string]glossary{}, streams: map[string][]Column{}}
	for _, survey := range []string{ZTF, LSST} {
		schemas, err := readSchemas(files, survey)
		if err != nil {
			return shelf{}, fmt.Errorf("read schemas of %s: %w", survey, err)
		}
		fields, err := readGlossary(files, survey)
		if err != nil {
			return shelf{}, fmt.Errorf("read descriptions of %s: %w", survey, err)
		}
		read.schemas = append(read.schemas, schemas...)
		read.fields[survey] = fields
		if read.streams[survey], err = unite(schemas, fields); err != nil {
			return shelf{}, fmt.Errorf("unite schemas of %s: %w", survey, err)
		}
	}
	return read, nil
}

func readGlossary(files fs.FS, survey string) (glossary, error) {
	text, err := fs.ReadFile(files, survey+"/fields.tsv")
	if err != nil {
		return nil, err
	}
	return parseGlossary(string(text))
}

// readSchemas reads a survey's schemas, oldest version first.
func readSchemas(files fs.FS, survey string) ([]Schema, error) {
	names, err := fs.Glob(files, survey+"/*.avsc")
	if err != nil {
		return nil, err
	}
	var schemas []Schema
	for _, name := range names {
		schema, err := readSchema(files, survey, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		schemas = append(schemas, schema)
	}
	slices.SortFunc(schemas, func(a, b Schema) int { return compareVersions(a.Version, b.Version) })
	return schemas, nil
}

// unite derives the columns that take the rows of every version. The versions that we embed must agree; those that we
// have not seen yet are Merge's business, alert by alert.
func unite(schemas []Schema, fields glossary) ([]Column, error) {
	var united []Column
	for i, schema := range schemas {
		columns, err := deriveColumns(schema.JSON, derivation{
			glossary: fields,
			identity: identity(schema.Survey),
			skip:     Cutouts(),
		})
		if err != nil {
			return nil, fmt.Errorf("version %s: %w", schema.Version, err)
		}
		if i == 0 {
			united = columns
			continue
		}
		var conflicts []Conflict
		if united, conflicts = Merge(united, columns); len(conflicts) > 0 {
			return nil, fmt.Errorf("version %s changes what earlier ones have: %+v", schema.Version, conflicts)
		}
	}
	return united, nil
}

func readSchema(files fs.FS, survey, name string) (Schema, error) {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return Schema{}, err
	}
	top, err := parseAvro(text)
	if err != nil {
		return Schema{}, err
	}
	schema := Schema{
		Survey:      survey,
		Version:     strings.TrimSuffix(path.Base(name), ".avsc"),
		Name:        top.name,
		JSON:        text,
		Fingerprint: top.fingerprint(),
	}
	if survey == LSST {
		major, minor := splitVersion(schema.Version)
		schema.ConfluentID = 100*major + minor
	}
	return schema, nil
}

// compareVersions orders versions as numbers, since "10.0" comes after "9.0".
func compareVersions(a, b string) int {
	aMajor, aMinor := splitVersion(a)
	bMajor, bMinor := splitVersion(b)
	return cmp.Or(cmp.Compare(aMajor, bMajor), cmp.Compare(aMinor, bMinor))
}

// splitVersion reads "4.02" as 4 and 2. The file names are ours, so a part that is no number counts as zero.
func splitVersion(version string) (major, minor int) {
	before, after, _ := strings.Cut(version, ".")
	major, _ = strconv.Atoi(before)
	minor, _ = strconv.Atoi(after)
	return major, minor
}
