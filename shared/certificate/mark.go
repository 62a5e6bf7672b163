package certificate

import (
	"slices"
	"strings"
)

// folder is the files of one schema and one night: v4.02/night=2026-09-01/. A
// name is kept without what all of a folder share.
type folder struct {
	ours  bool // every file of it belongs to the account, not only those that its records brought
	marks map[string]mark
}

// mark is what is known of a file, in its lowest bits, and above them which
// record brought it: the number of its partition, from 1, and how far it stands
// behind the first.
type mark uint64

const (
	inLedger mark = 1 << iota
	hasFile
	hasRow
	hasEvaluation
)

const (
	offsetShift    = 8
	partitionShift = 40
	offsetMask     = 1<<(partitionShift-offsetShift) - 1
)

// of is the mark with its record.
func (m mark) of(partition int, offset int64) mark {
	return m&(1<<offsetShift-1) | mark(offset)<<offsetShift | mark(partition+1)<<partitionShift
}

// record is what of was told; ok is false where no record of the account
// brought the file.
func (m mark) record() (partition int, offset int64, ok bool) {
	return int(m>>partitionShift) - 1, int64(m >> offsetShift & offsetMask), m>>partitionShift > 0
}

const suffix = ".avro"

// folder finds the folder of a file, and its name within. A folder that is not
// ours is made only for a record of ours.
func (a *Account) folder(object string, create bool) (*folder, string) {
	path, name := split(object)
	f, ok := a.folders[path]
	if ok {
		return f, name
	}
	ours := a.night == "" || nightOf(path) == a.night
	if !ours && !create {
		return nil, ""
	}
	f = &folder{ours: ours, marks: map[string]mark{}}
	a.folders[strings.Clone(path)] = f
	return f, name
}

// set notes the mark of a file. What is kept is a copy of the name alone, which
// would otherwise keep the whole text that it is cut from.
func (f *folder) set(name string, m mark) {
	if _, known := f.marks[name]; !known {
		name = strings.Clone(name)
	}
	f.marks[name] = m
}

// split cuts a file's name behind its night. A name of another form is one
// whole, in a folder without a name.
func split(object string) (folder, name string) {
	rest, ok := strings.CutSuffix(object, suffix)
	version, inside, found := strings.Cut(rest, nightKey)
	night, name, deeper := strings.Cut(inside, "/")
	if !ok || !found || !deeper {
		return "", object
	}
	return rest[:len(version)+len(nightKey)+len(night)+1], name
}

// join is what split has cut.
func join(folder, name string) string {
	if folder == "" {
		return name
	}
	return folder + name + suffix
}

const nightKey = "/night="

// nightOf is the night of a folder, or empty.
func nightOf(folder string) string {
	_, night, _ := strings.Cut(folder, nightKey)
	return strings.TrimSuffix(night, "/")
}

// sampled is how many names are looked at to divide a folder.
const sampled = 20_000

// Splits are names that divide what the ledger knows of a folder into so many
// parts of about one size; there are fewer where it knows few.
func (a *Account) Splits(folder string, parts int) []string {
	f, ok := a.folders[folder]
	if !ok {
		return nil
	}
	var names []string
	for name := range f.marks { // in no order, so these are as good as any
		if names = append(names, name); len(names) == sampled {
			break
		}
	}
	if len(names) < sampled/10 {
		return nil
	}
	slices.Sort(names)
	var splits []string
	for i := 1; i < parts; i++ {
		splits = append(splits, join(folder, names[i*len(names)/parts]))
	}
	return splits
}

// firsts keeps the first names, in their order, of any number.
type firsts struct {
	limit int
	names []string
	bound string // once there are limit, no name behind it is wanted
	full  bool
}

func (f *firsts) add(name string) {
	if f.full && name >= f.bound {
		return
	}
	f.names = append(f.names, name)
	if len(f.names) >= 2*f.limit {
		f.names = f.sorted()
		f.full, f.bound = true, f.names[len(f.names)-1]
	}
}

func (f *firsts) sorted() []string {
	slices.Sort(f.names)
	return f.names[:min(len(f.names), f.limit)]
}
